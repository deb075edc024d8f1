"""HL7 FHIR R4 resources as commands, from files and over HTTP."""
