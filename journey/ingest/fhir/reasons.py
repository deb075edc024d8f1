"""Why a resource is set aside, in words that a person can act on and that name no patient.

*Parked*: it may be applied later, when what it refers to comes, it is corrected or is built; `replay` tries.
*Rejected*: it is no resource of FHIR R4, or reports nothing that happened; there is nothing to try again.
"""

PARKED = {
    "unparseable": "It is not JSON in UTF-8, or cut short. See what the sender or the transport did.",
    "awaits-reference": "It refers to something that has not come yet, and is applied when that comes.",
    "no-mapping": "Nothing here is about a resource of the type that a correction gives it. Correct that.",
    "no-patient": "It does not say whose it is, or names nobody who can be found. Have the sender say.",
    "two-patients": "It names patients known apart, by number, id or reference. Merge them, then replay.",
    "no-time": "Nothing says when it happened. Have the sender fill the element that the reason names.",
    "bad-value": "An element has the wrong form. The reason names it.",
    "too-fine": "It says more finely what is permitted or authorized than can be recorded here.",
    "unknown-code": "A code is none that is known here, and is not guessed at. The reason names the element.",
    "missing-element": "An element that it is about is empty. The reason names it.",
    "label-alone": "It bears a label that what is recorded of it does not, and says nothing new to bear it.",
    "occurs-in-the-future": "It says that it happens later. Correct the sender's clock, or replay it then.",
    "contended": "Others kept writing to the journey first. Replay it.",
    "internal": "The mapping failed on it, which is our mistake. Report the code and the place in the log.",
}
"""By code. The codes of refusals are the domain's, so others than these can occur."""

REJECTED = {
    "not-fhir": "It is JSON, but no FHIR resource: resourceType is missing or no name of a type.",
    "not-r4": "It is written in FHIR R5. Have the sender send R4 (4.0.1).",
    "not-supported": "It asks for something else than that data be taken in: a deletion, a patch, a search.",
}
"""By code."""


class NothingToApply(Exception):
    """It is nothing that can be applied, and never will be."""

    def __init__(self, code: str, where: str | None = None) -> None:
        super().__init__(REJECTED[code])
        self.code = code
        self.sentence = REJECTED[code]
        self.where = where
