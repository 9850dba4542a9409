"""Finds cases by pieces of what is said about them: any two characters side by side are an index entry.

Words of Chinese have no spaces and are mostly two characters long, so pairs are the shortest thing worth
looking for; a house or a number is an entry as a whole too. The entries are rows of an ordinary table,
written in the transaction of the text they stem from, alike on SQLite and PostgreSQL. They hold nothing
that does not stand in clear beside them: never a sealed column.
"""

import unicodedata
from collections.abc import Iterable, Sequence

from sqlalchemy import delete, func, select

from engine.store.dialects import insert_unknown
from engine.store.tables import case_gram
from engine.work import Work

ESCAPE = "/"
LONGEST = 40
FEW = 5000  # a pair that so many cases hold is followed; of a commoner one the list itself is walked through
_ENOUGH = 200


def pieces(text: str) -> tuple[str, ...]:
    """Return what a text is looked for by: its words, in their order, each of two characters or more."""
    words = unicodedata.normalize("NFKC", text).lower().split()
    return tuple(word for word in words if len(word) > 1)


def pattern(words: Iterable[str]) -> str:
    """Write words as what LIKE takes: one after the other, with anything between them."""
    escaped = (
        word.replace(ESCAPE, ESCAPE * 2).replace("%", f"{ESCAPE}%").replace("_", f"{ESCAPE}_")
        for word in words
    )
    return f"%{'%'.join(escaped)}%"


def pairs(words: Iterable[str]) -> set[str]:
    """Return every two characters that stand side by side in words."""
    return {word[at : at + 2] for word in words for at in range(len(word) - 1)}


def _entries(words: Iterable[str]) -> set[str]:
    """Return what a text is found by: its pairs, and each house and number of it as a whole."""
    listed = tuple(words)
    return pairs(listed) | {word for word in listed if _is_whole(word)}


def _is_whole(word: str) -> bool:
    """Tell whether a word is looked for as a whole first: its pairs are those of very many houses."""
    return 2 < len(word) <= LONGEST and any(character.isdigit() for character in word)


def note(work: Work, instance_id: int, *texts: str) -> None:
    """Have a case found by texts that say something about it, from now on."""
    found = sorted(_entries(word for text in texts for word in pieces(text)))
    insert_unknown(
        work.connection, case_gram, ("gram", "instance_id"), [(entry, instance_id) for entry in found]
    )


def forget(work: Work, instance_id: int, *texts: str) -> None:
    """Have a case found by these texts no more; what other texts share with them has to be noted again."""
    found = _entries(word for text in texts for word in pieces(text))
    work.connection.execute(
        delete(case_gram).where(case_gram.c.gram.in_(found), case_gram.c.instance_id == instance_id)
    )


def rarest(work: Work, words: Sequence[str]) -> tuple[str, int]:
    """Return the entry of some words that the fewest cases hold, and how many those are, FEW + 1 at most.

    A house or a number that stands there as it was typed goes before any pair of it.
    """
    for word in filter(_is_whole, words):
        count = _count(work, word)
        if count:
            return word, count
    best, least = "", FEW + 2
    for pair in sorted(pairs(words)):
        count = _count(work, pair)
        if count < least:
            best, least = pair, count
        if least <= _ENOUGH:
            break
    return best, least


def _count(work: Work, entry: str) -> int:
    some = select(case_gram.c.instance_id).where(case_gram.c.gram == entry).limit(FEW + 1).subquery()
    return int(work.connection.execute(select(func.count()).select_from(some)).scalar_one())
