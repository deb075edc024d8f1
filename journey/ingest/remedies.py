"""Remedies: what a person does about a message that was set aside, by how it came and why."""

from collections.abc import Mapping
from types import MappingProxyType

CORRECT = "Correct what the reason names, and have the sender do so."
FILL = "Fill in what the reason names, and have the sender do so."
REPORT = "This is our mistake: report the code and the time. A later version may take it."
NOTHING = "Nothing. Dismiss it if it is in the way."
ONE_PERSON = "Find out whether they are one person. If so, merge them and try again; else correct it."
WHEN_IT_HAPPENS = "Correct the time, or try again once it has come."
A_RULE = "Correct the message, or what is recorded on the journey, and try again."

COMMON = {
    "bad-value": CORRECT,
    "two-patients": ONE_PERSON,
    "occurs-in-the-future": WHEN_IT_HAPPENS,
    "contended": "Try again.",
    "internal": REPORT,
}
HL7V2: Mapping[str, str] = MappingProxyType(
    {
        **COMMON,
        **dict.fromkeys(("acknowledgement", "question", "answer"), NOTHING),
        "unparseable": "See what the sender or the transport did to it, and correct all of it.",
        "no-mapping": "A later version may take it when it is tried again. Dismiss it if it is of no use.",
        "unsupported-version": CORRECT,
        "other-processing-id": "Add it to JOURNEY_HL7V2_PROCESSING_IDS and try again; dismiss a mere test.",
        "no-patient": FILL,
        "no-visit": "Fill in PV1-19, or wait: it is tried again when more of its patient comes.",
        "no-time": "Fill in EVN-6, when it happened, and have the sender do so.",
        "no-type": FILL,
        "bad-time": CORRECT,
        "missing-field": FILL,
        "nothing-to-cancel": "Wait: it is tried again when more of its patient comes.",
        "unavailable": "Try again; if that fails as well, report it.",
    }
)
FHIR: Mapping[str, str] = MappingProxyType(
    {
        **COMMON,
        "unparseable": "See what the sender or the transport did to it, and correct all of it.",
        "awaits-reference": "Wait: it is applied when that comes. Correct the reference if nothing will.",
        "no-mapping": "Correct the type, or dismiss the message: nothing here is about such a resource.",
        "no-patient": "Name the patient by a reference or a number that is known here.",
        "no-time": FILL,
        "too-fine": "Say it more coarsely, or record it by hand and dismiss the message.",
        "unknown-code": CORRECT,
        "missing-element": FILL,
        "label-alone": "Record something of the same visit, referral … under the label, and try again.",
        "not-fhir": "Put in a resource of FHIR R4, or dismiss the message.",
        "not-r4": "Write it as FHIR R4 (4.0.1), and have the sender do so.",
        "not-supported": NOTHING,
    }
)
