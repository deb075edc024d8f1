"""Sealed: an event's stored text, whose personal fields are one ciphertext in its first member.

    {"sealed": "<nonce and AES-256-GCM, base64>", "visit_id": …, "reason": "[erased]"}

All else stays JSON that SQL reads. Opened, the personal fields stand behind the others: of two members of a
name, the last one counts. Bound to its journey, version, id and type, a ciphertext is of use nowhere else.
"""

from binascii import a2b_base64, b2a_base64
from uuid import UUID

from pydantic_core import to_json

from journey.domain.event import Recorded
from journey.domain.parting import parted
from journey.store.vault import CannotBeOpened, sealed, unsealed, vault

MEMBER = "sealed"
BEGINS = f'{{"{MEMBER}":"'
START = len(BEGINS)


def stored_text(each: Recorded) -> str:
    """The event as it is stored: sealed with the journey's key, or without what is personal where that is
    destroyed.
    """
    event = each.event
    if each.key is None:
        return event.__pydantic_serializer__.to_json(event, exclude_none=True).decode()
    lasting, personal = parted(event)
    text = to_json(lasting).decode()
    if not personal or not each.key:
        return text
    bound = about(each.journey_id, each.version, each.event_id, event.stored_as)
    box = b2a_base64(sealed(vault().cipher(each.key), to_json(personal), bound), newline=False).decode()
    return f'{BEGINS}{box}",{text[1:]}' if lasting else f'{BEGINS}{box}"}}'


def opened_text(text: str, key: bytes | None, about: bytes) -> str:
    """What was stored as this text, which begins with BEGINS: all of it, or what lasts where the key is
    destroyed. Raises CannotBeOpened.
    """
    if not key:
        if key is None:
            raise CannotBeOpened("The data key of a journey is missing.")
        return text
    end = text.index('"', START)
    personal = unsealed(vault().cipher(key), a2b_base64(text[START:end]), about).decode()
    lasting = text[end + 2 : -1]
    return f"{{{lasting},{personal[1:]}" if lasting else personal


def about(journey_id: UUID, version: int, event_id: UUID, stored_as: str) -> bytes:
    """What a ciphertext is bound to."""
    return journey_id.bytes + version.to_bytes(8) + event_id.bytes + stored_as.encode()
