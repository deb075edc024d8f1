"""Aside: why something that came cannot be applied now, in words that quote nothing from it."""

from traceback import extract_tb

from pydantic import ValidationError


class Unapplied(Exception):
    """It cannot be applied now. The sentence says why."""

    def __init__(self, code: str, sentence: str, where: str | None = None, *, waits: bool = False) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.where = where
        """The element of a FHIR resource, as FHIRPath: `Encounter.period.start`."""
        self.waits = waits
        """Whether another message of the same journey may change that."""


def sentence(problem: ValidationError) -> str:
    """Which value is wrong, and how; never the value."""
    first = problem.errors(include_input=False, include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"] if isinstance(part, str))
    return f"{where or problem.title}: {first['msg'].removeprefix('Value error, ')}."


def place(error: Exception) -> str:
    """The innermost line of ours that failed. Not the traceback: its texts may quote the patient."""
    ours = [each for each in extract_tb(error.__traceback__) if "/journey/" in each.filename]
    return f"{ours[-1].name}:{ours[-1].lineno}" if ours else ""
