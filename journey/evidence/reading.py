"""Reading: a file that may be anything, as an evidence pack or as one sentence that says why it is none."""

import zlib
from collections.abc import Iterator
from typing import IO, NamedTuple, TypeVar
from zipfile import BadZipFile, ZipFile, ZipInfo

from pydantic import BaseModel, ValidationError

from journey import jsontext
from journey.evidence import form
from journey.evidence.form import AccessLine, EventLine, Keys, Manifest, Pack, Proofs

BROKEN = (
    BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
    OverflowError,
)
"""What the library says of an archive that is none, is cut off, encrypted or packed in another way."""

Model = TypeVar("Model", bound=BaseModel)


class Unsound(Exception):
    """The file does not prove what it says. The message names the first thing that is wrong."""


class Opened(NamedTuple):
    """The files, and what stands in them."""

    files: dict[str, bytes]
    pack: Pack


def opened(file: IO[bytes]) -> Opened:
    """Raises Unsound."""
    files = _unpacked(file)
    manifest = _read(Manifest, files, form.MANIFEST)
    if manifest.format != form.FORMAT:
        raise Unsound(f"{form.MANIFEST}: the format is not {form.FORMAT}; check it with a newer Journey.")
    return Opened(
        files,
        Pack(
            manifest,
            _text(files, form.CHECKPOINT),
            _read(Keys, files, form.KEYS),
            tuple(_lines(EventLine, files, form.EVENTS)),
            tuple(_lines(AccessLine, files, form.ACCESSES)),
            _read(Proofs, files, form.PROOFS),
        ),
    )


def _unpacked(file: IO[bytes]) -> dict[str, bytes]:
    """Nothing is written anywhere, and no name is used as a path."""
    try:
        with ZipFile(file) as packed:
            entries = packed.infolist()
            _refuse_strange(entries)
            return {each.filename: _content(packed, each) for each in entries}
    except BROKEN:
        raise Unsound("It is no evidence pack, or was cut off: the ZIP file cannot be read.") from None


def _refuse_strange(entries: list[ZipInfo]) -> None:
    names = [each.filename for each in entries]
    if len(names) != len(set(names)) or not form.MAY_BE_THERE.issuperset(names):
        raise Unsound("It holds a file twice, or one that does not belong in an evidence pack.")
    missing = [name for name in (form.MANIFEST, *form.LISTED) if name not in names]
    if missing:
        raise Unsound(f"{missing[0]} is missing.")
    if sum(each.file_size for each in entries) > form.LARGEST:
        raise Unsound("It is larger than an evidence pack may be.")


def _content(packed: ZipFile, entry: ZipInfo) -> bytes:
    """No more than it says that there is."""
    with packed.open(entry) as content:
        return content.read(entry.file_size)


def _text(files: dict[str, bytes], name: str) -> str:
    try:
        return files[name].decode()
    except UnicodeDecodeError:
        raise Unsound(f"{name}: it is not text in UTF-8.") from None


def _read(model: type[Model], files: dict[str, bytes], name: str) -> Model:
    return _said(model, files[name], name)


def _lines(model: type[Model], files: dict[str, bytes], name: str) -> Iterator[Model]:
    *lines, rest = files[name].split(b"\n")
    if rest:
        raise Unsound(f"{name}: the last line is cut off.")
    return (_said(model, line, f"{name} line {number}") for number, line in enumerate(lines, 1))


def _said(model: type[Model], text: bytes, where: str) -> Model:
    try:
        value, faults = jsontext.read(text)
    except jsontext.Malformed:
        raise Unsound(f"{where}: it is not JSON in UTF-8.") from None
    if faults:
        raise Unsound(f"{where}: {faults[0].what.lower()}.")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        path = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"])
        raise Unsound(f"{where}: {path or 'it'} has not the form that it should have.") from None
