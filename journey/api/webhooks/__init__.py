"""Webhooks over HTTP: whoever follows the log has it sent to them, and sees to what could not be."""
