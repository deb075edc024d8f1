"""Matching: which patients a question means, and how well.

What is said in full comes first, then what begins so, then what is only like it.
"""

from typing import LiteralString, NamedTuple

from journey.conditions import NOTHING_ASKED, Condition, joined
from journey.projections.findable import Word, asked

LIKENESS = "pg_trgm.strict_word_similarity_threshold=0.33"
"""From how much on a word is like another: one letter in five too many, too few or wrong."""

LIKE_ONLY = 10
"""The rank from which on a word is only like what was asked for; no question has so many beginnings."""

SAID: LiteralString = "status.search LIKE %s"
RESEMBLES: LiteralString = "resembles(%s, status.search)"


class Match(NamedTuple):
    """What has to be true, and the rank: the lower, the better."""

    condition: Condition
    rank: Condition


EVERYBODY = Match(NOTHING_ASKED, Condition("0"))
NOBODY = Match(Condition("false"), Condition("0"))


def matching(question: str | None) -> Match:
    """Each word has to be found; a question without a word finds nobody."""
    if question is None:
        return EVERYBODY
    words = asked(question)
    if not words:
        return NOBODY
    return Match(joined(" AND ", list(map(_found, words))), joined(" + ", list(map(_rank, words))))


def _found(word: Word) -> Condition:
    ways = _whole(word.forms) if word.whole else _begun(word.forms)
    if word.may_be_mistyped:
        ways += [
            *(Condition(RESEMBLES, (form,)) for form in word.forms),
            *_whole((*word.swapped, *word.off_by_one)),
        ]
    return joined(" OR ", ways)


def _rank(word: Word) -> Condition:
    if word.whole:
        return Condition("0")
    whole, begun = joined(" OR ", _whole(word.forms)), joined(" OR ", _begun(word.forms))
    sql: LiteralString = "CASE WHEN " + whole.sql + " THEN 0 WHEN " + begun.sql + " THEN 1 ELSE 10 END"
    return Condition(sql, whole.parameters + begun.parameters)


def _whole(forms: tuple[str, ...]) -> list[Condition]:
    return [Condition(SAID, (f"% {form} %",)) for form in forms]


def _begun(forms: tuple[str, ...]) -> list[Condition]:
    return [Condition(SAID, (f"% {form}%",)) for form in forms]
