"""Closed word lists, with the standard each comes from. Free codes of other systems travel as `Coded`."""

from enum import StrEnum


class JourneyStatus(StrEnum):
    """FHIR EpisodeOfCare.status."""

    PLANNED = "planned"
    WAITLIST = "waitlist"
    ACTIVE = "active"
    ONHOLD = "onhold"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    ENTERED_IN_ERROR = "entered-in-error"


class IntakeStatus(StrEnum):
    """Where the intake stands (domain words; FHIR has no resource for it)."""

    NOT_STARTED = "not-started"
    IN_PROGRESS = "in-progress"
    AWAITING_INFORMATION = "awaiting-information"
    COMPLETED = "completed"
    ABANDONED = "abandoned"
    REJECTED = "rejected"


class Channel(StrEnum):
    """How a patient or a message reached us."""

    WEB = "web"
    PHONE = "phone"
    FAX = "fax"
    WALK_IN = "walk-in"
    HL7V2 = "hl7v2"
    FHIR = "fhir"


class Priority(StrEnum):
    """FHIR request-priority."""

    ROUTINE = "routine"
    URGENT = "urgent"
    ASAP = "asap"
    STAT = "stat"


class VisitStatus(StrEnum):
    """FHIR Appointment.status up to the arrival, Encounter.status (R4) from there on."""

    PROPOSED = "proposed"
    WAITLIST = "waitlist"
    BOOKED = "booked"
    ARRIVED = "arrived"
    CHECKED_IN = "checked-in"
    IN_PROGRESS = "in-progress"
    ON_LEAVE = "onleave"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    NO_SHOW = "noshow"
    LEFT_UNSEEN = "left-unseen"
    ENTERED_IN_ERROR = "entered-in-error"


class EncounterClass(StrEnum):
    """HL7 v3 ActEncounterCode."""

    AMBULATORY = "AMB"
    EMERGENCY = "EMER"
    INPATIENT = "IMP"
    OBSERVATION = "OBSENC"
    PREADMISSION = "PRENC"
    HOME = "HH"
    VIRTUAL = "VR"
    FIELD = "FLD"


STAYS = frozenset({EncounterClass.INPATIENT, EncounterClass.OBSERVATION})
"""The classes in which a patient has a bed."""


class Initiator(StrEnum):
    """Who cancelled or moved an appointment: a provider's cancellation never counts against the patient."""

    PATIENT = "patient"
    PROVIDER = "provider"
    SYSTEM = "system"


class Gender(StrEnum):
    """FHIR administrative-gender."""

    MALE = "male"
    FEMALE = "female"
    OTHER = "other"
    UNKNOWN = "unknown"


class LinkType(StrEnum):
    """FHIR Patient.link.type."""

    REPLACES = "replaces"
    REPLACED_BY = "replaced-by"
    SEE_ALSO = "seealso"


class ResultStatus(StrEnum):
    """FHIR DiagnosticReport.status."""

    REGISTERED = "registered"
    PRELIMINARY = "preliminary"
    FINAL = "final"
    AMENDED = "amended"
    CORRECTED = "corrected"
    CANCELLED = "cancelled"


class Disposition(StrEnum):
    """FHIR discharge-disposition."""

    HOME = "home"
    ALTERNATIVE_HOME = "alt-home"
    OTHER_FACILITY = "other-hcf"
    HOSPICE = "hosp"
    LONG_TERM_CARE = "long"
    AGAINST_ADVICE = "aadvice"
    EXPIRED = "exp"
    PSYCHIATRIC = "psy"
    REHABILITATION = "rehab"
    SKILLED_NURSING = "snf"
    OTHER = "oth"


DISPOSITION_SYSTEM = "http://terminology.hl7.org/CodeSystem/discharge-disposition"
UB04_SYSTEMS = frozenset(
    {
        "https://www.nubc.org/CodeSystem/PatDischargeStatus",
        "urn:oid:2.16.840.1.113883.6.301.5",
        "nubc",
    }
)
"""The names of the list behind UB-04 form locator 17."""

DISPOSITION_OF_THE_SITE = "http://terminology.hl7.org/CodeSystem/v2-0112"
"""HL7 table 0112 suggests the codes of UB-04; a site may add its own."""

