"""Statistics that point to nobody: small counts are hidden, and no subtraction brings one back."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from itertools import permutations

import pytest

from engine.errors import NotPermitted
from engine.ports import SYSTEM
from engine.work import Engine
from handlers.accounts.permissions import POST_PERMISSIONS, Post
from handlers.errors import RecordNotFound
from handlers.estate import counted, entry
from handlers.estate.address import Place
from handlers.estate.authorisation import Answer, Purpose, note_answer
from handlers.estate.counted import UNKNOWN
from handlers.estate.entry import HouseFacts
from handlers.estate.people import PersonEntry
from handlers.estate.records import RelationKind
from handlers.estate.small_cells import SMALL, Published, published
from handlers.estate.statistics import estate_statistics
from handlers.estate.unasked import count_unasked, unasked
from handlers.shared import limits
from handlers.shared.permissions import Permission
from tests.handlers.estate_world import World


def tables(total: int, cells: int) -> Iterator[tuple[int, ...]]:
    """Yield every table of a total in which no cell is empty."""
    if cells == 1:
        yield (total,)
        return
    for first in range(1, total - cells + 2):
        yield from ((first, *rest) for rest in tables(total - first, cells - 1))


def shown(table: tuple[int, ...], order: tuple[int, ...]) -> Published[int]:
    return published(dict(enumerate(table)), lambda key: str(order.index(key)))


@pytest.mark.parametrize("cells", [1, 2, 3, 4])
def test_who_knows_the_rule_and_the_total_and_subtracts_learns_no_hidden_count(cells: int) -> None:
    """Try every table: those that look the same when published must differ in each hidden cell.

    The attacker knows everything but the secret order.
    """
    for total in range(cells, 22):
        alike: dict[Published[int], list[tuple[int, ...]]] = defaultdict(list)
        for table in tables(total, cells):
            for order in permutations(range(cells)):
                alike[shown(table, order)].append(table)
        for result, possible in alike.items():
            for place, (_, count) in enumerate(result.cells):
                assert count is None or count >= SMALL
                values = {table[place] for table in possible}
                if count is None and result.total is not None:
                    assert len(values) > 1, (result, values)
                    assert max(values) >= SMALL, (result, values)


def test_a_small_total_is_hidden_with_its_cells() -> None:
    assert published({"a": 3}, str) == Published((("a", None),), None)
    assert published({"a": 1, "b": 1, "c": 0}, str) == Published((("a", None), ("b", None)), None)
    ones = published(dict.fromkeys("abcdef", 1), str)
    assert ones.total is None, "six hidden cells that make six would each be one"
    assert published({"a": 5, "b": 9}, str) == Published((("a", 5), ("b", 9)), 14)
    assert published({}, str) == Published((), 0)


def populate(world: World) -> None:
    """Seven owners born in the eighties, two in the forties, one company; houses of three types."""
    with world.engine.work(SYSTEM) as work:
        houses = [
            entry.add_house(work, world.community, Place("9", "1", str(100 + number)), HouseFacts(kind=kind))
            for number, kind in enumerate(["三室两厅"] * 6 + ["一室一厅"] * 2)
        ]
    for number in range(7):
        person = world.person(f"业主{number}", f"1361234{number:04d}", id_number=born(1980 + number))
        world.relate(person, houses[number])
        if number == 0:
            world.relate(person, houses[7], RelationKind.CO_OWNER)  # counts once
    for number in range(2):
        person = world.person(f"老人{number}", f"1361235{number:04d}", id_number=born(1941 + number))
        world.relate(person, world.house, RelationKind.CO_OWNER)
    tenant = world.person("租户", "13612360000", id_number=born(1999))
    world.relate(tenant, world.house, RelationKind.TENANT)

    counted.watch(world.engine)


def born(year: int) -> str:
    """Return an identity card's number of somebody born in a year."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    body = f"110105{year}0101001"
    total = sum(weight * int(digit) for weight, digit in zip(weights, body, strict=True))
    return body + "10X98765432"[total % 11]


