"""The product's own procedures: deployed once, upgraded, and never over an owner's change."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from engine import definitions, deployed
from engine.calendar import calendar_of
from engine.ports import SYSTEM
from engine.store.tables import deployment
from engine.work import Engine
from handlers.built_in import built_in_files, deploy_built_in, seed_holidays

FORM = "repair_take.form"


@pytest.fixture
def files() -> dict[str, bytes]:
    return built_in_files()


def edited(content: bytes, by: str) -> bytes:
    """The same form, whose end tells who saved it."""
    return content + {"product": b"\n", "owner": b"\n\n"}[by]


def in_force(engine: Engine) -> bytes:
    with engine.reading(SYSTEM) as work:
        return deployed.current_files(work.connection)[FORM].content


def deployments(engine: Engine) -> int:
    with engine.reading(SYSTEM) as work:
        return int(work.connection.execute(select(func.count()).select_from(deployment)).scalar_one())


@pytest.mark.both_stores
def test_a_new_installation_has_every_procedure_and_the_second_time_nothing_happens(
    engine: Engine, files: dict[str, bytes]
) -> None:
    assert deploy_built_in(engine).deployed == tuple(sorted(files))
    again = deploy_built_in(engine)
    assert (again.deployed, again.kept) == ((), ())
    assert deployments(engine) == 1


def test_an_upgrade_brings_the_files_that_the_product_changed(
    engine: Engine, files: dict[str, bytes]
) -> None:
    deploy_built_in(engine)
    upgraded = files | {FORM: edited(files[FORM], "product")}
    assert deploy_built_in(engine, upgraded).deployed == (FORM,)
    assert in_force(engine) == upgraded[FORM]


def test_an_upgrade_leaves_an_owners_change_in_force_and_says_so(
    engine: Engine, files: dict[str, bytes]
) -> None:
    deploy_built_in(engine)
    own = edited(files[FORM], "owner")
    with engine.work(SYSTEM) as work:
        definitions.deploy(work, "studio", {FORM: own}, source="studio")
    unchanged = deploy_built_in(engine)
    assert (unchanged.deployed, unchanged.kept) == ((), ())
    upgraded = deploy_built_in(engine, files | {FORM: edited(files[FORM], "product")})
    assert (upgraded.deployed, upgraded.kept) == ((), (FORM,))
    assert in_force(engine) == own


def test_the_calendars_that_diagrams_name_are_known_with_their_holidays(engine: Engine) -> None:
    seed_holidays(engine)
    seed_holidays(engine)

    with engine.reading(SYSTEM) as work:
        office = calendar_of(work, "office")
        friday_evening = datetime(2026, 9, 30, 9, 0, tzinfo=UTC)  # the day before the national holiday
        assert office.add(friday_evening, timedelta(hours=2)) == datetime(2026, 10, 8, 2, 0, tzinfo=UTC)
