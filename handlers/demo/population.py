"""Invents the estate: communities, buildings, houses, and who lives in them. Plain values, nothing stored."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from random import Random

from handlers.demo.names import SURNAMES, Inventor


@dataclass(frozen=True)
class Size:
    """How large an estate is.

    Attributes:
        communities: name, desk phone, number of buildings.
        units, floors, rooms: of each building, each unit and each floor.
        staff: members of staff in all.
        weeks: of past repairs.
        cases_a_day: repairs reported on an average day.
    """

    communities: tuple[tuple[str, str, int], ...]
    units: int
    floors: int
    rooms: int
    staff: int
    weeks: int
    cases_a_day: float


FULL = Size(
    (("云栖花园", "010-5550-0101", 16), ("望湖公寓", "010-5550-0202", 14), ("梧桐里", "010-5550-0303", 10)),
    units=2,
    floors=15,
    rooms=2,
    staff=60,
    weeks=5,
    cases_a_day=9,
)
SMALL = Size(
    (("云栖花园", "010-5550-0101", 2),), units=2, floors=5, rooms=3, staff=26, weeks=1, cases_a_day=3
)

# layout and area in square metres
_KINDS = (
    ("一室一厅", Decimal("52.30")),
    ("两室一厅", Decimal("78.65")),
    ("两室两厅", Decimal("89.12")),
    ("三室两厅", Decimal("121.40")),
)


@dataclass(frozen=True)
class Person:
    """An invented person.

    Attributes:
        relation: to the house, as `RelationKind` says it.
        has_account: whether they use the app.
    """

    name: str
    sex: str
    born_year: int
    phone: str | None
    id_number: str | None
    relation: str
    has_account: bool = False


@dataclass(frozen=True)
class House:
    """An invented house and its people; an empty house has its owner elsewhere."""

    room: str
    address: str
    kind: str
    area_m2: Decimal
    handed_over_on: date
    people: tuple[Person, ...]
    plates: tuple[str, ...] = ()


@dataclass(frozen=True)
class Building:
    """An invented building: the name of each unit and its houses."""

    name: str
    units: tuple[tuple[str, tuple[House, ...]], ...]


@dataclass(frozen=True)
class Community:
    """An invented community."""

    name: str
    desk_phone: str
    buildings: tuple[Building, ...] = field(default_factory=tuple)


def invent(size: Size, seed: int, block: int = 1) -> tuple[Community, ...]:
    """Invent an estate; the same size, seed and block of phone numbers give the same one."""
    random = Random(seed)  # noqa: S311  # inventing, not guarding
    inventor = Inventor(random, block)
    return tuple(
        Community(
            name, phone, tuple(_building(size, number, random, inventor) for number in range(1, count + 1))
        )
        for name, phone, count in size.communities
    )


def _building(size: Size, number: int, random: Random, inventor: Inventor) -> Building:
    handed_over_on = date(random.randint(2014, 2023), random.randint(1, 12), random.randint(1, 28))
    units = tuple(
        (f"{unit}单元", tuple(_houses(size, f"{number}栋{unit}单元", handed_over_on, random, inventor)))
        for unit in range(1, size.units + 1)
    )
    return Building(f"{number}栋", units)


def _houses(
    size: Size, unit: str, handed_over_on: date, random: Random, inventor: Inventor
) -> Iterator[House]:
    for floor in range(1, size.floors + 1):
        for column in range(1, size.rooms + 1):
            room = f"{floor}{column:02d}"
            kind, area = _KINDS[(column + floor) % len(_KINDS)]
            people = tuple(_household(random, inventor))
            plates = tuple(inventor.plate() for _ in range(random.choice((0, 0, 1, 1, 2))))
            yield House(room, f"{unit}{room}", kind, area, handed_over_on, people, plates)


def _household(random: Random, inventor: Inventor) -> Iterator[Person]:
    surname = random.choice(SURNAMES)
    owner = _person(random, inventor, "owner", surname, random.randint(1948, 1998), app=0.7)
    yield owner
    if random.random() < 0.25:
        yield _person(random, inventor, "co_owner", "", owner.born_year + random.randint(-6, 6), app=0.5)
    kind = random.choices(("lives", "let", "empty"), (72, 20, 8))[0]
    if kind == "let":
        yield _person(random, inventor, "tenant", "", random.randint(1975, 2004), app=0.8)
    if kind == "lives":
        for _ in range(random.choice((0, 1, 1, 2, 3))):
            yield _person(random, inventor, "family", surname, random.randint(1945, 2006), app=0.4)


def _person(
    random: Random, inventor: Inventor, relation: str, surname: str, born_year: int, *, app: float
) -> Person:
    sex = random.choice(("male", "female"))
    has_phone = random.random() < (0.97 if relation == "owner" else 0.85)
    is_owner = relation in {"owner", "co_owner"}
    return Person(
        name=inventor.name(surname),
        sex=sex,
        born_year=born_year,
        phone=inventor.phone() if has_phone else None,
        id_number=inventor.id_number(born_year, sex) if is_owner else None,
        relation=relation,
        has_account=has_phone and random.random() < app,
    )