@pytest.mark.both_stores
def test_owners_are_counted_once_by_decade_and_houses_by_type(engine: Engine, world: World) -> None:
    populate(world)
    with engine.reading(world.staff(Post.PM)) as work:
        found = estate_statistics(work, world.community)
    # Two born in the forties are hidden, and the seven with them, or subtracting would show the two.
    assert found.owners == Published(((1940, None), (1980, None)), 9)
    assert dict(found.houses.cells)["一室一厅"] is None
    assert [count for _, count in found.houses.cells if count is not None] == []
    assert found.houses.total == 10


def test_who_has_no_card_is_counted_as_unknown(engine: Engine, world: World) -> None:
    for number in range(5):
        world.relate(world.person(f"业主{number}", f"1361234{number:04d}"), world.house)
    counted.watch(engine)
    with engine.reading(world.staff(Post.PM)) as work:
        assert estate_statistics(work, world.community).owners == Published(((UNKNOWN, 5),), 5)


def test_statistics_are_for_the_posts_of_the_table(engine: Engine, world: World) -> None:
    let_in = set()
    for post in Post:
        with engine.reading(world.staff(post)) as work:
            with suppress(NotPermitted):
                estate_statistics(work, world.community)
                let_in.add(post)
            with pytest.raises(RecordNotFound):
                estate_statistics(work, world.other_community)
    assert let_in == {post for post in Post if Permission.STATISTICS_READ in POST_PERMISSIONS[post]}


# --- owners who were never asked ----------------------------------------------------------------------------


def test_owners_who_were_never_asked_are_listed_until_they_have_said_yes_or_no(
    engine: Engine, world: World
) -> None:
    first, second = world.person("张三丰", "13812345678"), world.person("李四光", "13912345678")
    world.relate(first, world.house)
    world.relate(second, world.neighbour, RelationKind.CO_OWNER)
    world.relate(world.person("王五", "13712345678"), world.house, RelationKind.TENANT)
    clerk = world.staff(Post.CS)

    def listed() -> list[str]:
        with engine.reading(clerk) as work:
            found = unasked(work)
            assert count_unasked(work) == len({one.person_id for one in found})
            return [f"{one.address} {one.name}" for one in found]

    assert listed() == ["1栋2单元301 张*丰", "1栋2单元302 李*光"]
    with engine.work(clerk) as work:
        note_answer(work, first, world.house, Purpose.FEE, Answer.NO)
    assert listed() == ["1栋2单元302 李*光"]
    with engine.work(clerk) as work:
        note_answer(work, second, world.neighbour, Purpose.NOTICE, Answer.YES)
    assert listed() == []


@pytest.mark.both_stores
def test_the_list_is_read_page_by_page_in_the_own_communities(engine: Engine, world: World) -> None:
    with engine.work(SYSTEM) as work:
        person = entry.add_person(work, PersonEntry("张三丰"))
        for number in range(limits.PAGE_ROWS + 3):
            house = entry.add_house(work, world.community, Place("8", "1", f"{number:03d}"))
            entry.add_relation(work, entry.RelationEntry(house, person, RelationKind.OWNER))
    with engine.reading(world.staff(Post.CS)) as work:
        first = unasked(work)
        rest = unasked(work, first[-1].relation_id)
    assert [len(first), len(rest)] == [limits.PAGE_ROWS, 3]
    assert len({one.house_id for one in (*first, *rest)}) == limits.PAGE_ROWS + 3
    with engine.reading(world.staff(Post.CS, world.other_community)) as work:
        assert (unasked(work), unasked(work, first[0].relation_id), count_unasked(work)) == ([], [], 0)
    with engine.reading(world.staff(Post.FIN)) as work, pytest.raises(NotPermitted):
        unasked(work)
