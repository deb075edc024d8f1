"""Bulk: many commands in one request, as lines."""
