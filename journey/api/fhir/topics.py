"""Topics, as the capability statement names them (Subscriptions R5 Backport 1.1, for R4)."""

from typing import Any

from journey.fhir.data import Json
from journey.subscriptions.notification import BACKPORT
from journey.subscriptions.topics import EVERY

OPERATIONS = "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription-"
SERVER = "http://hl7.org/fhir/uv/subscriptions-backport/CapabilityStatement/backport-subscription-server-r4"
TOPIC = f"{BACKPORT}capabilitystatement-subscriptiontopic-canonical"
PROFILE = f"{BACKPORT}backport-subscription"


def resource() -> Json:
    """What can be done with a Subscription, and to which topics there are any."""
    told: dict[str, Any] = {
        "extension": [{"url": TOPIC, "valueCanonical": each.url} for each in EVERY],
        "type": "Subscription",
        "supportedProfile": [PROFILE],
        "documentation": "Topic-based; rest-hook only. Each key has its own, and sees no other's.",
        "interaction": [{"code": each} for each in ("create", "read", "update", "delete", "search-type")],
        "versioning": "no-version",
        "readHistory": False,
        "updateCreate": False,
        "searchParam": [
            {"name": "_id", "type": "token"},
            {"name": "status", "type": "token"},
            {"name": "url", "type": "uri"},
        ],
        "operation": [{"name": each, "definition": OPERATIONS + each} for each in ("status", "events")],
    }
    return told
