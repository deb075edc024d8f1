"""Offers: the codes that a form offers, so that nobody has to know them by heart."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic_core import from_json

from journey.web.filled import offered
from journey.web.forms import Form
from journey.web.page import Asked


class Offer(NamedTuple):
    """Codes under one head, each as it is sent and as people read it."""

    title: str
    codes: tuple[tuple[str, str], ...]


Offers = Mapping[str, tuple[Offer, ...]]
"""By the name of the field."""


async def offers(asked: Asked, room: str, form: Form) -> Offers:
    """What its fields may be filled with, where they ask for codes. Raises Refusal."""
    if not any(each.asks_for_a_code for each in form.fields):
        return {}
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for each in (await asked.api.get("/v1/codes", room=room))["codes"]:
        found[each["field"]].append(each)
    return {name: tuple(_parted(codes)) for name, codes in found.items()}


def _parted(codes: list[Mapping[str, Any]]) -> list[Offer]:
    """By their words: one looks for those."""
    heads = {
        "In use here": [each for each in codes if each["journeys"]],
        "Others": [each for each in codes if not each["journeys"]],
    }
    return [Offer(title, tuple(sorted(map(_told, its), key=_words))) for title, its in heads.items() if its]


def _told(code: Mapping[str, Any]) -> tuple[str, str]:
    return offered(code), _read(code)


def _words(told: tuple[str, str]) -> str:
    return told[1].casefold()


def in_words(chosen: str) -> str:
    """One that is chosen, as people read it."""
    try:
        return _read(from_json(chosen))
    except (ValueError, KeyError, TypeError):
        return chosen


def _read(code: Mapping[str, Any]) -> str:
    return f"{code['display']} ({code['code']})" if code.get("display") else str(code["code"])
