"""What can be begun from the page of a house: each package that has something to begin adds a line."""

from dataclasses import dataclass

from flask import url_for
from flask_babel.speaklater import LazyString

from engine.work import Work
from handlers.shared.permissions import Permission
from web.texts import lazy_gettext


@dataclass(frozen=True)
class HouseLink:
    """A page where something is begun for a house.

    Attributes:
        endpoint: gets the house as `house_id` in its address, or in the query where it takes none.
        permission: has to be held in the community of the house.
        icon: of parts/icons.html.
    """

    code: str
    label: LazyString
    endpoint: str
    permission: Permission
    icon: str = "flow"


HOUSE_LINKS: tuple[HouseLink, ...] = (
    HouseLink("call", lazy_gettext("登记来电报修"), "desk.index", Permission.REPAIR_DISPATCH, "phone"),
    HouseLink("moving", lazy_gettext("入住、过户、租户变更"), "moving.index", Permission.OWNER_ENTER, "home"),
    HouseLink("correct", lazy_gettext("更正资料"), "corrections.form", Permission.OWNER_ENTER, "pen"),
    HouseLink("privacy", lazy_gettext("个人信息申请"), "privacy.form", Permission.OWNER_ENTER, "user"),
    HouseLink("help", lazy_gettext("密码找回协助"), "helping.form", Permission.OWNER_ENTER, "hand"),
)


def links_of(work: Work, community_id: int, house_id: int) -> tuple[tuple[str, str, str], ...]:
    """List what the actor may begin for a house, as (label, address, icon)."""
    return tuple(
        (str(link.label), url_for(link.endpoint, house_id=house_id), link.icon)
        for link in HOUSE_LINKS
        if work.may(link.permission, community_id)
    )
