"""Messages that would have been sent, on installations that have no supplier yet."""

from flask import Blueprint, render_template

from handlers.shared.channels import development
from web import context
from web.texts import lazy_gettext

bp = Blueprint("outbox", __name__)

CHANNELS = {
    "sms": lazy_gettext("短信"),
    "wechat": lazy_gettext("微信"),
    "mail": lazy_gettext("邮件"),
    "voice": lazy_gettext("电话"),
    "app": lazy_gettext("站内"),
}


@bp.get("/outbox")
def index() -> str:
    """Show the newest messages."""
    with context.engine().reading(context.actor()) as work:
        listed = development.kept_messages(work)
    return render_template("outbox.html", messages=listed, channels=CHANNELS)
