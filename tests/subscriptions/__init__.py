"""FHIR Subscriptions: what is sent, when nothing is, and what is had by asking."""
