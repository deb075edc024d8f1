"""What is asked of others, found, given and arranged: codes and words, as data."""

from journey.domain.event import Coded
from journey.simulate.cases import LOCAL, service

CPT, ATC = "http://www.ama-assn.org/go/cpt", "http://www.whocc.no/atc"


def procedure(code: str, display: str) -> Coded:
    return Coded(system=CPT, code=code, display=display)


def medicine(code: str, display: str) -> Coded:
    return Coded(system=ATC, code=code, display=display)


def word(code: str, display: str) -> Coded:
    return Coded(system=LOCAL, code=code, display=display)


# --- Other services

PHYSIOTHERAPY = service("722138006", "Physiotherapy")
DIETETICS = service("722166002", "Dietetics")
REHABILITATION = service("722424008", "Rehabilitation")
DERMATOLOGY = service("394582007", "Dermatology")
ENDOCRINOLOGY = service("394583002", "Endocrinology")
RESPIRATORY = service("418112009", "Pulmonary medicine")
OTHER_SERVICES = {
    "orthopaedics": (PHYSIOTHERAPY,),
    "cardiology": (REHABILITATION, DIETETICS, RESPIRATORY),
    "primary-care": (PHYSIOTHERAPY, DERMATOLOGY, ENDOCRINOLOGY),
    "emergency": (PHYSIOTHERAPY, RESPIRATORY),
    "surgery": (DIETETICS, PHYSIOTHERAPY),
    "oncology": (PHYSIOTHERAPY, DIETETICS),
}
NOT_TAKEN = (
    word("no-capacity", "No capacity"),
    word("not-for-this-service", "Not for this service"),
    word("out-of-area", "Out of area"),
)

# --- What is found and given

TRIAGE_FINDINGS = (word("urgent", "Urgent"), word("standard", "Standard"), word("non-urgent", "Not urgent"))
TRIAGED = word("triage", "Triage")
SEPSIS_TRIAGED = word("sepsis-triage", "Sepsis triage")
CONSERVATIVE = word("conservative-therapy", "Conservative therapy")
RED_FLAG = word("red-flag", "Red flag")
DONE, FRACTURE = word("done", "Done without success"), word("fracture", "Fracture")
SUSPECTED, NOT_SUSPECTED = (
    word("suspected", "Sepsis suspected"),
    word("not-suspected", "Sepsis not suspected"),
)
FLUIDS = medicine("B05BB", "Solutions affecting the electrolyte balance")
ANTIBIOTICS = medicine("J01", "Antibacterials for systemic use")
INJECTION = procedure("20610", "Injection into a major joint")
SURGERIES = {
    "K80.20": procedure("47562", "Laparoscopic cholecystectomy"),
    "K40.90": procedure("49505", "Repair of an inguinal hernia"),
    "M17.12": procedure("27447", "Total knee replacement"),
}
RESECTION = procedure("44140", "Partial removal of the colon")
MRI = procedure("73721", "Magnetic resonance imaging of a joint of the leg")
ECHO = procedure("93350", "Stress echocardiography")
