"""Shows what people agree to, in the words in force and in those that somebody accepted before."""

from flask import Blueprint, render_template, request

from handlers.shared import agreed_texts
from handlers.shared.agreed_texts import AgreedText, Kind

bp = Blueprint("agreed", __name__, url_prefix="/texts")


@bp.get("/<kind>")
@bp.get("/<kind>/<version>")
def show(kind: str, version: str = "") -> str:
    """Show a text, and name its other versions."""
    text = agreed_texts.of(kind, version)
    return render_template("agreed.html", text=text, versions=agreed_texts.versions(text.kind))


def is_accepted(text: AgreedText) -> bool:
    """Tell whether the posted form accepts this very wording."""
    shown = request.form.get("text_version", text.version)
    return "accepted" in request.form and shown == text.version


def responsibility() -> AgreedText:
    """Return what staff answer for, in the words in force."""
    return agreed_texts.in_force(Kind.RESPONSIBILITY)


def privacy_notice() -> AgreedText:
    """Return what owners are told of their data, in the words in force."""
    return agreed_texts.in_force(Kind.PRIVACY_NOTICE)
