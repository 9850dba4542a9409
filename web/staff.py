"""Staff accounts: administration registers them, the system administrator grants posts."""

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from werkzeug import Response

from engine.work import Work
from handlers.accounts import dormancy, granting, lending, second_factor, slips, staff, staff_file
from handlers.accounts.permissions import Post
from handlers.errors import FieldsInvalid
from web import context, errors
from web.numbers import posted_id
from web.slip_picture import picture
from web.staff_screen import file_screen, list_screen
from web.texts import gettext

bp = Blueprint("staff", __name__, url_prefix="/staff")


@bp.get("/")
def index() -> str:
    """List the staff."""
    state = "disabled" if request.args.get("state") == "disabled" else "active"
    with context.engine().reading(context.actor()) as work:
        screen = list_screen(work, state, request.args.get("after", 0, int))
    return render_template("staff/index.html", screen=screen)


@bp.get("/new")
def new() -> str:
    """Show the form that registers somebody."""
    return render_template("staff/new.html", wrong=errors.field_errors())


@bp.post("/")
@errors.shown_again_by(new)
def register() -> Response:
    """Register somebody, without any rights."""
    entry = staff.Registration(
        name=request.form.get("name", ""),
        login=request.form.get("login", ""),
        phone=request.form.get("phone", ""),
        department=request.form.get("department", ""),
        mail=request.form.get("mail", ""),
        language="en" if request.form.get("language") == "en" else "zh",
    )
    account_id = context.engine().run(context.actor(), lambda work: staff.register(work, entry))
    if entry.phone.strip():
        flash(gettext("已登记，初始密码已发到本人手机。授予岗位后才有权限。"))
    else:
        flash(gettext("已登记，请打印密码信封交给本人。授予岗位后才有权限。"))
    return redirect(url_for("staff.show", account_id=account_id))


@bp.get("/<int:account_id>")
def show(account_id: int) -> str:
    """Show what is on record of an account."""
    with context.engine().reading(context.actor()) as work:
        screen = file_screen(work, account_id)
    return render_template("staff/show.html", screen=screen, wrong=errors.field_errors())


@bp.post("/<int:account_id>/details")
@errors.shown_again_by(show)
def change(account_id: int) -> Response:
    """Correct what was registered."""
    form = request.form
    texts = form.get("name", ""), form.get("department", ""), form.get("mail", "")
    context.engine().run(context.actor(), lambda work: staff.change_details(work, account_id, *texts))
    flash(gettext("已保存"))
    return _to(account_id)


@bp.post("/<int:account_id>/phone")
@errors.shown_again_by(show)
def change_phone(account_id: int) -> Response:
    """Enter a new mobile number."""
    phone = request.form.get("phone", "")
    context.engine().run(context.actor(), lambda work: staff.change_phone(work, account_id, phone))
    flash(gettext("手机号已更换"))
    return _to(account_id)


@bp.post("/<int:account_id>/phone/confirm")
@errors.shown_again_by(show)
def confirm_phone(account_id: int) -> Response:
    """Confirm a changed number, as the second person."""
    context.engine().run(context.actor(), lambda work: staff.confirm_phone(work, account_id))
    flash(gettext("新手机号已确认"))
    return _to(account_id)


@bp.post("/<int:account_id>/password")
@errors.shown_again_by(show)
def reissue(account_id: int) -> Response:
    """Send a fresh first password to the person's own phone."""
    context.engine().run(context.actor(), lambda work: staff.reissue_first_password(work, account_id))
    flash(gettext("新的初始密码已发到本人手机，72 小时内有效"))
    return _to(account_id)


@bp.post("/<int:account_id>/slip")
@errors.shown_again_by(show)
def slip(account_id: int) -> str:
    """Make a slip to print; it cannot be asked for again."""
    made = context.engine().run(context.actor(), lambda work: slips.print_slip(work, account_id))
    return render_template("staff/slip.html", slip=made, account_id=account_id)


@bp.get("/<int:account_id>/slip/<ticket>")
def slip_picture(account_id: int, ticket: str) -> Response:
    """Show the password of a slip to the printer, and for two minutes only."""
    with context.engine().reading(context.actor()) as work:
        password = slips.printed(work, account_id, ticket)
    return make_response(picture(password), {"Content-Type": "image/png"})


@bp.post("/<int:account_id>/disable")
@errors.shown_again_by(show)
def disable(account_id: int) -> Response:
    """End an account."""
    context.engine().run(context.actor(), lambda work: staff.disable(work, account_id))
    flash(gettext("账号已停用，各处登录已退出"))
    return _to(account_id)


