"""Writes what people read before they act: pairs of label and text, and lists to choose from.

A label is a Chinese word that pages translate; a text is as somebody wrote it, or says it in both languages.
"""

from collections.abc import Iterable
from datetime import datetime

from engine.bilingual import Text, in_both, joined
from engine.ports import Json
from engine.work import Work

Facts = dict[str, Json]
Pairs = list[list[Text]]
Options = list[dict[str, Json]]


def pairs(*lines: tuple[Text, Text]) -> Pairs:
    """Keep the lines that say something."""
    return [[label, text] for label, text in lines if any(in_both(text))]


def option(value: object, label: Text) -> dict[str, Json]:
    """Return one choice."""
    chinese, english = in_both(label)
    return {"value": str(value), "label": chinese, "label_en": english}


def local(work: Work, moment: datetime | None) -> str:
    """Show a moment in the installation's zone, to the minute; with its year where it is not this year's."""
    if moment is None:
        return ""
    here = moment.astimezone(work.engine.zone)
    is_this_year = here.year == work.now.astimezone(work.engine.zone).year
    return here.strftime("%m-%d %H:%M" if is_this_year else "%Y-%m-%d %H:%M")


def names(work: Work, ids: Iterable[int]) -> Text:
    """Name members of staff, one after the other."""
    wanted = list(ids)
    known = work.engine.directory.names(work.connection, wanted)
    return joined(known.get(one, str(one)) for one in wanted)
