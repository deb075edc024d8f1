"""A pathway definition in words."""

from collections.abc import Iterable, Iterator
from textwrap import wrap

from journey.cli import terminal
from journey.domain.pathway.definition import (
    Choice,
    ClockDefinition,
    Definition,
    MilestoneDefinition,
    Percent,
    Within,
)
from journey.domain.pathway.span import Span
from journey.domain.pathway.trigger import Condition, Listening, Match, Range, Trigger

WIDTH = 90
BOUNDS = {"gte": "at least", "gt": "over", "lte": "at most", "lt": "under"}


def page(definition: Definition, digest: str) -> Iterator[str]:
    """All that it asks for, as lines of text."""
    yield from terminal.block("pathway", [f"{definition.id} {definition.version}  digest {digest}"])
    yield from terminal.block("title", [definition.title])
    yield from terminal.block("about", _wrapped(" ".join((definition.about or "").split())))
    place = definition.calendar.holidays
    holidays = f", public holidays of {place}" if place else ", no holidays"
    yield from terminal.block("calendar", [definition.calendar.zone + holidays])
    starts = definition.starts
    yield from terminal.block("starts with", ["its assignment"] if starts is None else map(heard, starts))
    yield from terminal.block("ends with", map(heard, definition.ends or ()))
    if definition.parameters:
        words = (f"{name}: {', '.join(each)}" for name, each in definition.parameters.items())
        yield from terminal.block("parameters", words)
    stages = [(each.id, f"from {', '.join(each.entered_by)}", each.title or "") for each in definition.stages]
    yield from terminal.block("stages", terminal.table(stages[0], stages[1:]))
    yield from terminal.block("milestones", _milestones(definition.milestones))
    for branch in definition.branches:
        told = _wrapped(f"when {holds(branch.when)}")
        yield from terminal.block("branch", [branch.id, *told, *_milestones(branch.milestones)])
    yield from terminal.block("clocks", (line for each in definition.clocks for line in _clock(each)))
    for blocker in definition.blockers:
        since, until = any_of(map(heard, blocker.since)), any_of(map(heard, blocker.until))
        said = _wrapped(f"from {since} until {until}")
        yield from terminal.block("blocker", [f"{blocker.id}: {blocker.what}", *said])


def _milestones(milestones: Iterable[MilestoneDefinition]) -> Iterator[str]:
    for each in milestones:
        yield " · ".join(part for part in (each.id, each.title, each.owner) if part)
        reached = holds(each.reached_by) if isinstance(each.reached_by, Condition) else _any(each.reached_by)
        said = {
            "due": _due(each),
            "reached by": reached + (", before the start too" if each.anytime else ""),
            "requires": ", ".join(each.requires),
            "undone by": _any(each.undone_by or ()),
            "applies when": holds(each.applies_when) if each.applies_when else "",
            "skipped when": holds(each.skip_when) if each.skip_when else "",
            "escalates": ", ".join(f"to {one.to} at {_part(one.at)}" for one in each.escalate),
        }
        yield from _indented(said)


def _clock(clock: ClockDefinition) -> Iterator[str]:
    yield " · ".join(part for part in (clock.id, clock.title) if part)
    standard = f", to be met by {clock.standard:.0%}" if clock.standard else ""
    restart, extend = clock.restart, clock.extend
    said = {
        "target": "" if clock.target is None else within(clock.target) + standard,
        "from": clock.start if isinstance(clock.start, str) else _any(clock.start),
        "to": _any(clock.stop),
        "nullified by": _any(clock.nullify or ()),
        "begun anew": f"with {_any(restart.on)} after {_any(restart.after)}" if restart else "",
        "extended": f"by {extend.by} with {_any(extend.when)}" if extend else "",
        "applies when": holds(clock.applies_when) if clock.applies_when else "",
    }
    yield from _indented(said)


def _indented(said: dict[str, str]) -> Iterator[str]:
    for name, text in said.items():
        if text:
            yield from _wrapped(f"  {name} {text}", "    ")


def _wrapped(text: str, indent: str = "") -> list[str]:
    return wrap(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False)


def _due(milestone: MilestoneDefinition) -> str:
    due = milestone.due
    if due is None:
        return ""
    after = due.after if isinstance(due.after, str) else _any(due.after)
    span = f"within {within(due.within)} of {after}" if due.within else f"with {after}"
    return span + (f", at risk from {_part(milestone.warn_at)}" if milestone.warn_at else "")


def within(span: Within) -> str:
    """A span, or what it depends on."""
    if not isinstance(span, Choice):
        return str(span)
    cases = [f"{each} where {span.by} is {word}" for word, each in span.cases.items()]
    return ", ".join([*cases, *([f"else {span.otherwise}"] if span.otherwise else [])])


def _part(part: "Span | Percent | str") -> str:
    return f"{part.value}%" if isinstance(part, Percent) else str(part)


# --- What is listened for


def any_of(said: Iterable[str]) -> str:
    return " or ".join(said)


def _any(triggers: Iterable[Trigger]) -> str:
    return any_of(map(heard, triggers))


def heard(trigger: Trigger) -> str:
    """A trigger in words."""
    times = f" ({trigger.count} times)" if trigger.count > 1 else ""
    before = "".join(f" after {_said(each)} of the same {each.same}" for each in trigger.of)
    return _said(trigger) + times + before


def _said(listening: Listening) -> str:
    asked = " and ".join(f"{path} {_is(match)}" for path, match in listening.where.items())
    return f"{listening.event} where {asked}" if asked else listening.event


def _is(match: Match) -> str:
    if not isinstance(match, Range):
        return f"is {_words(match)}"
    bounds = {word: getattr(match, name) for name, word in BOUNDS.items()}
    said = [f"is {word} {bound:g}" for word, bound in bounds.items() if bound is not None]
    if match.exists is not None:
        said.append("is there" if match.exists else "is not there")
    if match.unlike is not None:
        said.append(f"is not {_words(match.unlike)}")
    return " and ".join(said)


def _words(words: Iterable[object]) -> str:
    return "/".join(str(word).lower() if isinstance(word, bool) else str(word) for word in words)


def holds(condition: Condition) -> str:
    """A condition in words."""
    if condition.occurred is not None:
        return _any(condition.occurred)
    if condition.unless is not None:
        return f"not ({holds(condition.unless)})"
    word = " and " if condition.all is not None else " or "
    return word.join(f"({holds(each)})" for each in condition.all or condition.any or ())
