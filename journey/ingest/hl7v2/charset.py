"""The character set of a message: MSH-18 (HL7 v2.5.1 2.15.9.18, table 0211), checked against its bytes.

A byte order mark, or the zero bytes of UTF-16, say more than MSH-18 can and win. A name that is unknown, or
that the bytes contradict, is replaced by the strictest guess that fits (UTF-8, then cp1252), and the guess is
owned up to. MSH-18 left out means ASCII.
"""

import codecs
import re
from functools import lru_cache

_MSH_18 = 17  # where it stands once the header is split: MSH-1 is the separator itself

_LONGEST = 200
"""Bytes of MSH-18 that are looked at, and remembered."""

_SIGNATURES = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    ("MS".encode("utf-16-le"), "utf-16-le"),
    ("MS".encode("utf-16-be"), "utf-16-be"),
)

# Table 0211 without its punctuation, which senders vary. UNICODE UTF-16 and UTF-32 are missing on purpose:
# bytes in which MSH-18 can be read one byte at a time are not in them.
_CODECS = {
    "": "ascii",
    "ASCII": "ascii",
    "ISOIR6": "ascii",
    **{
        f"{iso}8859{part}": f"iso8859-{part}"
        for iso in ("", "ISO")
        for part in (*range(1, 12), *range(13, 17))
    },
    "UNICODEUTF8": "utf-8",
    "UTF8": "utf-8",
    "CP1252": "cp1252",
    "WINDOWS1252": "cp1252",
    "ISOIR14": "shift_jis",
    "ISOIR87": "iso2022_jp_2",
    "ISOIR159": "iso2022_jp_2",
    "GB180302000": "gb18030",
    "KSX1001": "euc_kr",
    "BIG5": "big5",
}


def decode(raw: bytes) -> tuple[str, str, bool]:
    """The text without framing around it, the Python codec it was read with, and whether that was assumed."""
    raw = raw.lstrip(b"\x0b\r\n\t ")
    declared = signature(raw) or _declared(raw)
    raw = raw.removeprefix(codecs.BOM_UTF8)
    for codec in filter(None, (declared, "utf-8", "cp1252")):
        try:
            return _bare(raw.decode(codec)), codec, codec != declared
        except UnicodeDecodeError:
            continue
    return _bare(raw.decode("latin-1")), "latin-1", True


def encoded(text: str) -> bytes:
    """The text in the character set that its own MSH-18 names; `decode` leads back to it. Raises
    UnicodeEncodeError where that set lacks a character.
    """
    declared = _declared(text.encode(errors="replace")) or "utf-8"
    return text.encode("utf-8" if declared == "ascii" else declared)


def signature(head: bytes) -> str | None:
    """The codec that the first four bytes give away: a byte order mark, or MS in UTF-16."""
    return next((codec for mark, codec in _SIGNATURES if head.startswith(mark)), None)


def _bare(text: str) -> str:
    return text.lstrip("\ufeff\x0b\r\n\t ").rstrip("\x1c\r\n")


def _declared(raw: bytes) -> str | None:
    """The codec that MSH-18 names, read from the header as bytes."""
    header = re.split(rb"[\r\n]", raw, maxsplit=1)[0]
    fields = header.split(header[3:4] or b"|")
    if len(fields) <= _MSH_18:
        return _codec(b"", b"~")
    return _codec(fields[_MSH_18][:_LONGEST], fields[1][1:2] or b"~")


@lru_cache(maxsize=64)
def _codec(names: bytes, repetition: bytes) -> str | None:
    """The first repetition names the default. A Japanese set in a later one is reached by ISO 2022 escapes,
    which one codec covers together with ASCII.
    """
    found = [
        _CODECS.get(re.sub(r"[\W_]", "", name.decode("latin-1")).upper()) for name in names.split(repetition)
    ]
    return "iso2022_jp_2" if "iso2022_jp_2" in found else found[0]
