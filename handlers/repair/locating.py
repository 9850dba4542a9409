"""Finds where a call is about: the caller's home, another one by its address, a building, the grounds."""

from engine.work import Work
from handlers.errors import FieldsInvalid
from handlers.estate.queries import houses_by_address
from handlers.repair import reporting
from handlers.repair.orders import Order
from handlers.repair.records import Area
from handlers.repair.reporting import Site
from handlers.shared.answers import Answers

OTHER = "other"  # a home that is not on the caller's record
NOWHERE = "none"  # grounds, garage: in no building
_NAMED = 5


def site_of_call(work: Work, order: Order, area: Area, given: Answers) -> Site:
    """Return where a call is about.

    Raises:
        FieldsInvalid: the address is no home of the community, or of several; or nothing says where it is.
    """
    house_id = given.id("house_id")
    if given.text("house_id") == OTHER and area is Area.PRIVATE:
        house_id = _found(work, order, given.text("house"))
    building_id = given.id("building_id") if area is Area.COMMON else None
    if area is Area.COMMON and house_id is None and building_id is None:
        site = Site(order.community_id, None, None, given.text("place"))
    else:
        site = reporting.site_of(work, area, house_id, building_id, given.text("place"))
    if site.community_id != order.community_id:
        raise FieldsInvalid({"house_id": ("这套房屋不在本小区", {})})
    if not site.text:
        raise FieldsInvalid({"place": ("请填写位置", {})})
    return site


def _found(work: Work, order: Order, address: str) -> int:
    found = houses_by_address(work, address) if address else []
    found = [one for one in found if one.community_id == order.community_id]
    if len(found) == 1:
        return found[0].id
    if not found:
        said = "本小区没有“{address}”，请写楼栋、单元和房号，如 3-2-502"
        raise FieldsInvalid({"house": (said, {"address": address})})
    said = "有 {count} 套符合：{names}。请写完整"
    names = "、".join(one.address for one in found[:_NAMED])
    raise FieldsInvalid({"house": (said, {"count": len(found), "names": names})})
