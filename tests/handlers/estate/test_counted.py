"""Statistics over time: no difference of two published states shows what fewer than five people are."""

from collections.abc import Iterator
from itertools import count

import pytest

from engine.ports import SYSTEM
from engine.work import Engine
from handlers.accounts.permissions import Post
from handlers.estate import counted, entry
from handlers.estate.people import PersonEntry
from handlers.estate.records import estate_counted_owner, estate_person, estate_relation
from handlers.estate.statistics import estate_statistics
from handlers.privacy import export_rows
from tests.handlers.estate.test_statistics import born
from tests.handlers.estate_world import World

pytestmark = pytest.mark.both_stores


class Owners:
    """Owners of one house of a community, who come and go."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._number: Iterator[int] = count()
        self._manager = world.staff(Post.PM)

    def come(self, how_many: int, year: int) -> list[int]:
        """Let people become owners, who were born in a year; return their relations."""
        found = []
        for _ in range(how_many):
            number = next(self._number)
            card = born(year)[:14]
            person = self._world.person(
                f"业主{number}", f"1361234{number:04d}", id_number=_card(card, number)
            )
            found.append(self._world.relate(person, self._world.house))
        return found

    def leave(self, relations: list[int]) -> None:
        """Let their ownership end."""
        with self._world.engine.work(SYSTEM) as work:
            mine = estate_relation.c.id.in_(relations)
            work.connection.execute(estate_relation.update().where(mine).values(valid_to=work.now))

    def published(self) -> dict[int, int | None]:
        """Return what the page shows after the counts were given the chance to follow."""
        counted.watch(self._world.engine)
        with self._world.engine.reading(self._manager) as work:
            return dict(estate_statistics(work, self._world.community).owners.cells)


def _card(head: str, number: int) -> str:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    body = f"{head}{number:03d}"
    total = sum(weight * int(digit) for weight, digit in zip(weights, body, strict=True))
    return body + "10X98765432"[total % 11]


@pytest.fixture
def owners(world: World) -> Owners:
    return Owners(world)


def test_one_home_that_changes_hands_moves_no_count(owners: Owners) -> None:
    old = owners.come(7, 1951)
    owners.come(6, 1985)
    before = owners.published()
    assert before == {1950: 7, 1980: 6}
    owners.leave(old[:1])
    owners.come(1, 1992)
    assert owners.published() == before


def test_counts_follow_once_five_have_come_and_once_five_have_left(owners: Owners) -> None:
    old = owners.come(12, 1951)
    assert owners.published() == {1950: 12}
    owners.come(4, 1985)
    owners.leave(old[:4])
    assert owners.published() == {1950: 12}
    owners.come(1, 1985)
    assert owners.published() == {1950: 12, 1980: 5}, "the four who left are still counted"
    owners.leave(old[4:5])
    assert owners.published() == {1950: 7, 1980: 5}


def test_fewer_than_five_owners_are_not_counted_at_all(owners: Owners) -> None:
    owners.come(4, 1985)
    assert owners.published() == {}


def test_who_comes_and_goes_between_is_never_counted(owners: Owners) -> None:
    owners.come(6, 1951)
    owners.published()
    brief = owners.come(4, 1985)
    owners.published()
    owners.leave(brief)
    owners.come(4, 1992)
    assert owners.published() == {1950: 6}


def test_a_decade_that_is_corrected_shows_with_four_others(world: World, owners: Owners) -> None:
    owners.come(10, 1951)
    owners.published()

    def correct(how_many: int) -> None:
        with world.engine.work(SYSTEM) as work:
            people = work.connection.execute(estate_person.select().order_by(estate_person.c.id)).all()
            wrong = estate_person.c.id.in_([row.id for row in people[:how_many]])
            work.connection.execute(estate_person.update().where(wrong).values(birth_decade=1960))

    correct(4)
    assert owners.published() == {1950: 10}
    correct(5)
    assert owners.published() == {1950: 5, 1960: 5}


def test_an_owner_who_is_not_checked_is_not_counted(world: World, owners: Owners) -> None:
    owners.come(5, 1951)
    with world.engine.work(SYSTEM) as work:
        for number in range(5):
            person = entry.add_person(work, PersonEntry(f"新人{number}"))
            entry.add_relation(work, entry.RelationEntry(world.house, person, entry.RelationKind.OWNER))
    assert owners.published() == {1950: 5}


def test_the_file_of_the_figures_holds_the_published_state(world: World, owners: Owners) -> None:
    owners.come(8, 1951)
    owners.published()
    owners.come(1, 1985)
    owners.published()
    with world.engine.reading(world.staff(Post.PM)) as work:
        ages = [row for row in export_rows._statistics(work, world.community, 0).rows if row[0] == "业主年龄"]
    assert ages == [("业主年龄", "1950 年代出生", "8")]


def test_two_nodes_count_nobody_twice(engine: Engine, world: World, owners: Owners) -> None:
    owners.come(6, 1951)
    for _ in range(2):
        engine.run(SYSTEM, lambda work: counted.follow(work, world.community))
    with engine.reading(SYSTEM) as work:
        assert len(work.connection.execute(estate_counted_owner.select()).all()) == 6
