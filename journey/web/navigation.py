"""Navigation: what stands at the head of every page, for who may."""

from typing import NamedTuple, Protocol


class Entry(NamedTuple):
    """A page in the navigation. `permission`: who does not have it does not see it."""

    title: str
    address: str
    permission: str


ENTRIES = (
    Entry("My team today", "/console/today", "write"),
    Entry("Handoffs", "/console/handoffs", "search"),
    Entry("Patients", "/console/patients", "search"),
    Entry("Lists", "/console/lists", "search"),
    Entry("Flow", "/console/flow", "figures"),
    Entry("Keys", "/console/keys", "admin"),
    Entry("Parked messages", "/console/parked", "inbox"),
    Entry("Audit", "/console/audit", "audit"),
    Entry("Proof", "/console/proof", "verify"),
    Entry("Disclosures", "/console/disclosures", "audit"),
    Entry("Subscriptions", "/console/subscriptions", "feed"),
    Entry("Health", "/console/health", "definitions"),
)


class May(Protocol):
    """Whoever is signed in."""

    def can(self, permission: str) -> bool: ...


def entry_of(path: str) -> Entry | None:
    """The one that a page stands under."""
    return next((each for each in ENTRIES if f"{path}/".startswith(f"{each.address}/")), None)


def navigation(who: May) -> tuple[Entry, ...]:
    return tuple(each for each in ENTRIES if who.can(each.permission))
