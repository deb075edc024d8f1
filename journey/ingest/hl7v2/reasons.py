"""Why a message is set aside, in words that a person can act on and that name no patient.

*Parked*: it may be applied later, when something comes before it, is corrected or is built; `replay` tries.
*Rejected*: it reports nothing that happened, so there is nothing to try again.
"""

import re

PARKED = {
    "unparseable": "The bytes are not an HL7 v2 message. See what the sender or the transport did.",
    "no-mapping": "This version has no mapping for the trigger. A later one replays it.",
    "unsupported-version": "MSH-12 is not a version of HL7 v2. Have the sender correct it.",
    "other-processing-id": "MSH-11 is not among JOURNEY_HL7V2_PROCESSING_IDS. Add it, then replay.",
    "no-patient": "No patient identifier where the message should hold one. Have the sender fill PID-3.",
    "two-patients": "PID-3 lists numbers of patients known apart. Merge them (ADT^A40), then replay.",
    "no-visit": "The visit has no number (PV1-19, PV1-50, PID-18), and it is not clear which one is meant.",
    "no-time": "Nothing says when it happened: EVN-6, EVN-2 and MSH-7 are empty. Have the sender fill one.",
    "bad-time": "A field that says when it happened holds no time. The reason names the field.",
    "bad-value": "A value cannot be recorded as it is. The reason names the field.",
    "missing-field": "A field that the trigger is about is empty. The reason names it.",
    "nothing-to-cancel": "It came before what it cancels. Each message of the journey tries it again.",
    "occurs-in-the-future": "It says that it happens later. Correct the sender's clock, or replay it then.",
    "contended": "Others kept writing to the journey first. Replay it.",
    "unavailable": "The database failed on it again and again. Replay it; if that fails as well, report it.",
    "internal": "The mapping failed on it, which is our mistake. Report the code and the place in the log.",
}
"""By code. The codes of refusals are the domain's, so others than these two can occur."""

REJECTED = {
    "acknowledgement": "It acknowledges a message; it reports nothing itself.",
    "question": "It asks for an answer on the same connection; it reports nothing.",
    "answer": "It answers a question that we did not ask.",
    "no-type": "MSH-9 does not say what kind of message it is.",
}
"""By code."""


PLACES = {
    **dict.fromkeys(("no-mapping", "question", "answer"), ("MSH-9",)),
    "two-patients": ("PID-3",),
}
"""Where the sentence names no field."""

_PLACE = re.compile(r"\b[A-Z][A-Z0-9]{2}-\d{1,2}\b|(?<=There is no )[A-Z][A-Z0-9]{2}(?= segment)")


def places(code: str | None, sentence: str | None) -> tuple[str, ...]:
    """The fields that a sentence is about: `PV1-19`; or the segment that is not there."""
    return tuple(_PLACE.findall(sentence or "")) or PLACES.get(code or "", ())


class NothingToApply(Exception):
    """The message reports nothing, and never will."""

    def __init__(self, code: str) -> None:
        super().__init__(REJECTED[code])
        self.code = code
        self.sentence = REJECTED[code]
