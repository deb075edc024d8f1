"""Figures: what an operator watches of webhooks. Counts and times, of nobody in particular."""

from typing import LiteralString

STATES = ("waiting", "pending", "dead")
WEBHOOK_STATES = ("active", "suspended", "disabled")

OPEN: LiteralString = """
    SELECT count(*) FILTER (WHERE state = 'waiting'), count(*) FILTER (WHERE state = 'pending'),
           count(*) FILTER (WHERE state = 'dead'),
           coalesce(extract(epoch FROM now() - min(planned_at) FILTER (WHERE state = 'pending')), 0)::float
      FROM webhook_delivery WHERE number > 0 AND state IN ('waiting', 'pending', 'dead')
    """
SUBSCRIPTIONS: LiteralString = """
    SELECT count(*) FILTER (WHERE state = 'active'), count(*) FILTER (WHERE state = 'suspended'),
           count(*) FILTER (WHERE state = 'disabled'), count(*) FILTER (WHERE trips > 0)
      FROM webhook
    """
