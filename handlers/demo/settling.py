"""Writes an invented estate and its staff into an empty installation."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from random import Random
from typing import Any

from sqlalchemy import Table, insert

from engine.ids import new_id
from engine.work import Work
from handlers.accounts import sign_in
from handlers.accounts.logins import login_index
from handlers.accounts.records import account, account_login
from handlers.demo import crew
from handlers.demo.population import Community, House, Person
from handlers.demo.prices import PRICES
from handlers.estate.address import Place
from handlers.estate.people import PersonEntry, checked_person, person_values
from handlers.estate.records import (
    CheckState,
    estate_authorisation,
    estate_building,
    estate_community,
    estate_house,
    estate_person,
    estate_relation,
    estate_unit,
    estate_vehicle,
)
from handlers.repair.records import repair_price
from handlers.shared import agreed_texts
from handlers.shared.sealed import vault_of

_ROWS_AT_ONCE = 500
_AUTHORISED = (
    0.8  # share of those with an account who have signed; imported owners have agreed to nothing yet
)
_CHECKED = 0.6
_LEASE_DAYS = (75, 420)  # from the first day of the past: none is over, or near its end, on the last

_AGREED = agreed_texts.in_force(agreed_texts.Kind.AUTHORISATION).version


@dataclass(frozen=True)
class Dweller:
    """Somebody of a house who uses the app.

    Attributes:
        phone: with which they sign in.
    """

    account_id: int
    house_id: int
    address: str
    name: str
    phone: str
    relation: str


@dataclass
class Settled:
    """Who and what was written, for whatever goes on there.

    Attributes:
        communities: ids in the order of the estate.
        dwellers: residents with accounts, by community.
        callers: (name, phone) by house, of people with a phone, by community.
        buildings: ids by community.
        staff: (employee, account id).
    """

    communities: list[int] = field(default_factory=list)
    dwellers: dict[int, list[Dweller]] = field(default_factory=lambda: defaultdict(list))
    callers: dict[int, list[tuple[int, str, str]]] = field(default_factory=lambda: defaultdict(list))
    buildings: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    staff: list[tuple[crew.Employee, int]] = field(default_factory=list)


class _Writer:
    """Collects rows by table and writes them in few statements, parents first."""

    def __init__(self, work: Work, random: Random) -> None:
        self.work = work
        self.vault = vault_of(work.engine)
        self.random = random
        self.today = work.now.date()
        self.rows: dict[Table, list[dict[str, Any]]] = defaultdict(list)
        self.settled = Settled()

    def write(self) -> None:
        for table in (
            estate_community,
            estate_building,
            estate_unit,
            estate_house,
            estate_person,
            estate_relation,
            estate_vehicle,
            estate_authorisation,
            account,
            account_login,
        ):
            rows = self.rows.pop(table, [])
            for at in range(0, len(rows), _ROWS_AT_ONCE):
                self.work.connection.execute(insert(table), rows[at : at + _ROWS_AT_ONCE])

    def community(self, community: Community) -> None:
        community_id = new_id()
        self.settled.communities.append(community_id)
        self.rows[estate_community].append(
            {
                "id": community_id,
                "name": community.name,
                "desk_phone": community.desk_phone,
                "address": f"示范市滨江区{community.name}",
            }
        )
        for building in community.buildings:
            building_id = new_id()
            self.settled.buildings[community_id].append(building_id)
            name = Place.of(building.name, "", "").building
            self.rows[estate_building].append({"id": building_id, "community_id": community_id, "name": name})
            for unit_name, houses in building.units:
                unit_id = new_id()
                unit = Place.of("", unit_name, "").unit
                self.rows[estate_unit].append({"id": unit_id, "building_id": building_id, "name": unit})
                for house in houses:
                    self.house(community_id, unit_id, Place(name, unit, house.room), house)

    def house(self, community_id: int, unit_id: int, place: Place, house: House) -> None:
        house_id = new_id()
        self.rows[estate_house].append(
            {
                "id": house_id,
                "unit_id": unit_id,
                "community_id": community_id,
                "room": house.room,
                "address": place.address(),
                "kind": house.kind,
                "area_m2": house.area_m2,
                "handed_over_on": house.handed_over_on,
                "check_state": CheckState.CHECKED,
            }
        )
        moved_in = datetime.combine(house.handed_over_on, time(1), self.work.now.tzinfo)
        owner_id = None
        for person in house.people:
            person_id = self.person(person, moved_in)
            owner_id = owner_id or person_id
            self.relation(house_id, person, person_id, owner_id, moved_in)
            if person.phone:
                self.settled.callers[community_id].append((house_id, person.name, person.phone))
            if person.has_account and person.phone:
                account_id = self.account(person, person_id, person.phone)
                self.settled.dwellers[community_id].append(
                    Dweller(account_id, house_id, place.address(), person.name, person.phone, person.relation)
                )
        for plate in house.plates:
            self.vehicle(house_id, owner_id, plate, moved_in)

    def person(self, person: Person, since: datetime) -> int:
        person_id = new_id()
        entry = PersonEntry(
            name=person.name,
            phone=person.phone or "",
            sex=person.sex,
            id_type="id_card" if person.id_number else "",
            id_number=person.id_number or "",
        )
        values = person_values(self.vault, person_id, checked_person(entry, self.today))
        is_checked = self.random.random() < _CHECKED
        checked_at = self.work.now - timedelta(days=self.random.randint(5, 900)) if is_checked else None
        self.rows[estate_person].append(
            {"id": person_id, "created_at": since, "checked_at": checked_at, **values}
        )
        return person_id

    def relation(
        self, house_id: int, person: Person, person_id: int, owner_id: int, moved_in: datetime
    ) -> None:
        lease_ends_on = None
        valid_from = moved_in
        if person.relation == "tenant":
            valid_from = self.work.now - timedelta(days=self.random.randint(20, 700))
            lease_ends_on = (self.work.now + timedelta(days=self.random.randint(*_LEASE_DAYS))).date()
        self.rows[estate_relation].append(
            {
                "id": new_id(),
                "house_id": house_id,
                "person_id": person_id,
                "kind": person.relation,
                "is_payer": person.relation == "owner",
                "through_person_id": None if person_id == owner_id else owner_id,
                "lease_ends_on": lease_ends_on,
                "valid_from": valid_from,
                "check_state": CheckState.CHECKED,
                "entered_by": 0,
            }
        )

    def vehicle(self, house_id: int, owner_id: int | None, plate: str, since: datetime) -> None:
        vehicle_id = new_id()
        self.rows[estate_vehicle].append(
            {
                "id": vehicle_id,
                "house_id": house_id,
                "person_id": owner_id,
                "plate": self.vault.seal("estate_vehicle", "plate", vehicle_id, plate),
                "plate_index": self.vault.blind_index("plate", plate),
                "valid_from": since,
            }
        )

    def account(self, person: Person, person_id: int, phone: str) -> int:
        account_id = new_id()
        self.rows[account].append(
            {
                "id": account_id,
                "kind": "resident",
                "state": "active",
                "person_id": person_id,
                "name": self.vault.seal("account", "name", account_id, person.name),
                "phone": self.vault.seal("account", "phone", account_id, phone),
                "phone_index": self.vault.blind_index("phone", phone),
                "must_change_password": False,
                "created_at": self.work.now,
                "created_by": 0,
            }
        )
        self.rows[account_login].append(
            {
                "login_index": login_index(self.vault, phone),
                "account_id": account_id,
                "kind": "mobile",
            }
        )
        if self.random.random() < _AUTHORISED:
            self.authorise(person_id)
        return account_id

    def authorise(self, person_id: int) -> None:
        for scope in ("repair", "notice"):
            self.rows[estate_authorisation].append(
                {
                    "id": new_id(),
                    "person_id": person_id,
                    "scope": scope,
                    "text_version": _AGREED,
                    "channel": "counter",
                    "granted_at": self.work.now,
                }
            )


def settle(work: Work, communities: Sequence[Community], seed: int) -> Settled:
    """Write communities with their houses, people and accounts, and the price list."""
    writer = _Writer(work, Random(seed + 2))  # noqa: S311  # inventing, not guarding
    for community in communities:
        writer.community(community)
    writer.write()
    prices = [
        dict(
            zip(
                ("id", "code", "name", "name_en", "unit", "unit_en", "price_fen", "skill", "valid_from"),
                (new_id(), *row, writer.today - timedelta(days=365)),
                strict=True,
            )
        )
        for row in PRICES
    ]
    work.connection.execute(insert(repair_price), prices)
    return writer.settled


def password_hash(work: Work, password: str) -> str:
    """Hash a password as the installation does."""
    return sign_in.hasher(work.engine).hash(password)
