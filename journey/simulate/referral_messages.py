"""Referrals as HL7 v2.5.1 messages: what is asked (REF), and what is answered (RRI), chapter 11.

RF1-6 is the loop's number, the same in question and answer.
"""

from dataclasses import dataclass, field
from uuid import UUID

from journey.domain.codes import Priority
from journey.domain.event import Coded, Command
from journey.domain.referral import (
    AcceptReferral,
    CancelReferral,
    ChangeReferral,
    ConfirmReferralReceipt,
    DeclineReferral,
    DraftReferral,
    ExpireReferral,
    ReferralOrder,
    SendReferral,
)
from journey.simulate.cases import FACILITY, LOCAL
from journey.simulate.segments import coded, parts, segment

SAYS: dict[type[Command], tuple[str, str]] = {
    SendReferral: ("REF^I12^REF_I12", "P"),
    ChangeReferral: ("REF^I13^REF_I12", "P"),
    CancelReferral: ("REF^I14^REF_I12", "P"),
    ConfirmReferralReceipt: ("RRI^I12^RRI_I12", "P"),
    AcceptReferral: ("RRI^I12^RRI_I12", "A"),
    DeclineReferral: ("RRI^I12^RRI_I12", "R"),
    ExpireReferral: ("RRI^I12^RRI_I12", "E"),
}
"""The message, and RF1-1 (HL7 table 0283): pending, accepted, rejected, expired."""
PRIORITIES = {Priority.STAT: "S", Priority.ASAP: "A", Priority.URGENT: "A", Priority.ROUTINE: "R"}
"""HL7 table 0280."""
ANSWERS = "RRI"
NUMBERS = 10**9
NOT_TOLD = ReferralOrder()


@dataclass(slots=True)
class Loop:
    """What messages tell of a referral. `asked` is the control id of the question."""

    number: str
    order: ReferralOrder = NOT_TOLD
    asked: str = ""


@dataclass(slots=True)
class Loops:
    """Every referral that was heard of."""

    known: dict[UUID, Loop] = field(default_factory=dict)

    def of(self, referral_id: UUID) -> Loop:
        """One of them, under a number of its own."""
        return self.known.setdefault(referral_id, Loop(f"F{referral_id.int % NUMBERS:09}"))

    def heard(self, command: Command) -> Loop | None:
        """The loop that the command is about, where it has a message."""
        if isinstance(command, DraftReferral | SendReferral | ChangeReferral):
            loop = self.of(command.referral_id)
            if command.order != NOT_TOLD:
                loop.order = command.order
        if type(command) not in SAYS:
            return None
        return self.of(command.referral_id)  # type: ignore[attr-defined]  # every command of the table names one


def before_the_patient(command: Command, loop: Loop) -> list[str]:
    """RF1 and who asks whom; an answer says first which question it answers."""
    kind, status = SAYS[type(command)]
    order = loop.order
    lines = [segment("MSA", {1: "AA", 2: loop.asked})] if kind.startswith(ANSWERS) else []
    lines.append(
        segment(
            "RF1",
            {1: status, 2: PRIORITIES[order.priority], 6: parts(loop.number, FACILITY), 10: _reason(command)},
        )
    )
    for role, who in (("RP", order.requester), ("RT", order.performer)):
        if who is not None:
            lines.append(segment("PRD", {1: role, 7: parts(who)}))
    return lines


def after_the_patient(loop: Loop) -> list[str]:
    """Why, and what is asked for."""
    lines = []
    if loop.order.reason is not None:
        lines.append(segment("DG1", {1: "1", 3: coded(loop.order.reason), 6: "W"}))
    if loop.order.service is not None:
        lines.append(segment("PR1", {1: "1", 3: coded(loop.order.service)}))
    return lines


def _reason(command: Command) -> str:
    match command:
        case DeclineReferral():
            return coded(command.reason)
        case CancelReferral():
            return coded(Coded(system=LOCAL, code="CANCELLED", display=command.reason))
        case _:
            return ""
