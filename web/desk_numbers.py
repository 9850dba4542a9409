"""Says which number of a front desk stands on a page, for somebody who is not signed in as well."""

import logging
from dataclasses import dataclass
from typing import cast

from flask import Flask, g

from engine.errors import StoreUnavailable
from engine.ports import SYSTEM
from engine.work import Engine
from handlers.estate import communities
from handlers.estate.communities import Community
from web import context

_LAST = "desk_numbers"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Numbers:
    """Whom to call.

    Attributes:
        phone: the one desk that is this reader's; empty where that is not known.
        desks: those of the communities, to choose from, where there are several.
    """

    phone: str = ""
    desks: tuple[Community, ...] = ()


def numbers() -> Numbers:
    """Return whose desk this reader may call."""
    if "desk_numbers" not in g:
        g.desk_numbers = _read()
    found: Numbers = g.desk_numbers
    return found


def _read() -> Numbers:
    person = context.person()
    phone = (person.desk_phone if person else "") or context.config().desk_phone
    if phone or (person and person.is_staff):
        return Numbers(phone)
    return _of(_desks())


def of_everybody() -> Numbers:
    """Return whose desk anybody may call, whoever reads: for a page that browsers keep."""
    phone = context.config().desk_phone
    return Numbers(phone) if phone else _of(_desks())


def _of(desks: tuple[Community, ...]) -> Numbers:
    is_one = len({desk.desk_phone for desk in desks}) == 1
    return Numbers(desks[0].desk_phone) if is_one else Numbers("", desks)


def _desks() -> tuple[Community, ...]:
    """Return the desks; on the page of an error those that were read last, for the store may not answer."""
    engine = context.engine()
    if "is_without_store" not in g:
        _read_all(engine)
    return cast(tuple[Community, ...], engine.cache.get(_LAST, ()))


def _read_all(engine: Engine) -> None:
    with engine.reading(SYSTEM) as work:
        engine.cache[_LAST] = tuple(communities.desks(work))


def init_app(app: Flask, engine: Engine) -> None:
    """Give templates the numbers, and read them ahead: the first page of a node may be that of an error."""
    try:
        _read_all(engine)
    except StoreUnavailable as error:
        log.warning("the desks were not read ahead", exc_info=error)

    @app.context_processor
    def desk_phones() -> dict[str, object]:
        found = numbers()
        return {"desk_phone": found.phone, "desks": found.desks}
