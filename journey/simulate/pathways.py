"""The ways patients take through the clinic, each a story told from its first step."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from journey.domain.event import Coded
from journey.domain.visit.events import Appointment
from journey.simulate.booking import see
from journey.simulate.cases import CARDIOLOGY, EMERGENCY, ONCOLOGY, ORTHOPAEDICS, SURGERY, WELLNESS, Case
from journey.simulate.covering import covered
from journey.simulate.dice import Weighted
from journey.simulate.emergency import comes_unannounced
from journey.simulate.enrolling import PRIOR_AUTHORIZATION, follows
from journey.simulate.following import begin, closed, sent_elsewhere, visited
from journey.simulate.helping import hindered
from journey.simulate.matters import ECHO, INJECTION, MRI
from journey.simulate.payers import authorized
from journey.simulate.planning import asks_for_something, notes, plans
from journey.simulate.reaching import reaches, sought
from journey.simulate.referred import referred_by_a_practice
from journey.simulate.referring import refers
from journey.simulate.story import Story, Told
from journey.simulate.surgery import operated_on
from journey.simulate.suspected import suspected_of_cancer
from journey.simulate.treating import evidenced, told_what_it_is
from journey.simulate.waiting import waits_for_treatment

SHARE_OPERATED = 0.25
SHARE_REFERRED_ON = 0.38
SHARE_COVERED, SHARE_HINDERED, SHARE_SOUGHT = 0.35, 0.25, 0.6
SHARE_IMAGED, SHARE_SEEN_AGAIN, SHARE_ECHO = 0.75, 0.55, 0.5
SHARE_PLANNED, SHARE_NOTED, SHARE_ASKED = 0.5, 0.3, 0.5
MORE_VISITS: Weighted[int] = ((0.5, 1), (0.35, 2), (0.15, 3))
PAYS_ALONE = "the patient pays for it"
MINUTE = timedelta(minutes=1)

Way = Callable[[Story, datetime], None]


def referred_to_orthopaedics(story: Story, at: datetime) -> None:
    """A referral, a visit or two, images the payer has to agree to; some are operated on."""
    dice = story.dice
    told, about, known = begin(story, at, ORTHOPAEDICS)
    referred = referred_by_a_practice(story, told, at, about)
    if known is None:
        referred.turned_away()
        return
    follows(story, told, at + MINUTE * 0.9, PRIOR_AUTHORIZATION)
    taken = referred.taken_on(known)
    if taken is None:
        sent_elsewhere(story, told, referred.thread.at)
        return
    payer = covered(story, told, taken) if dice.chance(SHARE_COVERED) else None
    wish = Appointment(referral_id=referred.referral_id)
    over = visited(story, told, taken, 1, lead=told.case.lead, wish=wish)
    if over is not None:
        _hindered(story, told, over)
        if dice.chance(SHARE_IMAGED):
            evidenced(story, told, over - 3 * MINUTE)
            over = images(story, told, over, MRI, payer) or over
        if dice.chance(SHARE_SEEN_AGAIN):
            again = over + dice.minutes(3, 25)
            over = visited(story, told, again, 1, lead=20, virtual=0.15) or told.settled
        told_what_it_is(story, told, over, about, INJECTION)
        _referred_on(story, told, over)
    referred.ends(over)
    _ends(story, told, at, over)
    if dice.chance(SHARE_OPERATED):
        operated_on(story, story.diary.in_hours(told.settled + dice.days(13, 20)), continues=told)


def images(story: Story, told: Told, at: datetime, what: Coded, payer: UUID | None) -> datetime | None:
    """A visit for which the payer is asked first; without its word, mostly none."""
    asking = authorized(story, told, at + story.dice.minutes(5, 60), what, payer)
    if asking.granted is None:
        return None
    wish = Appointment(service=what, authorization_id=asking.granted)
    anyhow = PAYS_ALONE if asking.out_of_pocket else None
    return see(story, told, asking.at, days=8, wish=wish, anyhow=anyhow)


def followed_by_cardiology(story: Story, at: datetime) -> None:
    """Seen again and again, in the clinic or by video, by a plan; now and then the heart does not wait."""
    dice = story.dice
    told, _about, known = begin(story, at, CARDIOLOGY)
    if known is None:
        return
    payer = covered(story, told, known) if dice.chance(SHARE_COVERED) else None
    over = visited(story, told, known, 1, lead=told.case.lead)
    if over is not None:
        if dice.chance(SHARE_PLANNED):
            plans(story, told, over - MINUTE)
        if dice.chance(SHARE_NOTED):
            notes(story, told, over)
        if dice.chance(SHARE_ASKED):
            asks_for_something(story, told, over + dice.minutes(5, 90))
        _hindered(story, told, over)
        if dice.chance(SHARE_ECHO):
            over = images(story, told, over, ECHO, payer) or over
        again = over + dice.minutes(3, 25)
        over = visited(story, told, again, dice.by_share(MORE_VISITS), lead=22, every=22, virtual=0.35)
    if over is not None:
        _referred_on(story, told, over)
    _ends(story, told, at, over)


def examined(story: Story, at: datetime) -> None:
    """A check-up with blood tests, and a call about them for some."""
    dice = story.dice
    told, _about, known = begin(story, at, WELLNESS)
    if known is None:
        return
    visits = dice.by_share(((0.7, 1), (0.3, 2)))
    over = visited(story, told, known, visits, lead=told.case.lead, every=12, virtual=0.5)
    if over is not None:
        _referred_on(story, told, over)
        if dice.chance(SHARE_ASKED / 2):
            asks_for_something(story, told, over + dice.minutes(5, 90))
    _ends(story, told, at, over)


def _hindered(story: Story, told: Told, over: datetime) -> None:
    if story.dice.seldom("hindered", SHARE_HINDERED):
        hindered(story, told, over + story.dice.minutes(5, 60))


def _referred_on(story: Story, told: Told, over: datetime) -> None:
    if story.dice.seldom("referred on", SHARE_REFERRED_ON):
        refers(story, told, over + story.dice.minutes(5, 60))


def _ends(story: Story, told: Told, at: datetime, over: datetime | None) -> None:
    """Who never came is looked for; then it is closed."""
    if over is None and story.dice.chance(SHARE_SOUGHT):
        sought(story, told, told.settled)
    reaches(story, told, at)
    closed(story, told, over)


def brought_in(story: Story, at: datetime) -> None:
    """An emergency."""
    comes_unannounced(story, at)


WAYS: Weighted[tuple[Case, Way]] = (
    (0.14, (ORTHOPAEDICS, referred_to_orthopaedics)),
    (0.09, (ORTHOPAEDICS, waits_for_treatment)),
    (0.06, (ONCOLOGY, suspected_of_cancer)),
    (0.18, (CARDIOLOGY, followed_by_cardiology)),
    (0.13, (SURGERY, operated_on)),
    (0.24, (EMERGENCY, brought_in)),
    (0.16, (WELLNESS, examined)),
)
