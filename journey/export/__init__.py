"""The event log for analysis elsewhere: what happened when, and nothing that names a patient."""

from journey.export.formats import FORMATS, export
from journey.export.snapshot import Selection

__all__ = ["FORMATS", "Selection", "export"]
