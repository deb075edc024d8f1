"""Consent: what the patient permits or forbids, as commands. A docstring is the row in the docs.

What is said more finely than a consent here can say is parked: to record a permission without its exceptions
would permit what was forbidden.
"""

from collections.abc import Iterator

from journey.domain.consent import (
    ConsentGranted,
    ConsentScope,
    GrantConsent,
    Provision,
    RefuseConsent,
    RequestConsent,
    RevokeConsent,
)
from journey.domain.event import Command
from journey.ingest.aside import Unapplied
from journey.ingest.fhir.resource import Element
from journey.ingest.fhir.telling import Telling

FINER = ("action", "class", "code", "data", "dataPeriod", "provision")
"""Elements of a provision that narrow it in a way that is not recorded here."""

POLICIES = {"OPTIN": Provision.PERMIT, "OPTOUT": Provision.DENY}


def consent(telling: Telling) -> Iterator[Command]:
    """Granted or forbidden (dateTime) by provision.type or policyRule, with period, actor, purpose and
    securityLabel; asked for (draft, proposed), refused (rejected), taken back (inactive).
    """
    resource, id_ = telling.resource, telling.thing_id
    if telling.is_old:
        return
    at, known = resource.moment("dateTime"), telling.journey.consents.get(id_)
    match resource.status:
        case "draft" | "proposed":
            if known is None:
                category = resource.coded("category")
                yield telling.asks(
                    RequestConsent, at, consent_id=id_, scope=_scope(telling), category=category
                )
        case "active":
            asked = _granted(telling)
            event = ConsentGranted(**asked.facts())
            if not known or not known.grants or known.grants[-1].ended or known.grants[-1].terms != event:
                yield asked
        case "rejected":
            if known is None or known.answer is None:
                yield telling.asks(RefuseConsent, at, consent_id=id_)
        case "inactive" | "entered-in-error":
            if known is not None and known.grants and known.grants[-1].ended is None:
                yield telling.asks(RevokeConsent, consent_id=id_)
        case _:
            raise resource.wrong("status", "R4 has no such status")


def _scope(telling: Telling) -> ConsentScope:
    scope = telling.resource.coded("scope")
    if scope is None or scope.code not in set(ConsentScope):
        raise telling.resource.wrong("scope", "it should be one of the codes of consentscope")
    return ConsentScope(scope.code)


def _granted(telling: Telling) -> GrantConsent:
    resource = telling.resource
    provision = resource.one("provision")
    if provision is not None:
        _refuse_finer(provision)
    period = provision.one("period") if provision else None
    since, until = (period.moment("start"), period.moment("end")) if period else (None, None)
    actors = provision.all("actor") if provision else ()
    return telling.asks(
        GrantConsent,
        resource.moment("dateTime"),
        consent_id=telling.thing_id,
        scope=_scope(telling),
        category=resource.coded("category"),
        provision=_provision(telling, provision),
        valid_from=since.at if since else None,
        valid_until=until.at if until else None,
        recipients=tuple(_actor(each) for each in actors),
        purposes=tuple(_codes(provision, "purpose")),
        labels=tuple(_codes(provision, "securityLabel")),
    )


def _provision(telling: Telling, provision: Element | None) -> Provision:
    """What it says: a permission or a denial. Raises Unapplied."""
    resource = telling.resource
    if provision is not None and (said := provision.short("type")):
        if said not in set(Provision):
            raise provision.wrong("type", "it should be deny or permit")
        return Provision(said)
    policies = (each.short("code") for each in resource.codes("policyRule"))
    found = next((POLICIES[code] for code in policies if code in POLICIES), None)
    if found is None:
        raise resource.missing("provision.type", "it says whether this permits or forbids")
    return found


def _refuse_finer(provision: Element) -> None:
    for name in FINER:
        if provision.body.get(name) not in (None, [], {}):
            sentence = f"{provision.at(name)} says more finely what is permitted than can be recorded here."
            raise Unapplied("too-fine", sentence, provision.at(name))


def _codes(provision: Element | None, name: str) -> Iterator[str]:
    for each in provision.all(name) if provision else ():
        yield each.short("code")


def _actor(actor: Element) -> str:
    reference = actor.one("reference")
    if reference is None:
        raise actor.missing("reference", "it says who")
    identifier = reference.one("identifier")
    number = identifier.short("value") if identifier else ""
    name = number or reference.short("display") or reference.short("reference")
    if not name:
        raise actor.missing("reference", "it says who")
    return name
