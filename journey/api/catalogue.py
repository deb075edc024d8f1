"""Catalogue: every code that a problem can have, when it is answered, and what to do then.

Codes are stable. The refusals add themselves: their own sentences say what to do.
"""

from collections.abc import Iterator
from typing import NamedTuple

from journey.domain.event import WORDS, Refused
from journey.store.across import NotTheirJourney
from journey.store.deciding import OccursInTheFuture


class Kind(NamedTuple):
    """A code's status, when it is answered, and what whoever asked does then."""

    status: int
    meaning: str
    remedy: str


REFUSED = "As `detail` says."
CATALOGUE: dict[str, Kind] = {
    "malformed-json": Kind(
        400,
        "The body is not JSON in UTF-8.",
        "Mend the body: one JSON value, no field twice, at most 32 levels deep.",
    ),
    "malformed-request": Kind(
        400,
        "What came is not a request of HTTP/1.1.",
        "Send it with an HTTP client that is up to date.",
    ),
    "unauthorized": Kind(
        401,
        "The request has no API key or token, or one that does not hold (any more).",
        "Send `Authorization: Bearer` with one that holds; an admin makes keys, the issuer makes tokens.",
    ),
    "forbidden": Kind(
        403,
        "The caller's role, or what it was narrowed down to, does not allow this.",
        "Ask with a key or token that may, or have an admin change this one.",
    ),
    "withheld": Kind(
        403,
        "All that is recorded there bears labels that the caller is not cleared for.",
        "Ask somebody who is cleared, or have an admin add the labels to the key.",
    ),
    "unknown-route": Kind(
        404,
        "There is nothing under this address.",
        "Look it up on `/docs`.",
    ),
    "no-such-journey": Kind(
        404,
        "No journey has this id.",
        "Look for it with `GET /v1/journeys`; another team's stays hidden without break-glass.",
    ),
    "no-such-patient": Kind(
        404,
        "No journey was opened for this patient.",
        "Look for the patient with `GET /v1/journeys?q=`; what was just opened is there in a moment.",
    ),
    "unknown-resource-type": Kind(
        404,
        "No resource of this type is served.",
        "`GET /v1/fhir/metadata` lists the types.",
    ),
    "no-such-resource": Kind(
        404,
        "No resource of this type has this id.",
        "Search for it; what was just recorded is there in a moment, another team's stays hidden.",
    ),
    "resource-gone": Kind(
        410,
        "What the resource told was struck out.",
        "Its `_history` has the versions before.",
    ),
    "not-acceptable": Kind(
        406,
        "Nothing is answered in the form that was asked for.",
        "Ask for `application/fhir+json`.",
    ),
    "not-there-yet": Kind(
        404,
        "The journey was not opened by that time, or not known by then.",
        "Ask for a later `as_of` or `as_known_at`.",
    ),
    "no-such-pathway": Kind(
        404,
        "No pathway of this id, or of this version, is at hand.",
        "Take one of those in `GET /v1/pathways`.",
    ),
    "no-such-query": Kind(
        404,
        "No query of the audit is saved under this name.",
        "`GET /v1/audit/queries` lists them.",
    ),
    "no-such-erasure": Kind(
        404,
        "No erasure of this id was asked for, or it was asked for again since.",
        "Take an id from `GET /v1/privacy/erasures`.",
    ),
    "no-such-leaf": Kind(
        404,
        "Nothing of this id or position is in the ledger.",
        "Take an event's id from `GET /v1/journeys/{journey_id}/events`, a record's from `GET /v1/audit`.",
    ),
    "no-such-checkpoint": Kind(
        404,
        "No checkpoint was made at this size.",
        "Take a size from a checkpoint that you hold, or the last one from `GET /v1/log/checkpoint`.",
    ),
    "no-such-break-glass": Kind(
        404,
        "You have no break-glass of this id open.",
        "`GET /v1/break-glass/mine` lists yours; one that has ended need not be closed.",
    ),
    "no-such-key": Kind(
        404,
        "No API key in use has this id.",
        "Take an id from `GET /v1/keys`; a revoked key stays revoked.",
    ),
    "no-such-read-model": Kind(
        404,
        "No read model has this name.",
        "Take one of those in `GET /v1/projections`.",
    ),
    "no-such-message": Kind(
        404,
        "No message that was set aside has this id, or it is erased.",
        "Take one of those in `GET /v1/inbox`; what was applied as it came is not among them.",
    ),
    "no-such-webhook": Kind(
        404,
        "Your key has no subscription of this id.",
        "Take one of those in `GET /v1/webhooks`; another key's stay hidden.",
    ),
    "method-not-allowed": Kind(
        405,
        "The address answers other methods; `Allow` lists them.",
        "Use one of those.",
    ),
    "request-timeout": Kind(
        408,
        "The body of the request did not come in time.",
        "Send it again, on a better connection or in smaller parts.",
    ),
    "name-taken": Kind(
        409,
        "An API key of this name is in use.",
        "Take another name, or end that key first.",
    ),
    "under-way": Kind(
        409,
        "Another is under way: a shorter verification than the one asked for, or one about to be stopped.",
        "Wait for its end, or stop it with `DELETE` on the same address; then ask again.",
    ),
    "too-many-webhooks": Kind(
        409,
        "The key has as many subscriptions as one may have.",
        "Delete one, or widen the filter of one.",
    ),
    "store-rewound": Kind(
        410,
        "The log was put back to an earlier state; `position` is the last in common, `next` leads on.",
        "Undo what you took from it after `position`, and go on with `next`.",
    ),
    "stale-version": Kind(
        412,
        "The journey has moved on from the version in If-Match.",
        "Read the journey again, decide again, and send its new `ETag`.",
    ),
    "body-too-large": Kind(
        413,
        "The body is larger than this server accepts.",
        "Send less at once, or have `JOURNEY_MAX_BODY_BYTES` raised.",
    ),
    "address-too-long": Kind(
        414,
        "The address is longer than this server accepts.",
        "Ask for less at once.",
    ),
    "unsupported-media-type": Kind(
        415,
        "The body is not sent as the type that the address takes.",
        "Send the `Content-Type` that `detail` names, not packed.",
    ),
    "invalid": Kind(
        422,
        "Something in the request has the wrong form; `errors` names each field.",
        "Mend each field that `errors` names.",
    ),
    "bad-cursor": Kind(
        422,
        "The cursor belongs to another list, another filter or another log.",
        "Start again without one, or with the filters it came from.",
    ),
    "key-reused": Kind(
        422,
        "The Idempotency-Key was used on this journey for another request.",
        "Take a new key for a new request.",
    ),
    "too-many-requests": Kind(
        429,
        "The key asks, or the address guesses, more often than it may.",
        "Wait as long as `Retry-After` says.",
    ),
    "headers-too-large": Kind(
        431,
        "The headers are larger than this server accepts.",
        "Send fewer or shorter ones.",
    ),
    "internal": Kind(
        500,
        "Something went wrong here; it is logged under the request id.",
        "Tell the operator the `request_id`; a write may be sent again with its Idempotency-Key.",
    ),
    "ledger-altered": Kind(
        500,
        "What is stored does not lead to the checkpoint that was signed: it was altered by hand.",
        "Tell the compliance officer, who runs `journey audit verify`: it names the first bad position.",
    ),
    "store-unavailable": Kind(
        503,
        "The database cannot be reached; nothing was recorded.",
        "Try again after `Retry-After`.",
    ),
    "issuer-unavailable": Kind(
        503,
        "The issuer of access tokens does not answer; API keys are accepted.",
        "Try again after `Retry-After`, or use an API key.",
    ),
    "key-missing": Kind(
        503,
        "What is stored cannot be opened: a key is missing, or it was altered.",
        "Tell the operator, who looks after `JOURNEY_MASTER_KEY_FILE`.",
    ),
    "outcome-unknown": Kind(
        503,
        "The database was lost while it recorded; ask again with the same key.",
        "Send it again with the same Idempotency-Key; without one, read first what was recorded.",
    ),
    "contended": Kind(
        503,
        "Others kept writing to the journey first.",
        "Send it again after `Retry-After`.",
    ),
    "overloaded": Kind(
        503,
        "More requests are waiting than can be answered soon.",
        "Try again after `Retry-After`, with fewer at once.",
    ),
    "not-in-the-ledger-yet": Kind(
        503,
        "No checkpoint covers it yet: one is made each second in which something was recorded.",
        "Ask again after `Retry-After`; if that does not help, no worker with the ledger's key is running.",
    ),
    "too-slow": Kind(
        503,
        "The answer took too long.",
        "Ask for less, or try again after `Retry-After`.",
    ),
    "not-caught-up": Kind(
        503,
        "What had been recorded when this was asked is not in the read models yet.",
        "Ask again after `Retry-After`; or without `Cache-Control: no-cache`, for what they show.",
    ),
    "version-not-reached": Kind(
        503,
        "The journey has not reached min_version in time.",
        "Ask again after `Retry-After`, and check that the version is of this journey.",
    ),
}
"""Every problem that is no refusal. The refusals add themselves: see `catalogue`."""


def refusals(base: type[Refused] = Refused) -> Iterator[type[Refused]]:
    """Every way in which a rule refuses."""
    for kind in base.__subclasses__():
        yield kind
        yield from refusals(kind)


def catalogue() -> dict[str, Kind]:
    """Every code that can be answered."""
    refused = {
        WORDS.sub("-", kind.__name__).lower(): Kind(409, " ".join((kind.__doc__ or "").split()), REFUSED)
        for kind in {*refusals(), OccursInTheFuture, NotTheirJourney}  # the ones that are not of the domain
    }
    return refused | CATALOGUE
