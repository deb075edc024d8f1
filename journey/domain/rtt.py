"""The wait from referral to treatment, in the words of the NHS.

| referral-to-treatment | status codes |
|---|---|
| the clock starts | 10, 11, 12 |
| it goes on | 20, 21 |
| it stops | 30, 31, 32, 33, 34, 35, 36 |
| outside any period | 90, 91, 92, 98 |
| not known yet | 99 |
"""

from enum import StrEnum


class RttCode(StrEnum):
    """NHS referral-to-treatment period status."""

    FIRST_ACTIVITY = "10"
    AFTER_MONITORING = "11"
    NEW_CONDITION = "12"
    SUBSEQUENT_ACTIVITY = "20"
    TRANSFERRED = "21"
    FIRST_TREATMENT = "30"
    MONITORING_BY_PATIENT = "31"
    MONITORING_BY_CLINICIAN = "32"
    FIRST_ACTIVITY_NOT_ATTENDED = "33"
    NOT_TO_TREAT = "34"
    DECLINED = "35"
    DIED = "36"
    AFTER_TREATMENT = "90"
    DURING_MONITORING = "91"
    BEFORE_REFERRAL = "92"
    NOT_APPLICABLE = "98"
    NOT_YET_KNOWN = "99"


RTT_LABELS = {
    RttCode.FIRST_ACTIVITY: "first activity after the referral",
    RttCode.AFTER_MONITORING: "first activity after active monitoring ended",
    RttCode.NEW_CONDITION: "first activity for another condition that a clinician referred on",
    RttCode.SUBSEQUENT_ACTIVITY: "a further activity before treatment",
    RttCode.TRANSFERRED: "passed on to another provider",
    RttCode.FIRST_TREATMENT: "first definitive treatment began",
    RttCode.MONITORING_BY_PATIENT: "active monitoring began, at the patient's wish",
    RttCode.MONITORING_BY_CLINICIAN: "active monitoring began, at a clinician's wish",
    RttCode.FIRST_ACTIVITY_NOT_ATTENDED: "the patient did not come to the first activity",
    RttCode.NOT_TO_TREAT: "decided not to treat",
    RttCode.DECLINED: "the patient declined treatment",
    RttCode.DIED: "the patient died before treatment",
    RttCode.AFTER_TREATMENT: "an activity after the first treatment",
    RttCode.DURING_MONITORING: "an activity during active monitoring",
    RttCode.BEFORE_REFERRAL: "tests before a referral is made",
    RttCode.NOT_APPLICABLE: "not counted",
    RttCode.NOT_YET_KNOWN: "not known yet",
}
"""The codes in words."""

IN_WORDS = "; ".join(f"{code}: {label}" for code, label in RTT_LABELS.items())
"""All of them, for whoever has to choose one."""
