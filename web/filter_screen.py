"""What the inbox shows of filters: those that are saved, with counts, and the form that makes one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from flask import request

from engine import inbox, procedures, saved_filters
from engine.errors import RuleBroken
from engine.inbox import View
from engine.narrowing import Narrowing
from engine.saved_filters import Filter
from engine.work import Work
from handlers.estate import communities
from web.listing import narrowed
from web.lists import NAMES
from web.numbers import posted_id
from web.texts import gettext, lazy_gettext
from web.wishes import Wish
from web.words import either

MOST_COUNTED = 99
COUNTED_CHIPS = 6  # each is a look at the lists
WITHIN = {
    "0": lazy_gettext("已超时"),
    "60": lazy_gettext("1 小时内"),
    "240": lazy_gettext("4 小时内"),
    "1440": lazy_gettext("24 小时内"),
    "4320": lazy_gettext("3 天内"),
}
URGENCY = {"0": lazy_gettext("紧急"), "1": lazy_gettext("紧急和加急")}


@dataclass(frozen=True)
class Chip:
    """A saved filter above the list; `count` is "" where counting would take as long as looking."""

    id: int
    name: str
    count: str
    is_current: bool


@dataclass(frozen=True)
class FilterScreen:
    """The filters of one person, and the form.

    Attributes:
        values: what stands in the form, by the names of its fields.
        said: what the list is narrowed to, in words.
        steps: procedure -> (value, label) of the steps that the person's posts do there.
        is_saved: the current one has a name, so that saving changes it.
        is_gone: the one that the address names is there no more.
        is_open: the form was refused, and says why.
    """

    chips: tuple[Chip, ...]
    values: Mapping[str, str]
    said: tuple[str, ...]
    steps: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]
    communities: tuple[tuple[str, str], ...]
    current: int
    is_saved: bool
    is_gone: bool
    is_open: bool
    within = tuple(WITHIN.items())
    urgency = tuple(URGENCY.items())
    views = tuple((view.value, NAMES[view]) for view in saved_filters.VIEWS)


def filter_screen(work: Work, wish: Wish) -> FilterScreen:
    """Read the filters of the actor for the inbox."""
    current = saved_filters.opened(work, wish.filter_id) if wish.filter_id else None
    refused = request.endpoint == "filters.keep"
    begun = current or Filter(wish.view if wish.view in saved_filters.VIEWS else View.WORK, Narrowing())
    values = dict(request.form.items()) if refused else _values(begun)
    steps = tuple(_steps(work))
    places = tuple((str(one.id), one.name) for one in communities.acted_in(work))
    labels = {value: label for _, _, group in steps for value, label in group}
    labels |= {value: name for value, name, _ in steps} | dict(places)
    return FilterScreen(
        chips=chips(work, wish),
        values=values,
        said=_said(current, labels) if current else (),
        steps=steps,
        communities=places if len(places) > 1 else (),
        current=current.id if current else 0,
        is_saved=bool(current and current.name),
        is_gone=bool(wish.filter_id and current is None),
        is_open=refused,
    )


def chips(work: Work, wish: Wish) -> tuple[Chip, ...]:
    """Count what the first few saved filters hold; those that look for words are not counted."""
    return tuple(
        Chip(one.id, one.name, _count(work, one) if at < COUNTED_CHIPS else "", one.id == wish.filter_id)
        for at, one in enumerate(saved_filters.saved(work))
    )


def _count(work: Work, one: Filter) -> str:
    if one.wanted.text:
        return ""
    size = inbox.size(work, one.view, narrowed(one.wanted), MOST_COUNTED + 1)
    if size.is_least:
        return f"{size.count}+" if size.count else ""
    return str(size.count) if size.count <= MOST_COUNTED else f"{MOST_COUNTED}+"


def _steps(work: Work) -> list[tuple[str, str, tuple[tuple[str, str], ...]]]:
    return [
        (
            f"{program.key}/",
            either(program.name, program.name_en),
            tuple((f"{program.key}/{one.step_id}", either(one.name, one.name_en)) for one in steps),
        )
        for program, steps in procedures.own_steps(work)
    ]


def _values(found: Filter) -> dict[str, str]:
    wanted = found.wanted
    minutes = wanted.within // timedelta(minutes=1) if wanted.within is not None else ""
    return {
        "view": found.view.value,
        "name": found.name,
        "step": f"{wanted.process_key}/{wanted.step_id}" if wanted.process_key else "",
        "urgency": "" if wanted.urgency is None else str(wanted.urgency),
        "community": str(wanted.scope_id or ""),
        "within": str(minutes),
        "text": wanted.text,
    }


def _said(found: Filter, labels: Mapping[str, str]) -> tuple[str, ...]:
    values = _values(found)
    step, place = values["step"], values["community"]
    within, urgency = WITHIN.get(values["within"]), URGENCY.get(values["urgency"])
    said = (
        str(NAMES[found.view]),
        labels.get(step, step),
        str(urgency or ""),
        labels.get(place, place),
        str(within or ""),
        gettext("含“%(words)s”", words=values["text"]) if values["text"] else "",
    )
    return tuple(one for one in said if one)


def posted_filter() -> Filter:
    """Read the filter that this request's form asks for; without "save" it gets no name.

    Raises:
        RuleBroken: it is to be saved and has no name.
    """
    form = request.form
    name = " ".join(form.get("name", "").split()) if form.get("act") == "save" else ""
    if form.get("act") == "save" and not name:
        raise RuleBroken("filter_unnamed", "请给筛选起个名称再保存")
    process_key, _, step_id = form.get("step", "").partition("/")
    view = form.get("view", "")
    within, urgency = form.get("within", ""), form.get("urgency", "")
    wanted = Narrowing(
        process_key=process_key,
        step_id=step_id,
        urgency=int(urgency) if urgency in URGENCY else None,
        scope_id=posted_id("community") or None,
        within=timedelta(minutes=int(within)) if within in WITHIN else None,
        text=form.get("text", "").strip(),
    )
    views = {one.value: one for one in saved_filters.VIEWS}
    return Filter(views.get(view, View.WORK), wanted, name, posted_id("id"))
