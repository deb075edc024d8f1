"""FHIR: journeys as the resources of HL7 FHIR R4 (4.0.1), made from what is recorded of them.

A resource is a pure function of a journey's history, so that every version of it that ever was can be made
again, and shows nothing that whoever asks may not see.
"""
