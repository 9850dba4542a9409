"""Keeps vehicles and parking places of a house: customer service does, and whoever keeps its family data."""

from sqlalchemy import Table, exists, select

from engine.work import Work
from handlers.errors import RecordConflict, RecordNotFound
from handlers.estate import entry
from handlers.estate.identity import normalised_plate
from handlers.estate.records import CheckState, estate_parking, estate_vehicle
from handlers.shared import access_log
from handlers.shared.permissions import Permission
from handlers.shared.sealed import vault_of


def note_vehicle(
    work: Work, house_id: int, person_id: int, plate: str, *, state: CheckState = CheckState.CHECKED
) -> int:
    """Enter a vehicle of somebody of a house.

    Raises:
        RecordNotFound: the person does not belong to this house.
        InvalidIdentity: it is no number plate.
        RecordConflict: the house has this vehicle already.
    """
    _require_keeper(work, house_id)
    entry.require_related(work, person_id, house_id)
    index = vault_of(work.engine).blind_index("plate", normalised_plate(plate))
    known = exists().where(
        estate_vehicle.c.house_id == house_id,
        estate_vehicle.c.plate_index == index,
        estate_vehicle.c.valid_to.is_(None),
    )
    if work.connection.execute(select(known)).scalar_one():
        raise RecordConflict("vehicle_exists", "这辆车已经登记")
    vehicle_id = entry.add_vehicle(work, house_id, person_id, plate, state=state)
    access_log.append(work, access_log.Entry("note_vehicle", "house", house_id))
    return vehicle_id


def end_vehicle(work: Work, house_id: int, vehicle_id: int) -> None:
    """Note that a vehicle no longer belongs to a house."""
    _end(work, estate_vehicle, house_id, vehicle_id)


def note_parking(work: Work, house_id: int, place: str, *, is_rented: bool) -> int:
    """Enter a parking place of a house."""
    parking_id = entry.add_parking(work, house_id, place, is_rented=is_rented)
    access_log.append(work, access_log.Entry("note_parking", "house", house_id))
    return parking_id


def end_parking(work: Work, house_id: int, parking_id: int) -> None:
    """Note that a parking place no longer belongs to a house."""
    _end(work, estate_parking, house_id, parking_id)


def _end(work: Work, table: Table, house_id: int, record_id: int) -> None:
    _require_keeper(work, house_id)
    ended = work.connection.execute(
        table.update()
        .where(table.c.id == record_id, table.c.house_id == house_id, table.c.valid_to.is_(None))
        .values(valid_to=work.now)
    ).rowcount
    if not ended:
        raise RecordNotFound("belonging_not_found", "没有这项登记，或已去除")
    action = "end_vehicle" if table is estate_vehicle else "end_parking"
    access_log.append(work, access_log.Entry(action, "house", house_id))


def _require_keeper(work: Work, house_id: int) -> None:
    house = entry.house_row(work, house_id)
    if not work.may(Permission.FAMILY_EDIT, house_id):
        work.require(Permission.FAMILY_EDIT, house.community_id)
