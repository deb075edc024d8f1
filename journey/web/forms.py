"""Forms: the fields that a command is asked for with, made from the JSON schema of its body.

A field's key is its path in the body, `items.0.code`: it names the input, and the API's complaints name it.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from journey.domain.event import Coded
from journey.web.acts import Act, Acts
from journey.web.rendering import words
from journey.web.wording import word

Shapes = Mapping[str, Any]

WHEN = ("occurred_at", "occurred_precision", "reported")
"""What every command may say of when it happened."""

OVERRIDE = "override_reason"
LONG = frozenset({"text", "note", "summary", "background", "assessment", "findings", "message", "question"})
"""What is written in sentences."""

CODED = Coded.model_fields.keys()
"""What a code is written with, where it is none of those that are offered."""

KINDS = {
    "uuid": "thing",
    "date": "day",
    "date-time": "moment",
    "boolean": "answer",
    "integer": "whole",
    "number": "number",
    "object": "free",
}
"""The kinds of fields, by their format or type in JSON Schema."""

MADE = {
    "action_id": ("draft-handoff", "offer-handoff", "add-handoff-action"),
    "assessment_id": ("record-assessment",),
    "barrier_id": ("identify-barrier", "raise-discharge-barrier"),
    "communication_id": ("queue-message",),
    "consent_id": ("request-consent",),
    "consumption_id": ("consume-authorization-units",),
    "contact_id": ("record-post-discharge-attempt", "record-post-discharge-contact"),
    "erasure_id": ("request-erasure",),
    "estimate_id": ("give-financial-estimate",),
    "follow_up_id": ("order-follow-up",),
    "handoff_id": ("draft-handoff",),
    "hold_id": ("place-legal-hold",),
    "note_id": ("add-note",),
    "override_id": ("invoke-consent-override",),
    "question_id": ("ask-handoff-question",),
    "referral_id": ("draft-referral",),
    "request_id": ("request-intake-information",),
    "task_id": ("request-task",),
    "transfer_id": ("initiate-transfer",),
    "treatment_id": ("record-treatment",),
    "visit_id": ("request-visit",),
}
"""The commands with which something begins, by the field that names it: its id is made here."""

MAY_BE_MADE = {
    "authorization_id": (
        "determine-authorization-requirement",
        "prepare-authorization",
        "submit-authorization",
    ),
    "communication_id": ("send-message", "record-call"),
    "consent_id": ("grant-consent", "refuse-consent"),
    "coverage_id": ("record-coverage",),
    "follow_up_id": ("book-follow-up",),
    "goal_id": ("update-care-plan",),
    "handoff_id": ("offer-handoff",),
    "referral_id": ("send-referral",),
    "result_id": ("receive-result", "relay-result"),
    "visit_id": ("book-visit", "record-arrival", "admit-patient"),
}
"""… and those with which it may begin, or go on."""


class Field(NamedTuple):
    """What is asked for, or what it is made of. `kind`: text, long, whole, number, day, moment, tick, answer,
    choice, choices, thing, coded, group, rows, pairs, either, free.
    """

    name: str
    label: str
    hint: str
    kind: str
    required: bool
    default: Any = None
    choices: tuple[tuple[str, str], ...] = ()
    fields: tuple["Field", ...] = ()
    """Of a group or a code; of rows, the one that is repeated; of what is one or the other, both."""

    makes: str = ""
    """Of a thing: `made` here, or `maybe`."""

    @property
    def asks_for_a_code(self) -> bool:
        return self.kind == "coded" or any(each.asks_for_a_code for each in self.fields)

    @property
    def is_plain(self) -> bool:
        """One input, which may stand in a line with others."""
        return self.kind not in {"coded", "group", "rows", "pairs", "either", "free", "choices", "long"}


class Form(NamedTuple):
    """What a command is asked for with."""

    act: Act
    needed: tuple[Field, ...]
    more: tuple[Field, ...]
    """What may be left out."""

    when: tuple[Field, ...]
    override: Field | None

    @property
    def fields(self) -> tuple[Field, ...]:
        return (*self.needed, *self.more, *self.when, *([self.override] if self.override else []))


def form(acts: Acts, act: Act) -> Form:
    fields = {each.name: each for each in fields_of(acts.shapes, act, act.schema)}
    own = [each for each in fields.values() if each.name not in {*WHEN, OVERRIDE}]
    return Form(
        act,
        tuple(each for each in own if each.required),
        tuple(each for each in own if not each.required),
        tuple(fields[name] for name in WHEN),
        fields.get(OVERRIDE),
    )


def fields_of(shapes: Shapes, act: Act, schema: Mapping[str, Any]) -> Iterator[Field]:
    """One for each property. `shapes`: those that the schema refers to, by name."""
    required = schema.get("required", ())
    for name, told in schema["properties"].items():
        yield _field(shapes, act, name, told, required=name in required)


def _field(shapes: Shapes, act: Act, name: str, told: Mapping[str, Any], *, required: bool) -> Field:
    """One of the body's. What may be null may be left out."""
    shape, kind_of = _resolved(shapes, told)
    hint = told.get("description") or ""
    field = Field(
        name,
        words(name.removesuffix("_id")),
        hint.replace("`", ""),
        "text",
        required,
        told.get("default", shape.get("default")),
    )
    match shape:
        case {"anyOf": kinds}:
            kinds = [each for each in kinds if each.get("type") != "null"]
            both = tuple(_field(shapes, act, name, each, required=False) for each in kinds)
            return field._replace(kind="either", fields=both)
        case {"enum": codes}:
            choices = tuple((code, word(kind_of, code)) for code in codes)
            return field._replace(kind="choice", choices=choices)
        case {"properties": its}:
            kind = "coded" if its.keys() == CODED else "group"
            return field._replace(kind=kind, fields=tuple(fields_of(shapes, act, shape)))
        case {"type": "array", "items": items}:
            return _repeated(field, _field(shapes, act, name, items, required=False))
    return _simple(field, act, shape)


def _repeated(field: Field, each: Field) -> Field:
    if each.kind == "choice":
        return field._replace(kind="choices", choices=each.choices)
    return field._replace(kind="rows", fields=(each,))


def _simple(field: Field, act: Act, shape: Mapping[str, Any]) -> Field:
    """What is made of nothing else that is named."""
    kind = KINDS.get(shape.get("format") or shape.get("type", ""), "text")
    if kind == "thing":
        return field._replace(kind=kind, makes=_makes(act, field.name))
    if kind == "answer" and field.default is False:
        return field._replace(kind="tick")
    if kind == "free" and shape.get("additionalProperties") is not True:
        return field._replace(kind="pairs")
    return field._replace(kind="long" if kind == "text" and field.name in LONG else kind)


def _makes(act: Act, name: str) -> str:
    if act.name in MADE.get(name, ()):
        return "made"
    return "maybe" if act.name in MAY_BE_MADE.get(name, ()) else ""


def _resolved(shapes: Shapes, told: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    """The shape behind a name or beside a null, and its name."""
    kinds = [each for each in told.get("anyOf", ()) if each.get("type") != "null"]
    if len(kinds) == 1:
        return _resolved(shapes, kinds[0])
    if "$ref" in told:
        name = told["$ref"].rpartition("/")[2]
        return shapes[name], name.partition("-")[0]
    return told, ""
