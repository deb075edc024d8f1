"""`journey audit report`: what was done in a period, for review or for an auditor."""

from journey.cli.audit.asked import From, Out, PatientOrAll, To
from journey.cli.audit.reporting import ByElement, Form, Wanted, reported


def run(
    *,
    begins: From = None,
    ends: To = None,
    patient: PatientOrAll = None,
    form: Form = "csv",
    sort: ByElement = "at",
    out: Out = "-",
) -> None:
    """Who did, saw, recorded or was given what in a period: for review, or for an auditor."""
    reported(Wanted("report", patient, begins, ends, form, out, sort))
