"""FHIR R4 over HTTP: what journeys are told as, read, searched and followed by systems that speak it."""
