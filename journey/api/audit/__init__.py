"""The audit over HTTP: who saw, changed or was given what; listed, reported, accounted for and reviewed.
Whoever looks at it stands in it, too.
"""
