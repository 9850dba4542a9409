"""What could be chosen in a step that is closed."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import NoResultFound

from engine import form_steps
from engine.errors import Refused
from engine.forms import Form
from engine.forms.answers import Options
from engine.ports import SYSTEM
from engine.service_tasks import Context
from engine.store.tables import instance
from tests.engine.cases.conftest import FORM, Shop

CREWS = {"crews": [{"label": "水电班", "value": "7"}]}


def chosen_of(two: Shop, query: Callable[[Context], Any]) -> Options:
    """Ask what could be chosen in a step whose form opens with this query."""
    form = Form.parse(json.dumps({**FORM, "on_open": "test.crews"}).encode(), "check.form")
    engine = replace(two.engine, library=replace(two.engine.library, form_data={"test.crews": query}))
    with engine.reading(SYSTEM) as work:
        case = work.connection.execute(select(instance)).one()
        return form_steps.choices(work, case, form, "second", 1)


def raising(error: Exception) -> Callable[[Context], Any]:
    def query(_context: Context) -> Any:
        raise error

    return query


def test_what_a_query_offers_of_a_closed_step_is_what_could_be_chosen(two: Shop) -> None:
    assert chosen_of(two, lambda _context: {"options": CREWS}) == CREWS


@pytest.mark.parametrize("error", [Refused("no_crew", "没有班组"), NoResultFound()])
def test_nothing_can_be_chosen_where_what_the_query_asks_for_is_gone(two: Shop, error: Exception) -> None:
    assert chosen_of(two, raising(error)) == {}


@pytest.mark.parametrize("error", [AttributeError("crew"), AssertionError(), KeyError("crew")])
def test_a_query_that_breaks_is_not_taken_for_one_without_choices(two: Shop, error: Exception) -> None:
    with pytest.raises(type(error)):
        chosen_of(two, raising(error))
