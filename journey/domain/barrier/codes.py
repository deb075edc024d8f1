"""What stands in people's way, in ICD-10-CM: circumstances (Z55 to Z65), care that fails (Z53, Z75, Z91)."""

import re

from journey.domain.event import Coded

ICD_10_CM = frozenset({"http://hl7.org/fhir/sid/icd-10-cm", "icd-10-cm"})
SHAPE = re.compile(r"[A-Z][0-9][0-9A-Z](\.?[0-9A-Z]{1,4})?", re.IGNORECASE)
LABELS = {
    "Z53.20": "care not given, by the patient's decision",
    "Z53.21": "left before being seen",
    "Z53.29": "care not given, by the patient's decision for another reason",
    "Z55.0": "cannot read",
    "Z55.6": "health information is hard to follow",
    "Z56.0": "without work",
    "Z58.6": "no safe drinking water",
    "Z59.00": "homeless",
    "Z59.01": "homeless, in a shelter",
    "Z59.02": "homeless, without shelter",
    "Z59.10": "housing not fit to live in",
    "Z59.11": "housing too cold or too hot",
    "Z59.12": "housing without water, heat or power",
    "Z59.19": "housing not fit to live in for another reason",
    "Z59.41": "not sure of enough food",
    "Z59.6": "low income",
    "Z59.71": "insurance does not cover enough",
    "Z59.72": "welfare support is not enough",
    "Z59.811": "may lose the home",
    "Z59.812": "was homeless in the last year",
    "Z59.819": "housing not secure",
    "Z59.82": "no transport",
    "Z59.86": "not sure of enough money",
    "Z59.87": "lacks basic goods",
    "Z60.2": "lives alone",
    "Z60.3": "a stranger to language or customs here",
    "Z63.6": "has to care for somebody at home",
    "Z65.1": "in prison",
    "Z75.0": "care not to be had at home",
    "Z75.1": "waits for a place elsewhere",
    "Z75.2": "waits for a test or a treatment",
    "Z75.3": "no facility within reach",
    "Z75.4": "no helping agency within reach",
    "Z91.120": "takes too little medicine for want of money",
    "Z91.128": "takes too little medicine by choice",
    "Z91.141": "does not take medicine as agreed for want of money",
    "Z91.148": "does not take medicine as agreed",
    "Z91.190": "does not follow treatment for want of money",
    "Z91.198": "does not follow treatment",
}
"""The ones that occur most, in our own words."""


def of_its_shape(code: Coded) -> Coded:
    """The code, if it can be one of its system."""
    if code.system in ICD_10_CM and not SHAPE.fullmatch(code.code):
        raise ValueError("an ICD-10-CM code looks like Z59.82")
    return code


def in_words(code: Coded) -> str:
    """What it says: its own display, else our words for it, else the code."""
    if code.display or code.system not in ICD_10_CM:
        return code.display or code.code
    plain = code.code.replace(".", "").upper()
    return LABELS.get(f"{plain[:3]}.{plain[3:]}", code.code)
