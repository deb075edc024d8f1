"""AuditEvent: an entry as FHIR R4 has it, by the patterns of IHE BALP; of several patients, one for each."""

from base64 import b64encode
from collections.abc import Iterator
from ipaddress import ip_address
from platform import node
from uuid import UUID

from journey.audit import coding
from journey.audit.coding import DEEDS, DISCLOSED, OTHERWISE, OUTCOMES, Deed, Json
from journey.audit.entries import RECORDED, Entry
from journey.fhir.data import instant

NAME = "Journey"
OBSERVER: Json = {"display": NAME}
MACHINE, ADDRESS, URI = "1", "2", "5"
SYSTEMS = frozenset({"integrator", "system", "device"})
"""Of whom there is no user behind the client."""


def audit_events(entry: Entry) -> Iterator[Json]:
    """One for each patient; one, where none was told of."""
    many = len(entry.patients) > 1
    for number, patient in enumerate(entry.patients or (None,), 1):
        yield _audit_event(entry, patient, f"{entry.id}.{number}" if many else str(entry.id))


def deed_of(entry: Entry) -> Deed:
    if entry.kind == RECORDED:
        return coding.CREATED if entry.version == 1 else coding.UPDATED
    return DEEDS.get(entry.kind, OTHERWISE)


def deeds_of(kind: str) -> tuple[Deed, ...]:
    """What an entry of the kind may be."""
    return (coding.CREATED, coding.UPDATED) if kind == RECORDED else (DEEDS.get(kind, OTHERWISE),)


def purpose(entry: Entry) -> Json:
    """Why, where that was said."""
    if entry.purpose is None:
        return {}
    return {"purposeOfUse": [{"coding": [{"system": coding.ACT_REASON, "code": entry.purpose}]}]}


def _audit_event(entry: Entry, patient: UUID | None, name: str) -> Json:
    deed = deed_of(entry)
    made: Json = {"resourceType": "AuditEvent", "id": name}
    if deed.profile and entry.outcome == "done":
        about = "Patient" if patient and deed is not DISCLOSED else ""
        made["meta"] = {"profile": [f"{coding.PROFILE}{about}{deed.profile}"]}
    made |= {
        "type": deed.type,
        "subtype": [deed.subtype],
        "action": deed.action,
        "recorded": instant(entry.at),
        "outcome": OUTCOMES.get(entry.outcome, "0"),
        "outcomeDesc": f"{entry.kind} {entry.outcome}",
    }
    if entry.purpose is not None:
        made["purposeOfEvent"] = purpose(entry)["purposeOfUse"]
    agents = _disclosing(entry) if deed is DISCLOSED else _agents(entry, deed)
    return made | {
        "agent": list(agents),
        "source": {"site": node(), "observer": OBSERVER},
        "entity": list(_entities(entry, deed, patient)),
    }


def _agents(entry: Entry, deed: Deed) -> Iterator[Json]:
    """Client, server, and who is behind the client. What is read flows to the client, all else from it."""
    reads = deed.profile == "Read"
    is_user = entry.name is not None and not _is_system(entry)
    client = coding.DESTINATION if reads else coding.SOURCE
    server = coding.SOURCE if reads else coding.DESTINATION
    yield {
        "type": {"coding": [client]},
        "who": _who(entry),
        "requestor": not is_user,
        "network": _network(entry),
        **({} if is_user else purpose(entry)),
    }
    yield {
        "type": {"coding": [server]},
        "who": OBSERVER,
        "requestor": False,
        "network": {"address": node(), "type": MACHINE},
    }
    if is_user:
        part = coding.AUTHOR if deed.action in {"C", "U"} else coding.RECIPIENT
        role = {"role": [{"text": entry.role}]} if entry.role else {}
        yield {
            "type": {"coding": [part]},
            "who": _who(entry),
            "name": entry.name,
            "requestor": True,
            **role,
            **purpose(entry),
        }
    if entry.team:
        yield {
            "type": {"coding": [coding.PROVIDER]},
            "who": {"display": entry.team},
            "requestor": False,
        }


def _disclosing(entry: Entry) -> Iterator[Json]:
    """From here to the recipient."""
    yield {
        "type": {"coding": [coding.SOURCE]},
        "who": OBSERVER,
        "requestor": False,
        "network": {"address": node(), "type": MACHINE},
    }
    address = entry.peer or entry.name
    yield {
        "type": {"coding": [coding.DESTINATION]},
        "who": {"display": entry.name},
        "requestor": True,
        "network": {"address": address, "type": URI if "://" in (address or "") else MACHINE},
        **purpose(entry),
    }


def _is_system(entry: Entry) -> bool:
    return (entry.detail.get("actor_kind") or entry.role) in SYSTEMS


def _who(entry: Entry) -> Json:
    """The key's or person's id, and what they are called; nobody, where nobody was let in."""
    named = {"identifier": {"value": entry.caller}} if entry.caller else {}
    return {**named, "display": entry.name or "not known"}


def _network(entry: Entry) -> Json:
    if entry.peer is None:
        return {"address": node(), "type": MACHINE}
    return {"address": entry.peer, "type": ADDRESS if _is_address(entry.peer) else MACHINE}


def _is_address(peer: str) -> bool:
    try:
        ip_address(peer)
    except ValueError:
        return False
    return True


def _entities(entry: Entry, deed: Deed, patient: UUID | None) -> Iterator[Json]:
    if entry.request_id:
        yield {
            "what": {"identifier": {"value": entry.request_id}},
            "type": coding.REQUEST_ID,
        }
    if patient is not None:
        yield {
            "what": {"reference": f"Patient/{patient}"},
            "type": coding.PERSON,
            "role": coding.PATIENT,
        }
    if deed.profile == "Query":
        asked = f"{entry.method} {entry.route}?{entry.detail.get('query', '')}"
        yield {
            "type": coding.SYSTEM_OBJECT,
            "role": coding.QUERY,
            "query": b64encode(asked.encode()).decode(),
        }
    else:
        yield _data(entry, deed, patient)


def _data(entry: Entry, deed: Deed, patient: UUID | None) -> Json:
    """What it was done to."""
    role = coding.REPORT if deed is DISCLOSED else coding.DOMAIN_RESOURCE
    what: Json
    if deed is not DISCLOSED and entry.journeys:
        version = f"/_history/{entry.version}" if entry.version else ""
        what = {"reference": f"EpisodeOfCare/{entry.journeys[0]}{version}"}
    elif deed is not DISCLOSED and patient is not None:
        what = {"reference": f"Patient/{patient}"}
    else:
        what = {"display": str(entry.detail.get("description") or entry.route or entry.kind)}
    told = {"name": entry.type} if entry.type else {}
    return {"what": what, "type": coding.SYSTEM_OBJECT, "role": role, **told}
