"""Errands over HTTP: read models made anew, and the log verified, while nobody waits for the answer."""
