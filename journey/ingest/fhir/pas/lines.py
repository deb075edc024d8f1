"""The payer's answer, item by item: what ClaimResponse.item and addItem say, each with its review action."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from journey.domain.authorization import AuthorizedItem, LineDecision, ReviewAction
from journey.domain.authorization.line import FALLS_SHORT, GRANTS, SAYS_WHAT
from journey.domain.event import Coded
from journey.fhir.x12 import (
    ACTIONS,
    ADMINISTRATION_REFERENCE,
    ITEM_DETAIL,
    ITEM_PERIOD,
    ITEM_PROVIDER,
    REVIEW_ACTION,
    REVIEW_ACTION_CODE,
    REVIEW_ACTIONS,
)
from journey.ingest.aside import Unapplied
from journey.ingest.fhir.pas.reading import (
    extension,
    in_table,
    numbered,
    provider,
    quantity,
    said,
    sequence,
    window,
)
from journey.ingest.fhir.resource import Element, Resource

A = ReviewAction
NOTE = 2_000
"""Characters of a payer's note: more is a document."""


class Review(NamedTuple):
    """One review action."""

    action: ReviewAction
    number: str | None
    reason: Coded | None


def lines(resource: Resource) -> tuple[LineDecision, ...]:
    """Raises Unapplied where an action is missing or unknown, or grants what it does not say."""
    added = _added(resource)
    told = tuple(
        _line(resource, item, added.pop(sequence(item, "itemSequence"), None))
        for item in resource.all("item")
    )
    more = tuple(_further(resource, number, item) for number, item in added.items())
    if len({each.sequence for each in told}) < len(told):
        raise resource.wrong("item", "two items have the same itemSequence")
    return (*told, *more)


def _added(resource: Resource) -> dict[int, Element]:
    """What is authorized instead of an item or beside the items, by the item that it is linked to."""
    found: dict[int, Element] = {}
    for item in resource.all("addItem"):
        value = item.body.get("itemSequence")
        if not isinstance(value, list) or not value or not all(type(each) is int for each in value):
            raise item.missing("itemSequence", "it says in place of which item this is")
        for each in value:
            key = numbered(item, "itemSequence", each)
            if key in found:
                raise Unapplied(
                    "too-fine",
                    f"{item.path}: another is authorized in place of the same item; one can be recorded.",
                    item.path,
                )
            found[key] = item
    return found


def _line(resource: Resource, item: Element, instead: Element | None) -> LineDecision:
    review = _review(item)
    if instead and review.action not in GRANTS and _review(instead).action in GRANTS:
        what = "it is authorized in place of an item that is not; that item should be modified (A6)"
        raise Unapplied("bad-value", f"{instead.path}: {what}.", instead.path)
    authorized = _authorized(resource, item) | (_instead(resource, instead) if instead else {})
    if review.action in SAYS_WHAT and not authorized:
        where = resource.at("addItem")
        raise Unapplied(
            "missing-element", f"{item.path}: {where} should say what is authorized of it.", where
        )
    return LineDecision(
        sequence=sequence(item, "itemSequence"),
        action=review.action,
        number=review.number or said(item, ADMINISTRATION_REFERENCE, "valueString") or None,
        authorized=AuthorizedItem(**authorized) if authorized else None,
        reason=review.reason,
        note=_note(resource, item, review.action),
    )


def _further(resource: Resource, number: int, item: Element) -> LineDecision:
    """An item that nobody asked for, and the payer authorizes."""
    review = _review(item)
    return LineDecision(
        sequence=number,
        action=review.action,
        number=review.number,
        authorized=AuthorizedItem(**_instead(resource, item)),
        reason=review.reason,
        note=_note(resource, item, review.action),
    )


def _review(item: Element) -> Review:
    found = [
        (each, action)
        for adjudication in item.all("adjudication")
        if (each := extension(adjudication, REVIEW_ACTION))
        and (
            action := in_table(
                extension(each, REVIEW_ACTION_CODE), "valueCodeableConcept", REVIEW_ACTIONS, ACTIONS
            )
        )
    ]
    if len({action for _, action in found}) != 1:
        what = "two review actions contradict each other" if found else "no adjudication has a review action"
        raise Unapplied("missing-element", f"{item.path}: {what}.", item.at("adjudication"))
    held, action = found[-1]
    reason = extension(held, "reasonCode")
    return Review(
        action,
        said(held, "number", "valueString") or None,
        reason.coded("valueCodeableConcept") if reason else None,
    )


def _authorized(resource: Resource, item: Element) -> dict[str, Any]:
    """What the extensions of an item say is authorized of it."""
    detail, held = extension(item, ITEM_DETAIL), extension(item, ITEM_PROVIDER)
    code = extension(detail, "productOrServiceCode") if detail else None
    amount = extension(detail, "quantity") if detail else None
    count, unit = quantity(amount.one("valueQuantity") if amount else None)
    start, end = window(extension(item, ITEM_PERIOD), "value")
    named = extension(held, "provider") if held else None
    return _said(
        service=code.coded("valueCodeableConcept") if code else None,
        quantity=count,
        unit=unit,
        valid_from=start,
        valid_until=end,
        performer=provider(resource, named.one("valueReference")) if named else None,
    )


def _instead(resource: Resource, item: Element) -> dict[str, Any]:
    """What an addItem says is authorized."""
    count, unit = quantity(item.one("quantity"))
    start, end = window(extension(item, ITEM_PERIOD), "value")
    if (start, end) == (None, None):
        start, end = window(item, "serviced")
    return _said(
        service=item.coded("productOrService"),
        quantity=count,
        unit=unit,
        valid_from=start,
        valid_until=end,
        performer=provider(resource, item.first("provider")),
    )


def _said(**facts: Any) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}


def _note(resource: Resource, item: Element, action: ReviewAction) -> str | None:
    """The payer's notes of the item; of what falls short, else what it says of the whole."""
    value = item.body.get("noteNumber")
    wanted = value if isinstance(value, list) else []
    texts = list(_notes(resource, [each for each in wanted if type(each) is int]))
    if not texts and action in FALLS_SHORT:
        texts = [resource.text("disposition")]
    return " ".join(filter(None, texts))[:NOTE] or None


def _notes(resource: Resource, wanted: list[int]) -> Iterator[str]:
    for note in resource.all("processNote") if wanted else ():
        if note.count("number") in wanted:
            yield note.text("text")
