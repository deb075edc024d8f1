"""Sealed: where a search goes on that was asked by a form, so that what it asks for is in no address.

A form keeps numbers and names out of addresses, which are logged on the way. So do the links of its answer:
they bear what was asked for, sealed by the site's master key.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Sequence

from journey.cursors import ForeignCursor
from journey.store.vault import CannotBeOpened, vault

Given = Sequence[tuple[str, str]]


def sealed(type_: str, given: Given) -> str:
    """What was asked for of resources of this type."""
    box = vault().kms.wrap(json.dumps([type_, *given]).encode())
    return urlsafe_b64encode(box).decode().rstrip("=")


def opened(type_: str, said: str) -> list[tuple[str, str]]:
    """Raises ForeignCursor."""
    try:
        box = urlsafe_b64decode(said + "=" * (-len(said) % 4))
        of, *given = json.loads(vault().kms.unwrap(box))
    except (Error, ValueError, CannotBeOpened):
        raise ForeignCursor from None
    if of != type_:
        raise ForeignCursor
    return [(name, value) for name, value in given]
