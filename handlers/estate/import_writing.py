"""Writes a hand-over list part by part; a house that contradicts what is known is left out whole."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Table, select

from engine.ids import new_id
from engine.ports import Json
from engine.work import Work
from handlers.estate.address import Place
from handlers.estate.entry import HouseFacts, add_community, unit_of
from handlers.estate.import_changes import Changes
from handlers.estate.import_fields import Field
from handlers.estate.import_list import HandOverList, ListedHouse, ListedOwner
from handlers.estate.import_people import Contradiction, PeopleOfImport, Planned
from handlers.estate.import_rows import RowProblem
from handlers.estate.records import (
    CheckState,
    RelationKind,
    estate_community,
    estate_house,
    estate_person,
    estate_relation,
)
from handlers.shared.masks import mask_name
from handlers.shared.permissions import Permission

_OWNERS = (RelationKind.OWNER, RelationKind.CO_OWNER)
_FACTS = {"kind": Field.KIND, "area_m2": Field.AREA, "handed_over_on": Field.HANDED_OVER}


@dataclass
class Totals:
    """What a list says and what became of it.

    Attributes:
        rows: of data; `ignored` are totals and remarks, `repeated` say again what another row said.
        listed_*: what stands in rows that could be read; `taken_*`: what of it was taken over.
        compared: how many totals the list states itself; `differing` are those its rows do not add up to.
    """

    rows: int = 0
    ignored: int = 0
    repeated: int = 0
    problems: int = 0
    listed_houses: int = 0
    listed_owners: int = 0
    listed_area_m2: Decimal = Decimal(0)
    taken_houses: int = 0
    taken_owners: int = 0
    taken_area_m2: Decimal = Decimal(0)
    houses_added: int = 0
    houses_changed: int = 0
    people_added: int = 0
    people_changed: int = 0
    relations_added: int = 0
    relations_removed: int = 0
    proposals: int = 0
    compared: int = 0
    differing: int = 0

    @property
    def is_whole(self) -> bool:
        """Tell whether every row and every sum of the list was taken over."""
        listed = (self.listed_houses, self.listed_owners, self.listed_area_m2)
        is_as_stated = not (self.problems or self.differing)
        return is_as_stated and listed == (self.taken_houses, self.taken_owners, self.taken_area_m2)

    def take(self, house: ListedHouse) -> None:
        """Count a house that was taken over."""
        self.taken_houses += 1
        self.taken_owners += len(house.owners)
        self.taken_area_m2 += house.facts.area_m2 or 0

    def plus(self, other: "Totals") -> "Totals":
        """Add up two steps."""
        return Totals(
            **{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(Totals)}
        )

    def stored(self) -> dict[str, Json]:
        """Return the totals as JSON can hold them."""
        return {
            name: str(value) if isinstance(value, Decimal) else value for name, value in asdict(self).items()
        }

    @staticmethod
    def read(stored: Mapping[str, Any]) -> "Totals":
        """Read stored totals."""
        values: dict[str, Any] = {
            name: type(zero)(stored.get(name, 0)) for name, zero in vars(Totals()).items()
        }
        return Totals(**values)


def totals_of(listed: HandOverList) -> Totals:
    """Count what a list says."""
    return Totals(
        rows=listed.rows,
        ignored=listed.ignored,
        repeated=listed.repeated,
        problems=len({(one.sheet, one.row) for one in listed.problems}),
        listed_houses=len(listed.houses),
        listed_owners=sum(len(house.owners) for house in listed.houses),
        listed_area_m2=sum((house.facts.area_m2 or Decimal(0) for house in listed.houses), Decimal(0)),
        compared=listed.compared,
        differing=len(listed.differing),
    )


@dataclass(frozen=True)
class _Relation:
    id: int
    person_id: int
    name_index: str
    check_state: str
    import_id: int | None


class _LeftOut(Exception):
    """A house cannot be taken over; `problem` says why."""

    def __init__(
        self, at: ListedHouse | ListedOwner, column: Field, message: str, value: str = "", **params: object
    ) -> None:
        super().__init__(message)
        self.problem = RowProblem(at.sheet, at.row, column, value, message, params)


class TakeOver:
    """Writes a part of a list in one Work; a house with a contradiction is left out as a whole.

    Attributes:
        totals: of this part.
        problems: of this part, in order.
        communities: ids of those that the part concerns.
    """

    def __init__(self, work: Work, import_id: int, houses: Sequence[ListedHouse]) -> None:
        self._work = work
        self._import_id = import_id
        self._part = houses
        self._changes = Changes(work, import_id)
        self._people = PeopleOfImport(work, self._changes)
        self._units: dict[tuple[int, str, str], int] = {}
        self._communities: dict[str, tuple[int, ZoneInfo]] = {}
        self._houses: dict[tuple[int, str], Row[*tuple[Any, ...]]] = {}  # by unit and room
        self._owners: dict[int, list[_Relation]] = defaultdict(list)  # by house
        self.totals = Totals()
        self.problems: list[RowProblem] = []

    @property
    def communities(self) -> set[int]:
        """Ids of the communities that the part concerns."""
        return {community_id for community_id, _ in self._communities.values()}

    def run(self) -> None:
        """Write the part, and note what was changed."""
        self._read_communities()
        self._read_known()
        for house in self._part:
            try:
                self._take(house)
            except _LeftOut as left_out:
                self.problems.append(left_out.problem)
            else:
                self.totals.take(house)
        self.totals.problems = len(self.problems)
        self._changes.write()

    def _read_communities(self) -> None:
        """Find the communities of the list; new ones are opened by those who may."""
        work = self._work
        for name in sorted({house.community for house in self._part}):
            row = work.connection.execute(
                select(estate_community).where(estate_community.c.name == name)
            ).one_or_none()
            if row is not None:
                work.require(Permission.ESTATE_IMPORT, row.id)
                self._communities[name] = (row.id, ZoneInfo(row.zone))
            elif work.may(Permission.SYSTEM_CONFIGURE):
                zone = "Asia/Shanghai"
                self._communities[name] = (add_community(work, name, zone), ZoneInfo(zone))

    def _read_known(self) -> None:
        """Read the houses and owners that are on record in the units of this part."""
        units = {
            self._unit(self._communities[house.community][0], house.place)
            for house in self._part
            if house.community in self._communities
        }
        in_units = estate_house.c.unit_id.in_(units)
        connection = self._work.connection
        for row in connection.execute(select(estate_house).where(in_units)):
            self._houses[row.unit_id, row.room] = row
        rows = connection.execute(
            select(estate_relation, estate_person.c.name_index)
            .join(estate_person, estate_person.c.id == estate_relation.c.person_id)
            .join(estate_house, estate_house.c.id == estate_relation.c.house_id)
            .where(in_units, estate_relation.c.kind.in_(_OWNERS), estate_relation.c.valid_to.is_(None))
        )
        for row in rows:
            relation = _Relation(row.id, row.person_id, row.name_index, row.check_state, row.import_id)
            self._owners[row.house_id].append(relation)

    def _take(self, house: ListedHouse) -> None:
        """Decide about a house as a whole, and only then write it."""
        if house.community not in self._communities:
            raise _LeftOut(
                house, Field.COMMUNITY, "没有名为“{name}”的小区，请先建立小区", name=house.community
            )
        community_id, zone = self._communities[house.community]
        unit_id = self._unit(community_id, house.place)
        row = self._houses.get((unit_id, house.place.room))
        relations = [] if row is None else self._owners[row.id]
        planned = self._planned(house, relations)
        facts = _stated(house.facts)
        if row is not None and row.check_state == CheckState.CHECKED:
            facts = self._completing(house, row, facts)
        house_id = self._write_house(row, facts, unit_id, community_id, house.place)
        owners = []
        for plan in planned:
            self.totals.people_added += plan.id is None
            self.totals.people_changed += plan.id is not None and plan.is_changed
            owners.append(self._people.write(plan))
        self._relate(house_id, owners, relations, self._valid_from(house.facts, zone))

    def _planned(self, house: ListedHouse, relations: list[_Relation]) -> list[Planned]:
        """Plan the owners of a house; a change of checked owners is a transfer, not an import."""
        by_name = {relation.name_index: relation.person_id for relation in relations}
        checked = {relation.person_id for relation in relations if relation.check_state == CheckState.CHECKED}
        planned = []
        for owner in house.owners:
            try:
                plan = self._people.plan(owner.person, by_name)
            except Contradiction as contradiction:
                raise _of_owner(owner, contradiction) from contradiction
            if checked and plan.id not in checked:
                message = "该房屋已有核对过的业主；业主变更请走产权变更"
                raise _of_owner(owner, Contradiction(Field.NAME, message))
            planned.append(plan)
        return planned

    def _unit(self, community_id: int, place: Place) -> int:
        key = (community_id, place.building, place.unit)
        if key not in self._units:
            self._units[key] = unit_of(self._work.connection, community_id, place)
        return self._units[key]

    def _completing(
        self, house: ListedHouse, row: Row[*tuple[Any, ...]], facts: dict[str, Any]
    ) -> dict[str, Any]:
        """Keep to what is still unknown of a checked house."""
        for name, column in _FACTS.items():
            known = getattr(row, name)
            if known and facts.get(name) and facts[name] != known:
                raise _LeftOut(house, column, "与已核对的登记不同；确需变更的走信息更正")
        return {name: value for name, value in facts.items() if not getattr(row, name)}

    def _write_house(
        self,
        row: Row[*tuple[Any, ...]] | None,
        facts: dict[str, Any],
        unit_id: int,
        community_id: int,
        place: Place,
    ) -> int:
        connection = self._work.connection
        if row is None:
            house_id = new_id()
            connection.execute(
                estate_house.insert().values(
                    id=house_id,
                    unit_id=unit_id,
                    community_id=community_id,
                    room=place.room,
                    address=place.address(),
                    check_state=CheckState.PENDING,
                    import_id=self._import_id,
                    **facts,
                )
            )
            self._changes.added(estate_house, house_id)
            self.totals.houses_added += 1
            return house_id
        values = {name: value for name, value in facts.items() if getattr(row, name) != value}
        self.totals.houses_changed += bool(values)
        if values and row.check_state == CheckState.CHECKED:
            self._changes.proposed(estate_house, row.id, values)
        elif values:
            self._changes.changed(estate_house, row)
            connection.execute(estate_house.update().where(estate_house.c.id == row.id).values(values))
        self._adopt(estate_house, row.id, row.check_state, row.import_id)
        return int(row.id)

    def _relate(
        self, house_id: int, owners: list[int], relations: list[_Relation], valid_from: datetime
    ) -> None:
        known = {relation.person_id: relation for relation in relations}
        for relation in relations:
            is_pending = relation.check_state == CheckState.PENDING and relation.import_id is not None
            if is_pending and relation.person_id not in owners:
                self._remove(relation)
            elif is_pending:
                self._adopt(estate_relation, relation.id, relation.check_state, relation.import_id)
        for place, person_id in enumerate(owners):
            if person_id not in known:
                kind = RelationKind.OWNER if place == 0 else RelationKind.CO_OWNER
                self._add(house_id, person_id, kind, valid_from)

    def _remove(self, relation: _Relation) -> None:
        """Take back what an earlier state of the list said and nobody has checked."""
        mine = estate_relation.c.id == relation.id
        self._changes.removed(
            estate_relation, self._work.connection.execute(select(estate_relation).where(mine)).one()
        )
        self._work.connection.execute(estate_relation.delete().where(mine))
        self._people.forget_unrelated(relation.person_id)
        self.totals.relations_removed += 1

    def _adopt(self, table: Table, row_id: int, check_state: str, import_id: int | None) -> None:
        """Let this import be the one to release what earlier ones said as well and nobody has checked."""
        if check_state != CheckState.PENDING or import_id == self._import_id:
            return
        self._changes.adopted(table, row_id, import_id)
        self._work.connection.execute(
            table.update().where(table.c.id == row_id).values(import_id=self._import_id)
        )

    def _add(self, house_id: int, person_id: int, kind: RelationKind, valid_from: datetime) -> None:
        relation_id = new_id()
        self._work.connection.execute(
            estate_relation.insert().values(
                id=relation_id,
                house_id=house_id,
                person_id=person_id,
                kind=kind,
                is_payer=kind is RelationKind.OWNER,
                valid_from=valid_from,
                check_state=CheckState.PENDING,
                entered_by=self._work.actor.id,
                import_id=self._import_id,
            )
        )
        self._changes.added(estate_relation, relation_id)
        self.totals.relations_added += 1

    def _valid_from(self, facts: HouseFacts, zone: ZoneInfo) -> datetime:
        """Let ownership begin with the day of handing over, or now when that lies ahead or is unknown."""
        if facts.handed_over_on is None:
            return self._work.now
        return min(self._work.now, datetime.combine(facts.handed_over_on, time(), zone))


def _stated(facts: HouseFacts) -> dict[str, Any]:
    return {name: value for name in _FACTS if (value := getattr(facts, name))}


def _of_owner(owner: ListedOwner, contradiction: Contradiction) -> _LeftOut:
    masked = mask_name(owner.person.name)
    return _LeftOut(owner, contradiction.column, contradiction.message, value=masked, **contradiction.params)
