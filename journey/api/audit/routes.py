"""The routes of the audit."""

from journey.api.audit import accounting, listing, queries, reviews

ROUTERS = (listing.router, accounting.router, reviews.router, queries.router)
