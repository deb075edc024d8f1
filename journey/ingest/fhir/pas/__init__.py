"""Prior authorization (Da Vinci PAS 2.2.1 on R4, X12 278): requests, answers and questions as commands.

    Claim           SubmitAuthorization, UpdateAuthorization, CancelAuthorization, AppealAuthorization
    ClaimResponse   DecideAuthorization, PendAuthorization, ReturnAuthorization …
    Task            RequestAuthorizationInformation, SubmitAuthorizationInformation

The decision stands in the review action of each item's adjudication. `outcome` is `complete` of what is
pended or denied, too, and decides nothing.
"""

from collections.abc import Callable, Iterator

from journey.domain.event import Command
from journey.ingest.fhir.pas.answers import claim_response
from journey.ingest.fhir.pas.bundle import enclosed, unwrapped
from journey.ingest.fhir.pas.information import information, is_asking
from journey.ingest.fhir.pas.kinds import is_update
from journey.ingest.fhir.pas.payer import line_of_business
from journey.ingest.fhir.pas.requests import claim
from journey.ingest.fhir.resource import Resource
from journey.ingest.fhir.telling import Telling

__all__ = [
    "claim",
    "claim_response",
    "enclosed",
    "information",
    "is_update",
    "line_of_business",
    "mapping",
    "unwrapped",
]

USES = {"Claim": claim, "ClaimResponse": claim_response}


def mapping(resource: Resource) -> Callable[[Telling], Iterator[Command]] | None:
    """How it is read, where it is about a prior authorization."""
    if resource.type == "Task":
        return information if is_asking(resource) else None
    return USES.get(resource.type) if resource.text("use") == "preauthorization" else None
