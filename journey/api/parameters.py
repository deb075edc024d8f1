"""Parameters: whether an address asks for what there is, and what of it may be kept."""

from collections import Counter
from typing import Any, get_args, get_origin
from urllib.parse import urlencode

from fastapi import Request

from journey.api.problems import FieldError, Problem
from journey.api.spelling import no_such

NAMES_PATIENTS = frozenset({"q", "mrn", "name", "family", "given", "birthdate", "identifier"})
"""The parameters in which a patient's names and numbers stand."""

LEADING_ON = frozenset({"cursor", "_page"})
"""They bear a digest of what was asked for, and numbers are soon tried out; or all of it, sealed."""


def refuse_wrong_parameters(request: Request, known: dict[str, bool]) -> None:
    """A misspelt filter would answer another question than the one that was asked, and so would one of two;
    NUL finds nothing. `known` says which may be repeated.
    """
    given = request.query_params.multi_items()
    wrong = {name: no_such("parameter", name, known) for name, _ in given if name not in known}
    for name, times in Counter(name for name, _ in given).items():
        if times > 1 and not known.get(name, True):
            wrong[name] = "It can be given only once"
    wrong |= {name: "It holds a NUL character" for name, value in given if "\0" in value}
    if wrong:
        errors = [
            FieldError(where="query", field=name[:100], message=message) for name, message in wrong.items()
        ]
        raise Problem("invalid", "A parameter is wrong; each is named below.", errors=errors[:20])


def is_repeated(annotation: Any) -> bool:
    """Whether a parameter of this type may be given more than once."""
    return any(get_origin(each) in {list, tuple} for each in (annotation, *get_args(annotation)))


def said_of(request: Request) -> list[tuple[str, str]]:
    """What was asked for, in the address or in a form beside it."""
    return [*request.query_params.multi_items(), *getattr(request.state, "form", ())]


def without_names(request: Request) -> str:
    """What was asked for, but for a patient's names and numbers."""
    given = said_of(request)
    hidden = NAMES_PATIENTS & {name for name, _ in given}
    if hidden:
        hidden |= LEADING_ON
    return urlencode([(name, "*" if name in hidden else value) for name, value in given])
