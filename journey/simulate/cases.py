"""What patients come with: concerns, services, tests and words, as data."""

from dataclasses import dataclass

from journey.domain.codes import USUAL_CHECKLIST, ChecklistItem, Disposition
from journey.domain.event import Coded
from journey.domain.place import Location
from journey.simulate.dice import Weighted

ICD, SNOMED, LOINC = "http://hl7.org/fhir/sid/icd-10-cm", "http://snomed.info/sct", "http://loinc.org"
CANCELLATION = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason"
LOCAL = "LINDEN"
FACILITY = "LINDEN"
"""The clinic, where a place or a message names it."""


def concern(code: str, display: str) -> Coded:
    return Coded(system=ICD, code=code, display=display)


def service(code: str, display: str) -> Coded:
    return Coded(system=SNOMED, code=code, display=display)


def test(code: str, display: str) -> Coded:
    return Coded(system=LOINC, code=code, display=display)


def imaging(code: str, display: str) -> Coded:
    return Coded(system=f"{LOCAL}-RADIOLOGY", code=code, display=display)


def called_off(code: str, display: str) -> Coded:
    return Coded(system=CANCELLATION, code=code, display=display)


def place(point_of_care: str, room: str | None = None, bed: str | None = None) -> Location:
    return Location(point_of_care=point_of_care, room=room, bed=bed, facility=FACILITY)


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of patient: what about, how old, seen by whom, what is asked and measured."""

    name: str
    team: str
    ages: tuple[int, int]
    concerns: tuple[Coded, ...]
    service: Coded
    tests: tuple[Coded, ...]
    required: tuple[str, ...]
    lead: float
    """Days from asking to the first visit, in the median."""


BASICS = ("identity", "insurance", "reason-for-visit")
CBC = test("58410-2", "CBC panel - Blood by Automated count")
CMP = test("24323-8", "Comprehensive metabolic panel - Serum or Plasma")
CRP = test("1988-5", "C reactive protein [Mass/volume] in Serum or Plasma")
LIPIDS = test("57698-3", "Lipid panel with direct LDL - Serum or Plasma")
A1C = test("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood")
ECG = test("11524-6", "EKG study")
CHEST = imaging("XCHEST2", "Chest, two views")

ORTHOPAEDICS = Case(
    "orthopaedic referral",
    "orthopaedics",
    (28, 84),
    (
        concern("M17.11", "Unilateral primary osteoarthritis, right knee"),
        concern("M54.50", "Low back pain, unspecified"),
        concern("M16.12", "Unilateral primary osteoarthritis, left hip"),
        concern("M75.101", "Rotator cuff tear, right shoulder"),
    ),
    service("394801008", "Trauma and orthopaedics"),
    (imaging("XKNEE2", "Joint, two views"), imaging("MRJOINT", "Joint, magnetic resonance"), CRP),
    (*BASICS, "referral-letter", "imaging"),
    14,
)
CARDIOLOGY = Case(
    "cardiology follow-up",
    "cardiology",
    (40, 92),
    (
        concern("I25.10", "Coronary artery disease of native vessel"),
        concern("I48.91", "Atrial fibrillation, unspecified"),
        concern("I50.9", "Heart failure, unspecified"),
    ),
    service("394579002", "Cardiology"),
    (ECG, LIPIDS, CMP, imaging("USHEART", "Echocardiography")),
    (*BASICS, "medication-list"),
    13,
)
SURGERY = Case(
    "elective surgery",
    "surgery",
    (22, 86),
    (
        concern("K80.20", "Calculus of gallbladder without cholecystitis"),
        concern("K40.90", "Unilateral inguinal hernia"),
        concern("M17.12", "Unilateral primary osteoarthritis, left knee"),
    ),
    service("394609007", "General surgery"),
    (CBC, CMP, ECG),
    (*BASICS, "consent", "medication-list", "anaesthesia-questionnaire"),
    16,
)
EMERGENCY = Case(
    "emergency",
    "emergency",
    (1, 96),
    (
        concern("R07.9", "Chest pain, unspecified"),
        concern("J18.9", "Pneumonia, unspecified organism"),
        concern("A41.9", "Sepsis, unspecified organism"),
        concern("R10.9", "Unspecified abdominal pain"),
        concern("S72.001A", "Fracture of neck of right femur, initial encounter"),
        concern("R55", "Syncope and collapse"),
    ),
    service("773568002", "Emergency medicine"),
    (CBC, CMP, CRP, ECG, CHEST),
    ("identity", "allergies", "medication-list"),
    1,
)
WELLNESS = Case(
    "wellness",
    "primary-care",
    (3, 80),
    (concern("Z00.00", "General adult medical examination without abnormal findings"),),
    service("394814009", "General practice"),
    (LIPIDS, A1C, CBC),
    (*BASICS, "immunizations"),
    15,
)
ONCOLOGY = Case(
    "suspected cancer",
    "oncology",
    (38, 86),
    (
        concern("R19.5", "Other fecal abnormalities"),
        concern("N63.0", "Unspecified lump in unspecified breast"),
        concern("R91.1", "Solitary pulmonary nodule"),
    ),
    service("394593009", "Medical oncology"),
    (CBC, imaging("CTBODY", "Computed tomography"), test("11529-5", "Surgical pathology study")),
    (*BASICS, "referral-letter"),
    8,
)
CHILD_EXAMINATION = concern("Z00.129", "Routine child health examination without abnormal findings")

CALLED_OFF_BY_PATIENT = (
    called_off("pat", "Patient"),
    called_off("pat-fb", "Patient: Feeling Better"),
    called_off("pat-lt", "Patient: Lack of Transportation"),
    called_off("pat-ucp", "Patient: Unhappy/Changed Provider"),
)
CALLED_OFF_BY_PROVIDER = (
    called_off("prov", "Provider"),
    called_off("prov-pers", "Provider: Personal"),
    called_off("prov-edu", "Provider: Edu/Meeting"),
)
DECEASED = called_off("pat-dec", "Patient: Deceased")
MISTAKE = Coded(system=f"{LOCAL}-REASONS", code="entered-twice", display="Entered twice")

BARRIERS = (
    concern("Z59.82", "Transportation insecurity"),
    concern("Z60.2", "Problems related to living alone"),
    concern("Z63.6", "Dependent relative needing care at home"),
    concern("Z75.1", "Person awaiting admission to adequate facility elsewhere"),
)
DISPOSITIONS: Weighted[Disposition] = (
    (0.70, Disposition.HOME),
    (0.08, Disposition.SKILLED_NURSING),
    (0.05, Disposition.REHABILITATION),
    (0.04, Disposition.OTHER_FACILITY),
    (0.02, Disposition.LONG_TERM_CARE),
    (0.02, Disposition.HOSPICE),
    (0.06, Disposition.AGAINST_ADVICE),
    (0.03, Disposition.EXPIRED),
)
CHECKLISTS: Weighted[tuple[ChecklistItem, ...]] = (
    (0.55, tuple(ChecklistItem)[:6]),
    (0.25, USUAL_CHECKLIST),
    (0.20, tuple(ChecklistItem)[:4]),
)
WAIVED = ("not needed at home", "patient declines", "the family sees to it")

TREATED = service("182992009", "Treatment completed")
DEAD = service("419099009", "Dead")

INFORMATION = (
    ("referral letter", "referring practice"),
    ("insurance card, both sides", "patient"),
    ("images from the other hospital", "radiology archive"),
    ("list of current medications", "pharmacy"),
)
WARDS = ("3 EAST", "4 WEST", "5 NORTH")
INTENSIVE = "ICU"
BEDS = "ABCD"
OBSERVATION = "OBS UNIT"
WAITING, RESUSCITATION = place("ED", "WAITING"), place("ED", "RESUS")
BAYS = tuple(place("ED", f"BAY{n}") for n in range(1, 13))
