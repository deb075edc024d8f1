"""Proof: how far the log is signed, that something is in it, and a file that an outsider can check."""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from starlette.responses import Response

from journey.ledger.checkpoint import Statement
from journey.ledger.merkle import Unproven, verify_consistency, verify_inclusion
from journey.ledger.note import BadNote, Verifier, opened
from journey.web.calling import Refusal
from journey.web.finding import found, named
from journey.web.handing import handed
from journey.web.page import HOME, Asked, Page, go
from journey.web.pages.verifying import standing, verifications

Row = Mapping[str, Any]
HERE = f"{HOME}/proof"
BASES = (
    *("operations", "treatment", "payment", "individual", "authorization", "limited-data-set"),
    *("national-security", "correctional", "required-by-law", "public-health", "oversight", "judicial"),
    *("law-enforcement", "research", "safety", "other"),
)
"""What may allow that it goes out."""

MISSING = frozenset({"not-in-the-ledger-yet", "no-such-checkpoint"})


async def proof(asked: Asked) -> Response:
    """The latest checkpoint; and what is asked of it, checked here."""
    return await _shown(asked)


async def _shown(asked: Asked, problem: Row | None = None, status: int = 200) -> Response:
    checkpoint = await _checkpoint(asked)
    shown: Row | None = None
    try:
        shown = await _proven(asked, checkpoint) if checkpoint else None
    except Refusal as refusal:
        if refusal.code in {"forbidden", "unauthorized"}:
            raise
        problem, status = problem or refusal.problem, 422 if refusal.status == 422 else 404  # noqa: PLR2004 - as the API
    running, results = await verifications(asked)
    return asked.page(
        "proof.html",
        status,
        checkpoint=checkpoint,
        shown=shown,
        problem=problem,
        patient=await named(asked),
        people=await found(asked),
        wanted=asked.said("q"),
        bases=BASES,
        verifying=running,
        verified=standing(results),
    )


async def _checkpoint(asked: Asked) -> Row | None:
    """The latest; None before the first second in which something was recorded has passed."""
    try:
        latest: Row = await asked.api.get("/v1/log/checkpoint")
    except Refusal as refusal:
        if refusal.code not in MISSING:
            raise
        return None
    return latest


async def _proven(asked: Asked, checkpoint: Row) -> Row | None:
    """What is asked for, with what came of checking it."""
    query = asked.query
    what = query.get("of", "").strip()
    if what:
        kind = query.get("kind", "event")
        given = {"position" if what.isdecimal() else kind if kind in {"access", "journey"} else "event": what}
    elif query.get("from"):
        given = {"from": query["from"], "to": query.get("to") or str(checkpoint["events"]["size"])}
    else:
        return None
    answer: Row = (await asked.api.get("/v1/log/proof", **given))["proof"]
    return {**answer, "holds": holds(answer, checkpoint["keys"])}


def holds(proof: Row, keys: list[Row]) -> bool | None:
    """Whether the proof leads to a checkpoint that a key of the ledger signs; None where that takes more than
    what is shown here.
    """
    known = [Verifier.read(each["verifier"]) for each in keys]
    hashes = [b64decode(each) for each in proof.get("proof", ())]
    try:
        signed = Statement.read(opened(proof["checkpoint"], known)[0])
        head = signed.accesses if proof.get("tree") == "access" else signed.events
        match proof["proves"]:
            case "inclusion":
                verify_inclusion(
                    proof["leaf_index"], head.size, b64decode(proof["leaf_hash"]), hashes, head.root
                )
            case "consistency":
                first = Statement.read(opened(proof["first_checkpoint"], known)[0]).events
                verify_consistency(first.size, head.size, first.root, hashes, head.root)
            case _:
                return None
    except (BadNote, Unproven):
        return False
    return True


async def evidence(asked: Asked) -> Response:
    """The file; that it goes, and to whom, is on record before it does."""
    patient = await named(asked)
    if patient is None:
        return go(HERE)
    wanted = {
        "patients": [patient.patient_id],
        "recipient": asked.said("recipient"),
        "purpose": asked.said("purpose") or "HCOMPL",
        "basis": asked.said("basis"),
        "accesses": asked.said("accesses") == "yes",
    }
    try:
        file = await asked.api.file("POST", "/v1/audit/exports", body=wanted)
        return handed(file, f"evidence-{UUID(patient.patient_id).hex[:8]}.zip")
    except Refusal as refusal:
        if refusal.code in {"forbidden", "unauthorized"}:
            raise
        return await _shown(asked, refusal.problem, refusal.status)


PAGES = (
    Page(HERE, proof, methods=("GET", "POST")),
    Page(f"{HERE}/evidence", evidence, methods=("POST",)),
)
