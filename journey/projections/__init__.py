"""Read models: each a question, answered from tables that the log alone decides."""

from journey.projections.model import ReadModel
from journey.projections.patient_identity import PatientIdentity
from journey.projections.resources import FhirResources
from journey.projections.status import PatientStatus
from journey.projections.timeline import Timeline

READ_MODELS: tuple[ReadModel, ...] = (PatientStatus(), Timeline(), PatientIdentity(), FhirResources())
"""All of them. A new one is a migration, a module beside these, and a name here."""
