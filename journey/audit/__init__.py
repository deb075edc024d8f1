"""The audit: who saw, changed or was given what, as it is reviewed, reported and accounted for."""
