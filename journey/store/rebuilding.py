"""Rebuilding: the lock of whoever makes a read model anew, and of whoever must not meet them at it."""

from zlib import crc32

TRY = "SELECT pg_try_advisory_lock(%s)"


def lock_of(model: str) -> int:
    """The advisory lock of the read model's rebuild."""
    return 0x4A_0003 << 32 | crc32(model.encode())
