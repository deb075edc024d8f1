"""`journey audit access`: who saw a patient's data, changed it or was given it."""

from journey.cli.audit.asked import From, Out, Patient, To
from journey.cli.audit.reporting import Form, Wanted, reported


def run(
    *, patient: Patient, begins: From = None, ends: To = None, form: Form = "text", out: Out = "-"
) -> None:
    """Who saw a patient's data, changed it or was given it, when, and why: the patient's own report."""
    reported(Wanted("access", patient, begins, ends, form, out))
