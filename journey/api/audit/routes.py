"""The routes of the audit."""

from journey.api.audit import accounting, exports, listing, queries, reviews

ROUTERS = (listing.router, accounting.router, exports.router, reviews.router, queries.router)
