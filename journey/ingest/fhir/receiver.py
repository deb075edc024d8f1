"""Taking resources, several at a time: known already, told to their journeys, or set aside.

    seen before? -> read -> whose, and where -> tell the journeys -> keep them -> try again those that waited

Killed between any two of these steps, the same resources taken again go on where that ended: names stay
claimed, what a journey was told is no news to it, and what is not in the inbox was not taken yet.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from journey.domain.episode import JourneyOpened
from journey.ingest.aside import Unapplied
from journey.ingest.attempts import RELEASED, Correction, Hand, Note
from journey.ingest.fhir.aside import set_aside
from journey.ingest.fhir.gathering import gathered
from journey.ingest.fhir.groups import Group
from journey.ingest.fhir.inbox import NOT_APPLIED, THAT_WAIT, Inbox
from journey.ingest.fhir.item import BARRED, FEED, UNREAD, Item, Outcome, Sender
from journey.ingest.fhir.mapping import TABLE, refuse_r5
from journey.ingest.fhir.merging import Gate, merge
from journey.ingest.fhir.naming import name_of
from journey.ingest.fhir.placing import Awaits, Placed, labels, own_keys, placed, that_came
from journey.ingest.fhir.reasons import PARKED, NothingToApply
from journey.ingest.fhir.resource import TYPE, Resource
from journey.ingest.fhir.routes import Rehearsal, Routes
from journey.ingest.fhir.settling import settle
from journey.ingest.keys import Key
from journey.ingest.routing import Route
from journey.ingest.turns import turns
from journey.store.errors import StoreUnavailable
from journey.store.sayings import Told, tell_all, weighed
from journey.store.store import Store

DUPLICATE = Outcome("duplicate")
NOT_MAPPED = Outcome("not-mapped")

UNTAKEN = frozenset({"parked", "rejected", "barred"})
JOURNEYS_ON = 3
"""How often a journey may turn out to be over while somebody else opens the next."""


class Refusal(Exception):
    """One of resources that were to be taken together cannot be taken."""


class Receiver:
    """Takes resources window by window. Not for several threads at once: each has its own. `journeys` and
    `events` are what it opened and recorded so far.
    """

    def __init__(
        self, store: Store, zone: ZoneInfo, sender: Sender = FEED, *, barred: Gate | None = None
    ) -> None:
        self._barred = barred
        self.journeys = self.events = 0
        self.inbox = Inbox(store)
        self._store = store
        self._zone = zone
        self._sender = sender
        self._routes = Routes(store)

    def take(self, items: Sequence[Item], *, together: bool = False) -> list[Item]:
        """Take them; answers those that had waited for one of them, too. Raises StoreUnavailable: they are to
        be taken again; and Refusal, `together`, where one of them cannot be applied: none is taken then.
        """
        self._routes.patients.forget()
        fresh = self._unseen(items)
        for each in fresh:
            each.sender = self._sender
        if together:
            self._rehearse(fresh)
        here = self._placed(fresh)
        groups = self._admitted(gathered(self._routes, self.inbox, here, self._placed))
        self._tell(here, groups)
        self._merge(here, self._barred)
        self.inbox.put(self._with_told(fresh, groups))
        return self._released(here, fresh, [each for each in items if each.outcome is DUPLICATE])

    def retry(self, keys: Sequence[bytes], hand: Hand, note: Note | None = None) -> list[Item]:
        """Try them again, corrected where there is a note; answers them, and those that had waited for them.
        Raises ValueError where the corrected text is no JSON object.
        """
        self._routes.patients.forget()
        with turns(self._store) as turn:
            turn.take(keys)
            items = self.inbox.items(keys, hand, NOT_APPLIED)
            if note:
                items = [each.corrected(Correction(note)) for each in items]
            come = self._again(items)
        return [*items, *self._release([*come, *self._since(items)])]

    # --- What they are

    def _unseen(self, items: Sequence[Item]) -> list[Item]:
        """Those that were not taken before."""
        mapped = [each for each in items if self._is_mapped(each)]
        known = self.inbox.seen([each.key for each in mapped])
        fresh: dict[bytes, Item] = {}
        for each in mapped:
            if each.key in known or each.key in fresh:
                each.outcome = DUPLICATE
            else:
                fresh[each.key] = each
        return list(fresh.values())

    def _is_mapped(self, item: Item) -> bool:
        """Whether it is of a type that is mapped, or is nothing that could be."""
        type_ = item.came.body.get("resourceType")
        if not isinstance(type_, str) or not TYPE.fullmatch(type_):
            return True
        row = TABLE.get(type_)
        try:
            if row is not None and row.is_mapped(Resource(item.came.body, type_, self._zone)):
                return True
        except Unapplied:
            return True
        item.outcome = NOT_MAPPED
        return False

    def _placed(self, items: Iterable[Item]) -> list[Placed]:
        """Each where it belongs, Patients first; the others have an outcome."""
        found = []
        for item in sorted(items, key=lambda each: each.came.body.get("resourceType") != "Patient"):
            try:
                found.append(self._place(item))
            except Awaits as waits:
                reason = PARKED["awaits-reference"]
                item.outcome = Outcome("parked", "awaits-reference", reason, awaits=waits.keys)
            except StoreUnavailable:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it does to us, it is kept and the next one taken
                item.outcome = set_aside(error)
        latest = self.inbox.latest([each.item for each in found])
        for each in found:
            since = latest.get((each.item.came.source, each.item.name))
            each.is_old = bool(since and each.item.updated and each.item.updated < since)
        return found

    def _place(self, item: Item) -> Placed:
        body = item.came.body
        type_ = body.get("resourceType")
        if body.keys() == {UNREAD}:
            raise Unapplied("unparseable", PARKED["unparseable"])
        if not isinstance(type_, str) or not TYPE.fullmatch(type_):
            raise NothingToApply("not-fhir", "resourceType")
        if item.correction and not self._is_mapped(item):
            raise Unapplied("no-mapping", PARKED["no-mapping"], "resourceType")
        row, resource = TABLE[type_], Resource(body, type_, self._zone)
        item.name = name_of(item.came, resource)
        refuse_r5(row, resource)
        item.updated = resource.updated.at if resource.updated else None
        found = placed(self._routes, item, row, resource)
        found.labels = tuple(labels(resource))
        return found

    # --- Who is told

    def _admitted(self, groups: list[Group]) -> list[Group]:
        """Those that the sender may tell; what is about another journey is neither applied nor kept, nor is
        a Patient who has one.
        """
        barred = self._barred(groups) if self._barred and groups else frozenset[UUID]()
        for group in groups:
            if group.journey_id in barred:
                for each in (*group.placed, *group.persons):
                    if not each.item.is_kept:
                        each.item.outcome = BARRED
        return [each for each in groups if each.journey_id not in barred]

    # --- Telling them

    def _rehearse(self, items: Sequence[Item]) -> None:
        """Raises Refusal where one would not be applied. One that waits for another resource would."""
        real, self._routes = self._routes, Rehearsal(self._store)
        try:
            here = self._placed(items)
            groups = self._admitted(gathered(self._routes, self.inbox, here, self._placed))
        finally:
            self._routes = real
        for group in groups:
            before = self._store.load(group.journey_id)
            sayings = group.sayings()
            settle(group, weighed(group.journey_id, before, sayings)[1], self._routes, self._store)
        for each in items:
            if each.outcome and each.outcome.status in UNTAKEN and not each.outcome.awaits:
                raise Refusal
            each.outcome = None

    def _tell(self, here: Sequence[Placed], groups: Sequence[Group]) -> None:
        """Each its own; what came too late for a journey, the one that goes on from it."""
        for group in groups:
            for _ in range(JOURNEYS_ON):
                late = self._told(group)
                if not late:
                    break
                group = self._going_on(late)  # noqa: PLW2901 - what is left of it
        for each in here:
            if each.item.outcome is None:  # a Patient of whom nothing else is told yet
                each.item.outcome = Outcome("applied", thing_id=each.place.thing_id)
                each.item.patient_id = each.place.patient_id

    def _told(self, group: Group) -> list[Placed]:
        """Tell the journey; answers those for which it was over."""
        sayings, preamble = group.sayings(), 0 if group.opens else 1 + len(group.persons)
        try:
            told = tell_all(self._store, group.journey_id, sayings, preamble=preamble)
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            told = Told([error] * len(sayings), 0)
        led = [kind for each in told.led if not isinstance(each, Exception) for kind in each]
        self.events += len(led)
        self.journeys += JourneyOpened in led
        return settle(group, told, self._routes, self._store)

    def _merge(self, here: Sequence[Placed], gate: Gate | None = None) -> None:
        self.events += merge(self._store, self._routes, gate, here, partial(self._open, here))

    def _open(self, here: Sequence[Placed], route: Route) -> None:
        """Tell the journey who the patient is, by what has come of the Patient."""
        untold = self._placed(self.inbox.untold([route.patient_id]).get(route.patient_id, ()))
        persons = [each for each in here if each.person and each.place.patient_id == route.patient_id]
        group = Group(route.journey_id, route.patient_id, route.continues, opens=True)
        group.persons = [*untold, *persons]
        if group.persons:
            self._told(group)
            self.inbox.put([each.item for each in untold])
        for each in persons:
            each.item.patient_id = None

    def _going_on(self, late: Sequence[Placed]) -> Group:
        """The journey that continues the one that was over."""
        over, patient, keys = late[0].place.journey_id, late[0].patient, late[0].patient_keys
        patient = self._routes.patients.after(over, patient, keys)
        group = Group(patient.journey_id, patient.patient_id, patient.continues, list(late))
        group.known = self._routes.identity(over)
        for each in late:
            each.patient = patient
            each.place = self._routes.elsewhere(each.keys, patient)
        return group

    def _with_told(self, fresh: Sequence[Item], groups: Sequence[Group]) -> list[Item]:
        """All that is to be kept: the new ones, and the Patients of whom a journey was told only now."""
        told = {id(each.item): each.item for group in groups for each in group.persons}
        for each in fresh:
            told[id(each)] = each
        return list(told.values())

    # --- Those that waited

    def _released(self, here: Sequence[Placed], fresh: Sequence[Item], again: Sequence[Item]) -> list[Item]:
        """What waited for one of these, or waits itself for what has come in meanwhile. Whoever took one the
        first time may not have come to try those that waited for it.
        """
        come = [*that_came(here), *self._since(fresh)]
        if again and self.inbox.is_awaited():
            come += [key for each in again for key in self._keys(each)]
        return self._release(come)

    def _keys(self, item: Item) -> tuple[Key, ...]:
        type_ = str(item.came.body.get("resourceType"))
        try:
            return own_keys(item, TABLE[type_], Resource(item.came.body, type_, self._zone))
        except (KeyError, Unapplied):
            return ()

    def _is_known(self, key: Key) -> bool:
        return bool(self._routes.whose([key]))

    def _release(self, come: Sequence[Key]) -> list[Item]:
        """Try what waits for these, and then what waited for that, until none of them can be applied."""
        tried: dict[bytes, Item] = {}
        with turns(self._store) as turn:
            while keys := self.inbox.awaiting(come):
                turn.take(keys)
                items = self.inbox.items(keys, RELEASED, THAT_WAIT)
                come = [*self._again(items), *self._since(each for each in items if each.key not in tried)]
                tried |= {each.key: each for each in items}
        return list(tried.values())

    def _since(self, items: Iterable[Item]) -> list[Key]:
        """What these wait for, and came before it was kept that they do."""
        waiting = [key for each in items if each.outcome for key in each.outcome.awaits]
        return [key for key in waiting if self._is_known(key)]

    def _again(self, items: Sequence[Item]) -> list[Key]:
        """Try them; the names of what is there since."""
        here = self._placed(items)
        groups = gathered(self._routes, self.inbox, here, self._placed)
        self._tell(here, groups)
        self._merge(here)  # not by who sends now
        self.inbox.put(self._with_told(items, groups))
        return that_came(here)