UB04_DISPOSITION = {
    "01": Disposition.HOME,
    "02": Disposition.OTHER_FACILITY,
    "03": Disposition.SKILLED_NURSING,
    "04": Disposition.LONG_TERM_CARE,
    "05": Disposition.OTHER_FACILITY,
    "06": Disposition.HOME,
    "07": Disposition.AGAINST_ADVICE,
    "09": Disposition.OTHER_FACILITY,
    "20": Disposition.EXPIRED,
    "21": Disposition.OTHER,
    "40": Disposition.EXPIRED,
    "41": Disposition.EXPIRED,
    "42": Disposition.EXPIRED,
    "43": Disposition.OTHER_FACILITY,
    "50": Disposition.HOSPICE,
    "51": Disposition.HOSPICE,
    "61": Disposition.OTHER_FACILITY,
    "62": Disposition.REHABILITATION,
    "63": Disposition.LONG_TERM_CARE,
    "64": Disposition.SKILLED_NURSING,
    "65": Disposition.PSYCHIATRIC,
    "66": Disposition.OTHER_FACILITY,
    "69": Disposition.ALTERNATIVE_HOME,
    "70": Disposition.OTHER,
    "81": Disposition.HOME,
    "82": Disposition.OTHER_FACILITY,
    "83": Disposition.SKILLED_NURSING,
    "84": Disposition.LONG_TERM_CARE,
    "85": Disposition.OTHER_FACILITY,
    "86": Disposition.HOME,
    "87": Disposition.OTHER,
    "88": Disposition.OTHER_FACILITY,
    "89": Disposition.OTHER_FACILITY,
    "90": Disposition.REHABILITATION,
    "91": Disposition.LONG_TERM_CARE,
    "92": Disposition.SKILLED_NURSING,
    "93": Disposition.PSYCHIATRIC,
    "94": Disposition.OTHER_FACILITY,
    "95": Disposition.OTHER,
}
"""UB-04 form locator 17 (patient discharge status) to FHIR discharge-disposition."""

UB04_OF_DISPOSITION = {
    Disposition.HOME: "01",
    Disposition.ALTERNATIVE_HOME: "01",
    Disposition.OTHER_FACILITY: "02",
    Disposition.HOSPICE: "50",
    Disposition.LONG_TERM_CARE: "63",
    Disposition.AGAINST_ADVICE: "07",
    Disposition.EXPIRED: "20",
    Disposition.PSYCHIATRIC: "65",
    Disposition.REHABILITATION: "62",
    Disposition.SKILLED_NURSING: "03",
    Disposition.OTHER: "70",
}
"""And back: the FHIR words are fewer, so each has its most usual code."""

UB04_STILL_PATIENT = "30"
"""It is on the list of discharge statuses, and is none."""

UB04_READMISSION_PLANNED = frozenset(str(code) for code in range(81, 96))
"""The same places again, where coming back to hospital is planned."""

CHECKLIST_NOT_OWED = frozenset({Disposition.AGAINST_ADVICE, Disposition.EXPIRED})
"""Who leaves against advice or dies is not kept by an unfinished checklist; what was open is recorded."""


class ChecklistItem(StrEnum):
    """What is done before a patient leaves hospital (AHRQ re-engineered discharge, CMS)."""

    MEDICATIONS_RECONCILED = "medications-reconciled"
    INSTRUCTIONS_TAUGHT_BACK = "instructions-taught-back"
    PENDING_RESULTS_ASSIGNED = "pending-results-assigned"
    FOLLOW_UP_BOOKED = "follow-up-booked"
    TRANSPORT_ARRANGED = "transport-arranged"
    EQUIPMENT_ARRANGED = "equipment-arranged"
    SUMMARY_PREPARED = "summary-prepared"
    CAREGIVER_INFORMED = "caregiver-informed"
    HOME_HEALTH_ARRANGED = "home-health-arranged"
    RIGHTS_NOTICE_GIVEN = "rights-notice-given"
    BELONGINGS_RETURNED = "belongings-returned"
    INTERPRETER_ARRANGED = "interpreter-arranged"


USUAL_CHECKLIST = (
    ChecklistItem.MEDICATIONS_RECONCILED,
    ChecklistItem.INSTRUCTIONS_TAUGHT_BACK,
    ChecklistItem.PENDING_RESULTS_ASSIGNED,
    ChecklistItem.FOLLOW_UP_BOOKED,
    ChecklistItem.TRANSPORT_ARRANGED,
    ChecklistItem.EQUIPMENT_ARRANGED,
    ChecklistItem.SUMMARY_PREPARED,
    ChecklistItem.CAREGIVER_INFORMED,
)
"""What is owed to everybody; the rest is for whom it concerns (the rights notice: Medicare inpatients)."""
