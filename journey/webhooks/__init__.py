"""Webhooks: events sent to the addresses of those who subscribed, in the order of each journey."""
