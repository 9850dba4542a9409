"""Says days, shifts, skills and posts of the roster."""

from collections.abc import Collection, Iterable
from datetime import date

from flask_babel import format_date

from handlers.accounts.cover import Cover, CoverKind
from handlers.accounts.shift_templates import Template
from handlers.accounts.skills import SKILL_NAMES
from web.days import clock_text
from web.lists import post_name
from web.texts import lazy_gettext
from web.words import either, said

_KINDS = {CoverKind.DESK: lazy_gettext("前台"), CoverKind.LEAD: lazy_gettext("值班长")}


def day_words(day: date) -> str:
    """Say a day of the week with its date."""
    return f"{format_date(day, 'EEE')} {format_date(day, 'MM-dd')}"


def template_words(one: Template) -> str:
    """Say a template with its times."""
    begin, end = clock_text(one.starts_minute), clock_text(one.starts_minute + one.minutes)
    return f"{said(one.name)} {begin}–{end}"


def skill_name(code: str) -> str:
    """Say a skill."""
    return either(*SKILL_NAMES.get(code, (code, code)))


def skill_words(skills: Collection[str], most: int = len(SKILL_NAMES)) -> str:
    """Say what somebody is able to do, or the beginning of it."""
    names = [skill_name(skill) for skill in SKILL_NAMES if skill in skills]
    return either("、", ", ").join(names[:most]) + ("…" if len(names) > most else "")


def post_words(posts: Iterable[str]) -> str:
    """Say the posts of somebody."""
    return either("、", ", ").join(post_name(post) for post in posts)


def cover_name(one: Cover) -> str:
    """Say what has to be manned."""
    return skill_name(one.skill) if one.kind is CoverKind.SKILL else str(_KINDS[one.kind])