@bp.post("/<int:account_id>/enable")
@errors.shown_again_by(show)
def enable(account_id: int) -> Response:
    """Switch an account on again."""
    context.engine().run(context.actor(), lambda work: staff.enable(work, account_id))
    flash(gettext("账号已恢复，须用新的初始密码登录"))
    return _to(account_id)


@bp.post("/<int:account_id>/wake")
@errors.shown_again_by(show)
def wake(account_id: int) -> Response:
    """Let somebody in again whose account was locked because nobody used it."""
    context.engine().run(context.actor(), lambda work: dormancy.wake(work, account_id))
    flash(gettext("已解锁，须用新的初始密码登录"))
    return _to(account_id)


@bp.post("/<int:account_id>/unlock")
@errors.shown_again_by(show)
def unlock(account_id: int) -> Response:
    """Let somebody try again at once."""
    context.engine().run(context.actor(), lambda work: staff.unlock(work, account_id))
    flash(gettext("已解锁"))
    return _to(account_id)


@bp.post("/<int:account_id>/sessions/end")
@errors.shown_again_by(show)
def end_sessions(account_id: int) -> Response:
    """Sign somebody out everywhere."""
    context.engine().run(context.actor(), lambda work: staff_file.end_sessions(work, account_id))
    flash(gettext("各处登录已退出"))
    return _to(account_id)


@bp.post("/<int:account_id>/second-factor/ask")
@errors.shown_again_by(show)
def ask_reset(account_id: int) -> Response:
    """Ask that somebody may bind another authenticator."""
    context.engine().run(context.actor(), lambda work: second_factor.ask_reset(work, account_id))
    flash(gettext("已提出，须由另一人确认"), "soon")
    return _to(account_id)


@bp.post("/<int:account_id>/second-factor/confirm")
@errors.shown_again_by(show)
def confirm_reset(account_id: int) -> Response:
    """Confirm it, as the second person."""
    context.engine().run(context.actor(), lambda work: second_factor.confirm_reset(work, account_id))
    flash(gettext("已重置，此人下次登录时重新绑定"))
    return _to(account_id)


@bp.post("/<int:account_id>/posts")
@errors.shown_again_by(show)
def grant(account_id: int) -> Response:
    """Grant a post."""
    code, community_id = request.form.get("post", ""), posted_id("community_id") or None

    def call(work: Work) -> granting.Granted:
        if code not in set(Post):
            raise FieldsInvalid({"post": ("请选择岗位", {})})
        give = granting.change_post if "instead" in request.form else granting.grant_post
        return give(work, account_id, Post(code), community_id)

    granted = context.engine().run(context.actor(), call)
    if granted.is_waiting:
        flash(gettext("等安全管理员核准后生效"), "soon")
    else:
        flash(gettext("岗位已授予"))
    return _to(account_id)


@bp.post("/<int:account_id>/posts/<int:grant_id>/end")
@errors.shown_again_by(lambda account_id, **_: show(account_id))
def end_post(account_id: int, grant_id: int) -> Response:
    """Take a post away."""
    context.engine().run(context.actor(), lambda work: staff.end_post(work, grant_id))
    flash(gettext("岗位已结束"))
    return _to(account_id)


@bp.post("/requests/<int:request_id>/approve")
@errors.shown_again_by(lambda **_: index())
def approve(request_id: int) -> Response:
    """Let a post that deviates take effect."""
    context.engine().run(context.actor(), lambda work: granting.approve(work, request_id))
    flash(gettext("已核准，岗位即时生效"))
    return redirect(url_for("staff.index"))


@bp.post("/requests/<int:request_id>/refuse")
@errors.shown_again_by(lambda **_: index())
def refuse(request_id: int) -> Response:
    """Turn a post that deviates down."""
    context.engine().run(context.actor(), lambda work: granting.refuse(work, request_id))
    flash(gettext("已驳回"))
    return redirect(url_for("staff.index"))


@bp.post("/substitutions/<int:substitution_id>/approve")
@errors.shown_again_by(lambda **_: index())
def approve_substitution(substitution_id: int) -> Response:
    """Let somebody stand in for one who approves or sees much."""
    context.engine().run(context.actor(), lambda work: lending.approve(work, substitution_id))
    flash(gettext("已核准，代理按时段生效"))
    return redirect(url_for("staff.index"))


@bp.post("/substitutions/<int:substitution_id>/refuse")
@errors.shown_again_by(lambda **_: index())
def refuse_substitution(substitution_id: int) -> Response:
    """Turn such a substitution down."""
    context.engine().run(context.actor(), lambda work: lending.refuse(work, substitution_id))
    flash(gettext("已驳回"))
    return redirect(url_for("staff.index"))


def _to(account_id: int) -> Response:
    return redirect(url_for("staff.show", account_id=account_id))
