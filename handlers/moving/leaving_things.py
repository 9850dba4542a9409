"""Takes the old owners' vehicles and parking places out of a house at the stroke of its switch."""

from collections.abc import Collection, Iterable

from sqlalchemy import Table, select, update

from engine.bilingual import Text, in_both, joined
from engine.work import Work
from handlers.estate.records import RelationKind, estate_parking, estate_vehicle
from handlers.moving import cases, rules
from handlers.moving.cases import Case
from handlers.moving.people import Party
from handlers.moving.records import moving_change
from handlers.moving.rules import Standing
from handlers.shared.facts import Options, option

_RENTED: Text = ("租用", "rented")
_OWNED: Text = ("自有", "owned")


def end(
    work: Work, case: Case, before: Iterable[Standing], parties: Iterable[Party], ended: Collection[int]
) -> None:
    """End what leaves with the old owners; what tenants and owners who stay have is not touched."""
    staying = {one.person_id for one in before if one.id not in ended}
    staying -= {one.person_id for one in before if one.kind == RelationKind.EMERGENCY_CONTACT}
    entered = {one.person.id for one in parties}
    staying |= entered
    vehicles = _open(work, estate_vehicle, case)
    gone = rules.vehicles_leaving([(row.id, row.person_id) for row in vehicles], staying)
    _end(work, case, estate_vehicle, gone)
    if any(one.kind in rules.OWNERS and (one.id not in ended or one.person_id in entered) for one in before):
        return  # some of the owners stay: the places remain theirs
    sold = {int(str(one)) for one in case.facts.get("places", [])}
    places = _open(work, estate_parking, case)
    _end(work, case, estate_parking, rules.places_leaving([(row.id, row.is_rented) for row in places], sold))


def end_vehicles(work: Work, case: Case, persons: Collection[int]) -> None:
    """End the vehicles that people have at the house of a case."""
    open_now = _open(work, estate_vehicle, case)
    _end(work, case, estate_vehicle, [row.id for row in open_now if row.person_id in persons])


def owned_places(work: Work, case: Case) -> Options:
    """List the owned parking places of the house, to say which were sold with it."""
    return [option(row.id, row.place) for row in _open(work, estate_parking, case) if not row.is_rented]


def gone(work: Work, case: Case) -> Text:
    """Say what the switch took out of the house, naming no plate."""
    rows = work.connection.execute(
        select(moving_change.c.record, moving_change.c.record_id).where(
            moving_change.c.case_id == case.id,
            moving_change.c.record.in_(("vehicle", "parking")),
            moving_change.c.change == "ended",
        )
    ).all()
    vehicles = len([row for row in rows if row.record == "vehicle"])
    ids = [row.record_id for row in rows if row.record == "parking"]
    places = work.connection.execute(
        select(estate_parking).where(estate_parking.c.id.in_(ids)).order_by(estate_parking.c.id)
    )
    said: list[Text] = [(f"车辆 {vehicles} 辆", f"vehicles: {vehicles}")] if vehicles else []
    for row in places:
        chinese, english = in_both(_RENTED if row.is_rented else _OWNED)
        said.append((f"车位 {row.place}（{chinese}）", f"parking place {row.place} ({english})"))
    return joined(said, ("；", "; "))


def _open(work: Work, table: Table, case: Case) -> list[Case]:
    return list(
        work.connection.execute(
            select(table)
            .where(table.c.house_id == case.house_id, table.c.valid_to.is_(None))
            .order_by(table.c.id)
        )
    )


def _end(work: Work, case: Case, table: Table, ids: Iterable[int]) -> None:
    record = "vehicle" if table is estate_vehicle else "parking"
    for record_id in ids:
        work.connection.execute(update(table).where(table.c.id == record_id).values(valid_to=work.now))
        cases.log_change(work, case, record, record_id, "ended")
