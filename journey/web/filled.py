"""Filled: what was written into a form, as the body that it makes.

What is left blank is left out: a row, a group that need not be there, a field. `places` says which input each
path of the body came from, so that a complaint stands beside it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic_core import from_json

from journey.web.forms import CODED, Field
from journey.web.page import whole
from journey.web.times import NoSuchTime, instant, written

MOST_ROWS = 20
MISSING = object()

Typed = Mapping[str, Sequence[str]]


def rows(typed: Typed, key: str) -> int:
    """How many rows under this key something was typed into, up to the last of them."""
    written = (name for name, said in typed.items() if any(each.strip() for each in said))
    indexes = (name[len(key) + 1 :].partition(".")[0] for name in written if name.startswith(f"{key}."))
    return min(max((whole(each) + 1 for each in indexes if each.isdecimal()), default=0), MOST_ROWS)


class Filled:
    """The body of what was typed, and where each part of it was."""

    def __init__(self, fields: Sequence[Field], typed: Typed) -> None:
        self._typed = typed
        self.places: dict[str, str] = {}
        self.complaints: dict[str, str] = {}
        """What the API need not be asked about."""

        self.body = self._group(fields, "", "")

    def place(self, path: str) -> str | None:
        """The input that a path of the body came from, or what it stands in."""
        while path and path not in self.places:
            path = path.rpartition(".")[0]
        return self.places.get(path)

    def _group(self, fields: Sequence[Field], key: str, path: str) -> dict[str, Any]:
        read = ((each.name, self._read(each, key + each.name, path + each.name)) for each in fields)
        return {name: value for name, value in read if value is not MISSING}

    def _read(self, field: Field, key: str, path: str) -> Any:
        self.places[path] = key
        made_of_several = {
            "coded": self._coded,
            "group": self._its_group,
            "rows": self._rows,
            "pairs": self._pairs,
            "either": self._either,
            "choices": self._choices,
        }
        return made_of_several.get(field.kind, self._one)(field, key, path)

    def _its_group(self, field: Field, key: str, path: str) -> Any:
        if not field.required and self._is_blank(field, key):
            return MISSING
        return self._group(field.fields, f"{key}.", f"{path}.")

    def _coded(self, field: Field, key: str, path: str) -> Any:
        """One that is written counts before one that is chosen."""
        written = self._group(field.fields, f"{key}.", f"{path}.")
        chosen = self._said(key)
        if written or not chosen:
            return written or MISSING
        return self._free(chosen, key)

    def _choices(self, field: Field, key: str, _path: str) -> Any:
        return [each for each in self._typed.get(key, ()) if each] or _unless(field)

    def _one(self, field: Field, key: str, _path: str) -> Any:
        """What one input says."""
        said = self._said(key)
        if not said:
            return MISSING
        match field.kind:
            case "whole" | "number":
                return _number(said, whole=field.kind == "whole")
            case "tick" | "answer":
                return said == "true"
            case "moment":
                return self._moment(said, key)
            case "free":
                return self._free(said, key)
        return said

    def _moment(self, said: str, key: str) -> str:
        try:
            return instant(said)
        except NoSuchTime as unclear:
            self.complaints[key] = unclear.problem["detail"]
            return said

    def _free(self, said: str, key: str) -> Any:
        try:
            return from_json(said)
        except ValueError:
            self.complaints[key] = "Write it as JSON: each field in quotes, a colon, its whole new value."
            return {}

    def _rows(self, field: Field, key: str, path: str) -> Any:
        [each] = field.fields
        found: list[Any] = []
        for index in range(MOST_ROWS):
            if not self._is_blank(each, f"{key}.{index}"):
                needed = each._replace(required=True)
                found.append(self._read(needed, f"{key}.{index}", f"{path}.{len(found)}"))
        return found or _unless(field)

    def _pairs(self, field: Field, key: str, _path: str) -> Any:
        return self._paired(key) or ({} if field.required else MISSING)

    def _paired(self, key: str) -> dict[str, str]:
        names = (self._said(f"{key}.{index}.name") for index in range(MOST_ROWS))
        return {name: self._said(f"{key}.{index}.value") for index, name in enumerate(names) if name}

    def _either(self, field: Field, key: str, path: str) -> Any:
        """Whichever of them is filled in; what is made of several fields stands under a key of its own."""
        for each, its in either(field, key):
            if not self._is_blank(each, its):
                return self._read(each._replace(required=True), its, path)
        return MISSING

    def _is_blank(self, field: Field, key: str) -> bool:
        """Nothing was written or chosen that does not stand there anyway."""
        match field.kind:
            case "group" | "coded":
                chosen = self._said(key) if field.kind == "coded" else ""
                return not chosen and all(self._is_blank(each, f"{key}.{each.name}") for each in field.fields)
            case "rows":
                [each] = field.fields
                return all(self._is_blank(each, f"{key}.{index}") for index in range(MOST_ROWS))
            case "pairs":
                return not self._paired(key)
            case "either":
                return all(self._is_blank(each, its) for each, its in either(field, key))
        if field.makes:
            return True
        return all(each.strip() in {"", field.default} for each in self._typed.get(key, ()))

    def _said(self, key: str) -> str:
        """Browsers send the end of a line as two characters."""
        return (self._typed.get(key) or [""])[-1].replace("\r\n", "\n").strip()


def either(field: Field, key: str) -> Iterator[tuple[Field, str]]:
    """Both, each with its key."""
    for each in field.fields:
        yield each, key if each.is_plain else f"{key}.other"


def as_typed(body: Mapping[str, Any], fields: Sequence[Field], key: str = "") -> dict[str, list[str]]:
    """What has to be typed for this body."""
    found: dict[str, list[str]] = {}
    for field in fields:
        if body.get(field.name) is not None:
            found |= _typed(body[field.name], field, key + field.name)
    return found


def _typed(value: Any, field: Field, key: str) -> dict[str, list[str]]:
    match field.kind:
        case "group":
            return as_typed(value, field.fields, f"{key}.")
        case "rows":
            every = (_typed(each, field.fields[0], f"{key}.{at}") for at, each in enumerate(value))
            return {name: said for each in every for name, said in each.items()}
        case "pairs":
            rows_of = [{"name": name, "value": said} for name, said in value.items()]
            return {f"{key}.{at}.{part}": [row[part]] for at, row in enumerate(rows_of) for part in row}
        case "either":
            plain, grouped = sorted(either(field, key), key=lambda one: not one[0].is_plain)
            return _typed(value, *(grouped if isinstance(value, dict) else plain))
    return {key: _leaf(value, field)}


def _leaf(value: Any, field: Field) -> list[str]:
    match field.kind:
        case "choices":
            return list(value)
        case "free":
            return [json.dumps(value, indent=2, ensure_ascii=False)]
        case "coded":
            return [offered(value)]
        case "tick" | "answer":
            return [str(value).lower()]
        case "moment":
            return [written(str(value))]
    return [str(value)]


def offered(code: Mapping[str, Any]) -> str:
    """A code as it is chosen from a list."""
    return json.dumps({name: code[name] for name in CODED if code.get(name)}, ensure_ascii=False)


def _unless(field: Field) -> Any:
    """Nothing, where something has to be: the API says how much."""
    return [] if field.required else MISSING


def _number(said: str, *, whole: bool) -> Any:
    """As it was written, where it is none."""
    try:
        return int(said) if whole else float(said)
    except ValueError:
        return said
