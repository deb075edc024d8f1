"""Subscriptions: events told to other systems as FHIR has it (topic-based Subscriptions, R4 backport)."""
