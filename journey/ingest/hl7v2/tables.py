"""The HL7 tables that senders use, in the domain's words. What is not listed says nothing."""

from journey.domain.codes import EncounterClass, Gender, Priority, ResultStatus

GENDERS = {
    "M": Gender.MALE,
    "F": Gender.FEMALE,
    "O": Gender.OTHER,
    "A": Gender.OTHER,
    "N": Gender.OTHER,
    "X": Gender.OTHER,
    "U": Gender.UNKNOWN,
}
"""Table 0001, administrative sex."""

PRIORITIES = {"S": Priority.STAT, "A": Priority.ASAP, "R": Priority.ROUTINE}
"""Table 0280, referral priority."""

REFERRERS = frozenset({"RP", "AP"})
REFERRED_TO = frozenset({"RT", "IR"})
"""Table 0286, provider role: who refers (or, in Australia, authors), and who is asked."""

CLASSES = {
    "E": EncounterClass.EMERGENCY,
    "I": EncounterClass.INPATIENT,
    "O": EncounterClass.AMBULATORY,
    "P": EncounterClass.PREADMISSION,
    "R": EncounterClass.AMBULATORY,
    "B": EncounterClass.AMBULATORY,
    **{str(each): each for each in EncounterClass},
}
"""Table 0004, patient class; v3 codes are taken as they are.

Recurring (R) and obstetric (B) visits are ambulatory: where such a patient has a bed, the trigger says so.
Commercial account (C), not applicable (N) and unknown (U) say nothing.
"""

RESULT_STATUSES = {
    "O": ResultStatus.REGISTERED,
    "I": ResultStatus.REGISTERED,
    "S": ResultStatus.REGISTERED,
    "A": ResultStatus.PRELIMINARY,
    "P": ResultStatus.PRELIMINARY,
    "R": ResultStatus.PRELIMINARY,
    "C": ResultStatus.CORRECTED,
    "M": ResultStatus.CORRECTED,
    "F": ResultStatus.FINAL,
    "X": ResultStatus.CANCELLED,
}
"""Table 0123, result status (OBR-25)."""

OBSERVATION_STATUSES = {
    "I": ResultStatus.REGISTERED,
    "O": ResultStatus.REGISTERED,
    "S": ResultStatus.PRELIMINARY,
    "P": ResultStatus.PRELIMINARY,
    "R": ResultStatus.PRELIMINARY,
    "C": ResultStatus.CORRECTED,
    "F": ResultStatus.FINAL,
    "U": ResultStatus.FINAL,
    "X": ResultStatus.CANCELLED,
}
"""Table 0085, observation result status (OBX-11): asked where OBR-25 is empty."""

ABNORMAL = frozenset(
    {"L", "H", "LL", "HH", "LU", "HU", "<", ">", "A", "AA", "AC", "R", "W", "POS", "DET", "TOX"}
)
"""Table 0078, interpretation codes (OBX-8) that a clinician looks at first."""

CODE_SYSTEMS = {
    "LN": "http://loinc.org",
    "SCT": "http://snomed.info/sct",
    "SNM3": "http://snomed.info/sct",
    "I10": "http://hl7.org/fhir/sid/icd-10",
    "I10C": "http://hl7.org/fhir/sid/icd-10-cm",
    "C4": "http://www.ama-assn.org/go/cpt",
    "UCUM": "http://unitsofmeasure.org",
}
"""Table 0396, coding systems, by their canonical URIs."""

DISCHARGE_DISPOSITION = "http://terminology.hl7.org/CodeSystem/v2-0112"
HOSPITAL_SERVICE = "http://terminology.hl7.org/CodeSystem/v2-0069"

MINUTES = {"": 1.0, "M": 1.0, "MIN": 1.0, "MINUTES": 1.0, "H": 60.0, "HR": 60.0, "S": 1 / 60, "SEC": 1 / 60}
"""Units of a duration (SCH-10) in minutes."""

ACKNOWLEDGEMENTS = frozenset({"ACK", "MCF"})
QUESTIONS = frozenset({"QBP", "QCN", "QRY", "QSB", "QSX", "QVR", "SPQ", "VQQ", "RQQ", "EQQ"})
ANSWERS = frozenset({"RSP", "RTB", "RDY", "DSR", "ADR", "TBR", "EDR", "ERP", "ORF", "OSR"})
"""Table 0076, message types that report nothing that happened."""
