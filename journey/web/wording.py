"""Wording: what people call the codes that forms offer, and the code systems that they come from."""

from journey.web.rendering import words

SAID = {
    "EncounterClass": {
        "AMB": "Outpatient",
        "EMER": "Emergency",
        "IMP": "Inpatient",
        "OBSENC": "Observation",
        "PRENC": "Before admission",
        "HH": "At home",
        "VR": "Virtual",
        "FLD": "In the field",
    },
    "ReviewAction": {
        "A1": "Authorized as asked for",
        "A2": "Authorized in part",
        "A3": "Not authorized",
        "A4": "Pended",
        "A6": "Authorized with changes",
        "C": "Cancelled",
        "CT": "Contact the payer",
        "NA": "No authorization needed",
    },
    "Disposition": {
        "home": "Home",
        "alt-home": "Another home",
        "other-hcf": "Another facility",
        "hosp": "Hospice",
        "long": "Long-term care",
        "aadvice": "Left against advice",
        "exp": "Died",
        "psy": "Psychiatric hospital",
        "rehab": "Rehabilitation",
        "snf": "Skilled nursing facility",
        "oth": "Other",
    },
    "ConsentScope": {"adr": "Advance directive"},
    "RequirementSource": {"crd": "Coverage requirements discovery"},
    "RttCode": {
        "10": "First activity of a pathway",
        "11": "First activity after active monitoring",
        "12": "First activity after a decision to refer on",
        "20": "Goes on, treatment still to come",
        "21": "Transferred to another provider",
        "30": "First treatment: the clock stops",
        "31": "Active monitoring, started by the patient",
        "32": "Active monitoring, started by the clinician",
        "33": "Did not attend the first appointment",
        "34": "Decided not to treat",
        "35": "The patient declined treatment",
        "36": "The patient died",
        "90": "After treatment",
        "91": "During active monitoring",
        "92": "Not yet referred for treatment",
        "98": "Not applicable",
        "99": "Not known",
    },
}
"""Of each list of words by its name in the API's description, those whose own spelling says too little."""

CODED = frozenset({"EncounterClass", "ReviewAction", "RttCode"})
"""The lists whose codes people know by heart: they are shown too."""

SYSTEMS = {
    "http://snomed.info/sct": "SNOMED CT",
    "http://loinc.org": "LOINC",
    "http://hl7.org/fhir/sid/icd-10-cm": "ICD-10-CM",
    "http://hl7.org/fhir/sid/icd-10": "ICD-10",
    "http://www.ama-assn.org/go/cpt": "CPT",
    "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets": "HCPCS",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
    "local": "Our own",
}


def word(kind: str, code: str) -> str:
    """What people call it."""
    said = SAID.get(kind, {}).get(code, words(code))
    return f"{code}: {said}" if kind in CODED else said
