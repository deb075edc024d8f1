"""The tables in docs/hl7v2.md, written from the code and from what became of the sample messages:
`python -m tests.ingest.hl7v2.page`.
"""

import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from inspect import cleandoc
from pathlib import Path

from journey.embedded import Cluster
from journey.ingest.hl7v2.mapping import ROWS, Row
from journey.ingest.hl7v2.reasons import PARKED, REJECTED
from journey.migrate import migrate
from tests.ingest.hl7v2.corpus import corpus
from tests.ingest.hl7v2.feeding import Feed

PAGE = Path(__file__).parents[3] / "docs" / "hl7v2.md"

Line = tuple[str, str, str, str]
"""Source, trigger, status, code."""


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def mapping_table() -> str:
    return table(("trigger", "", "commands", "what it says", "own time"), map(_mapped, ROWS))


def _mapped(row: Row) -> tuple[str, str, str, str, str]:
    commands = re.sub(r"[a-z]+(?:-[a-z]+)+", r"`\g<0>`", row.asks)
    own = ", ".join(f"{name}-{field}" for name, field in row.own_time)
    return row.trigger, row.name, commands, " ".join(cleandoc(row.commands.__doc__ or "").split()), own


def reasons_table() -> str:
    rows = [
        *(("parked", *each) for each in PARKED.items()),
        *(("rejected", *each) for each in REJECTED.items()),
    ]
    return table(("", "code", "what it means, and what to do"), ((a, f"`{b}`", c) for a, b, c in rows))


def counted(feed: Feed) -> Sequence[Line]:
    """What became of each message in the inbox."""
    query = "SELECT source, coalesce(trigger, '') AS trigger, status, coalesce(code, '') AS code FROM inbox"
    return [
        (row["source"].partition("/")[0], row["trigger"], row["status"], row["code"])
        for row in feed.rows(query)
    ]


def counts_table(lines: Sequence[Line]) -> str:
    """By source and trigger: how many were applied, and why the others were not."""
    head = ("source", "messages", "applied", "which", "not applied")
    sources = sorted({source for source, *_ in lines})
    return table(head, [*(_figures(source, lines) for source in sources), _total(lines)])


def _figures(source: str, lines: Sequence[Line]) -> tuple[object, ...]:
    own = [line for line in lines if line[0] == source]
    applied = [trigger for _, trigger, status, _ in own if status == "applied"]
    codes = sorted({code for *_, code in own if code})
    why = (f"`{code}`: {_listed(trigger for _, trigger, _, each in own if each == code)}" for code in codes)
    return source, len(own), f"{len(applied) / len(own):.0%}", _listed(applied), "; ".join(why)


def _total(lines: Sequence[Line]) -> tuple[object, ...]:
    statuses = Counter(status for _, _, status, _ in lines)
    share = f"{statuses['applied'] / len(lines):.0%}"
    others = ", ".join(f"{statuses[name]} {name}" for name in ("parked", "rejected"))
    return "**all**", len(lines), share, f"{statuses['applied']} applied", others


def _listed(triggers: Iterable[str]) -> str:
    counts = sorted(Counter(triggers).items())
    return ", ".join(trigger if n == 1 else f"{n} {trigger}" for trigger, n in counts)


def block(text: str, name: str) -> str:
    """What stands between the marks of this name."""
    found = re.search(_marks(name), text, re.DOTALL)
    return found[2] if found else ""


def _marks(name: str) -> str:
    return rf"(<!-- {name} -->\n)(.*?)(\n<!-- /{name} -->)"


def filled(text: str, name: str, content: str) -> str:
    return re.sub(_marks(name), lambda found: f"{found[1]}{content}{found[3]}", text, flags=re.DOTALL)


def sampled() -> Sequence[Line]:
    """Every sample message taken into a database of its own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        with Cluster(Path(folder), durable=False) as cluster:
            migrate(cluster.url())
            with closing(Feed(cluster.url())) as feed:
                for sample in corpus():
                    feed.take_all([sample.raw], source=sample.row["file"])
                return counted(feed)


if __name__ == "__main__":
    page = PAGE.read_text()
    page = filled(page, "mapping", mapping_table())
    page = filled(page, "reasons", reasons_table())
    PAGE.write_text(filled(page, "counts", counts_table(sampled())))
