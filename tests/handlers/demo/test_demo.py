"""The demonstration estate: invented, the same for a seed, and alive."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select

from engine.clock import SettableClock
from engine.errors import Refused
from engine.ports import SYSTEM
from engine.store.database import Database
from engine.store.tables import escalation, incident, instance, task_history, user_task
from engine.work import Engine
from handlers import bootstrap
from handlers.accounts import sign_in
from handlers.accounts.logins import login_index
from handlers.accounts.passwords import Hasher
from handlers.accounts.permissions import POST_NAMES
from handlers.accounts.records import account_login, account_shift
from handlers.demo import crew, handover, population
from handlers.demo.build import SMALL, Demonstration, build
from handlers.demo.fates import STALLED
from handlers.estate.identity import IdType, checked_id, normalised_mobile
from handlers.estate.importing import import_estate
from handlers.estate.records import estate_house
from handlers.moving import leases
from handlers.repair import orders
from handlers.repair.crew import proposals
from handlers.repair.records import repair_order
from handlers.settings import Settings
from handlers.shared.sealed import vault_of
from tests.conftest import deploy_built_in

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def engine_of(database: Database, folder: Path) -> Engine:
    """Build an engine whose passwords are hashed cheaply."""
    settings = Settings(database_url=database.url.render_as_string(hide_password=False), data_dir=folder)
    engine = bootstrap.build(settings, SettableClock(NOW), database)
    engine.cache["password_hasher"] = Hasher(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    return engine


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Demonstration]]:
    """A small demonstration, made once."""
    folder = tmp_path_factory.mktemp("demo")
    url = f"sqlite:///{folder}/wuye.db"
    deploy_built_in(url, folder)
    database = Database(url)
    engine = engine_of(database, folder)
    yield engine, build(engine, folder, size=SMALL)
    database.dispose()
    shutil.rmtree(folder)


def count(engine: Engine, *what: object) -> int:
    with engine.reading(SYSTEM) as work:
        return int(work.connection.execute(select(func.count()).select_from(*what)).scalar_one())


def test_the_estate_has_houses_people_and_every_post(made: tuple[Engine, Demonstration]) -> None:
    engine, demonstration = made
    assert count(engine, estate_house) == demonstration.houses == 60
    assert {one.post for one in demonstration.sign_ins} == {name for name, _ in POST_NAMES.values()}
    assert len(demonstration.sign_ins) == len(POST_NAMES) + 4  # two residents, two leads, three repairers


def test_everybody_printed_can_sign_in_at_once(made: tuple[Engine, Demonstration]) -> None:
    engine, demonstration = made
    for one in demonstration.sign_ins:
        assert sign_in.sign_in(engine, one.login, one.password, "127.0.0.1"), one.post


def test_passwords_differ_between_people(made: tuple[Engine, Demonstration]) -> None:
    _, demonstration = made
    assert len({one.password for one in demonstration.sign_ins}) == len(demonstration.sign_ins)


def test_somebody_waits_at_every_step(made: tuple[Engine, Demonstration]) -> None:
    engine, _ = made
    with engine.reading(SYSTEM) as work:
        rows = work.connection.execute(select(user_task.c.called_process, user_task.c.step_id)).all()
    assert {one.step for one in STALLED} <= {(row.called_process, row.step_id) for row in rows}


def test_the_past_has_repairs_ratings_escalations_and_late_steps(made: tuple[Engine, Demonstration]) -> None:
    engine, demonstration = made
    assert count(engine, instance) == demonstration.cases
    assert count(engine, escalation) > 0
    with engine.reading(SYSTEM) as work:
        rated = select(func.count()).where(repair_order.c.rating_speed.is_not(None))
        late = select(func.count()).where(task_history.c.late)
        late_now = select(func.count()).where(user_task.c.overdue_at.is_not(None))
        for question in (rated, late, late_now):
            assert work.connection.execute(question).scalar_one() > 0


def test_nothing_broke_on_the_way(made: tuple[Engine, Demonstration]) -> None:
    engine, _ = made
    assert count(engine, incident) == 0


def test_the_clock_is_the_old_one_again(made: tuple[Engine, Demonstration]) -> None:
    engine, _ = made
    assert engine.clock.now() == NOW


def test_it_is_built_on_an_empty_installation_only(
    made: tuple[Engine, Demonstration], tmp_path: Path
) -> None:
    engine, _ = made
    with pytest.raises(Refused, match="空的安装"):
        build(engine, tmp_path, size=SMALL)


def test_somebody_of_desk_and_workshop_is_on_shift_at_every_hour(made: tuple[Engine, Demonstration]) -> None:
    engine, _ = made
    with engine.reading(SYSTEM) as work:
        spans = work.connection.execute(
            select(account_shift.c.starts_at, account_shift.c.ends_at).order_by(account_shift.c.starts_at)
        ).all()
    covered_until = spans[0].starts_at
    for span in spans:
        assert span.starts_at <= covered_until, "a gap in the roster"
        covered_until = max(covered_until, span.ends_at)
    assert covered_until > NOW


def account_of(engine: Engine, login: str) -> int:
    index = login_index(vault_of(engine), login)
    with engine.reading(SYSTEM) as work:
        found = select(account_login.c.account_id).where(account_login.c.login_index == index)
        return int(work.connection.execute(found).scalar_one())


@pytest.mark.parametrize("hours", [16, 28, 24 * 10 + 16], ids=["02:00", "14:00", "later"])
def test_whoever_is_printed_can_be_sent_and_asked_at_every_hour(
    made: tuple[Engine, Demonstration], hours: int
) -> None:
    engine, demonstration = made
    printed = {one.login for one in demonstration.sign_ins}
    assert {"cs1a", "rp1a1", "rp1a2", "rp1b1"} <= printed
    with engine.reading(SYSTEM) as work:
        clerk, *repairers = (account_of(engine, login) for login in ("cs1a", "rp1a1", "rp1a2", "rp1b1"))
        order_ids = work.connection.execute(select(repair_order.c.id)).scalars().all()
        found = [orders.by_id(work.connection, order_id) for order_id in order_ids]
    engine.clock = SettableClock(NOW + timedelta(hours=hours))
    try:
        with engine.reading(SYSTEM) as work:
            for order in found:
                assert set(repairers) <= {one.id for one in proposals(work, order)}, order.skill
            told = engine.directory.recipients(work.connection, "cs", found[0].community_id, work.now)
            assert clerk in told
    finally:
        engine.clock = SettableClock(NOW)


def test_no_lease_task_is_late_in_a_fresh_demonstration(made: tuple[Engine, Demonstration]) -> None:
    engine, _ = made
    leases.watch(engine)
    with engine.reading(SYSTEM) as work:
        due = work.connection.execute(
            select(user_task.c.due_at).where(user_task.c.step_id == "lease_end")
        ).scalars()
        assert [one > NOW for one in due] == [True]


def test_the_hand_over_list_can_be_imported_and_its_faults_are_reported(
    made: tuple[Engine, Demonstration],
) -> None:
    engine, demonstration = made
    report = import_estate(engine, SYSTEM, demonstration.list_file.read_bytes())
    assert report.totals.houses_added > 30
    assert report.problems


def test_a_seed_gives_the_same_estate_and_another_seed_another() -> None:
    assert population.invent(SMALL, 5) == population.invent(SMALL, 5)
    assert population.invent(SMALL, 5) != population.invent(SMALL, 6)
    assert crew.invent(1, 5) == crew.invent(1, 5)


def test_invented_numbers_are_right_and_nobodys() -> None:
    people = [
        person
        for community in population.invent(population.FULL, 3)
        for building in community.buildings
        for _, houses in building.units
        for house in houses
        for person in house.people
    ]
    phones = [person.phone for person in people if person.phone]
    documents = [person.id_number for person in people if person.id_number]
    assert len(set(phones)) == len(phones)
    assert all(normalised_mobile(phone).startswith("154") for phone in phones)
    for number in documents:
        assert checked_id(IdType.ID_CARD, number, NOW.date()).number.startswith("110100")


def test_the_full_estate_has_the_promised_size() -> None:
    communities = population.invent(population.FULL, 1)
    houses = [
        house
        for community in communities
        for building in community.buildings
        for _, houses in building.units
        for house in houses
    ]
    assert len(communities) == 3
    assert sum(len(community.buildings) for community in communities) == 40
    assert len(houses) == 2400
    assert len(crew.invent(3, 1)) == 60


def test_a_hand_over_list_counts_its_rows(tmp_path: Path) -> None:
    assert handover.write_list(tmp_path / "a.xlsx", 1) == handover.write_list(tmp_path / "b.xlsx", 1) == 50
