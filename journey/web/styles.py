"""Styles: the frontend's sheet with each of its colours as a property, which a dark appearance says anew.

`color: #212b32` becomes `color: var(--ink-212b32, #212b32)`: where nobody says otherwise it is as it was. Ink
is what is written and drawn, ground is behind it, edge is around it. What has the focus keeps its own
colours, which stand out on any ground.
"""

import re
from functools import cache
from importlib.resources import files

STATIC = files("journey.web") / "static"
FRONTEND = "nhsuk.css"
FOCUS = re.compile(r"background(-color)?:#ffeb3b")

RULE = re.compile(r"([^{}]*)\{([^{}]*)\}")
DECLARATION = re.compile(
    r"(?<![\w-])(color|fill|text-decoration|background|border|outline|box-shadow)([\w-]*:)([^;]*)"
)
NOT = re.compile(r":not\([^)]*\)")
COLOUR = re.compile(r"#([0-9a-f]{6}|[0-9a-f]{3})\b")
PARTS = {"color": "ink", "fill": "ink", "text-decoration": "ink", "background": "ground"}


@cache
def frontend() -> str:
    """The sheet as it is served."""
    return RULE.sub(_rule, (STATIC / FRONTEND).read_text())


def _rule(found: re.Match[str]) -> str:
    selector, said = found.groups()
    every = NOT.sub("", selector).split(",")
    if FOCUS.search(said) or all(":focus" in each for each in every):
        return found[0]
    return f"{selector}{{{DECLARATION.sub(_declaration, said)}}}"


def _declaration(found: re.Match[str]) -> str:
    name, rest, value = found.groups()
    part = PARTS.get(name, "edge")
    return name + rest + COLOUR.sub(lambda colour: f"var(--{part}-{colour[1]},{colour[0]})", value)
