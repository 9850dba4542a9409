"""The page on which owners keep family and vehicles of their homes."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from engine.ids import new_id
from engine.work import Work
from handlers.estate import communities
from handlers.estate.communities import OwnHouse
from handlers.owning import household, members
from handlers.owning.household import Household
from handlers.shared.permissions import Permission
from web import context, errors, repeats
from web.texts import gettext

bp = Blueprint("household", __name__, url_prefix="/home/household")


@bp.get("/")
def index(**_kept: object) -> str:
    """Show the homes the owner keeps."""
    with context.engine().reading(context.actor()) as work:
        homes = _homes(work)
    return render_template("resident/household.html", homes=homes, errors=errors.field_errors(), key=new_id())


@bp.post("/<int:house_id>/family")
@errors.shown_again_by(index)
def add_member(house_id: int) -> Response:
    """Enter somebody of the family."""
    name, phone = request.form.get("name", ""), request.form.get("phone", "")
    number = context.engine().run(
        context.actor(),
        lambda work: repeats.answered(work, lambda: members.add_member(work, house_id, name, phone)),
    )
    flash(gettext("已提交 %(number)s，物业核对后生效", number=number))
    return redirect(url_for("household.index"))


@bp.post("/<int:house_id>/vehicles")
@errors.shown_again_by(index)
def add_vehicle(house_id: int) -> Response:
    """Enter a vehicle."""
    plate = request.form.get("plate", "")
    number = context.engine().run(context.actor(), lambda work: household.add_vehicle(work, house_id, plate))
    flash(gettext("已提交 %(number)s，物业核对后生效", number=number))
    return redirect(url_for("household.index"))


@bp.post("/<int:house_id>/vehicles/<int:vehicle_id>/end")
@errors.shown_again_by(index)
def end_vehicle(house_id: int, vehicle_id: int) -> Response:
    """Take a vehicle out."""
    context.engine().run(context.actor(), lambda work: household.end_vehicle(work, house_id, vehicle_id))
    flash(gettext("车辆已去除"))
    return redirect(url_for("household.index"))


@bp.post("/<int:house_id>/family/<int:relation_id>/end")
@errors.shown_again_by(index)
def end_member(house_id: int, relation_id: int) -> Response:
    """Take a family member out."""
    context.engine().run(context.actor(), lambda work: household.end_member(work, house_id, relation_id))
    flash(gettext("家庭成员已去除，其权限同时终止"))
    return redirect(url_for("household.index"))


@bp.post("/<int:house_id>/confirm")
@errors.shown_again_by(index)
def confirm(house_id: int) -> Response:
    """Take the word that everything is still right."""
    context.engine().run(context.actor(), lambda work: household.confirm(work, house_id))
    flash(gettext("谢谢，已记下"))
    return redirect(url_for("household.index"))


def _homes(work: Work) -> list[tuple[OwnHouse, Household]]:
    kept = (one for one in communities.own_houses(work) if work.may(Permission.FAMILY_EDIT, one.id))
    return [(house, household.household(work, house.id)) for house in kept]
