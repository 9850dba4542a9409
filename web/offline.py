"""What a browser keeps for the time without a network: the page that says so, and the worker behind it."""

import json
from dataclasses import asdict
from pathlib import Path

from flask import Blueprint, Response, render_template, url_for

from web import assets, desk_numbers
from web.i18n import language_tag

bp = Blueprint("offline", __name__)

_NEEDED = ("app", "offline")


@bp.get("/offline")
def page() -> Response:
    """Say that there is no network; holds nobody's data, because browsers keep it."""
    response = Response(render_template("offline.html", numbers=desk_numbers.of_everybody()))
    response.headers["Cache-Control"] = "no-cache"
    return response


@bp.get("/worker.js")
def worker() -> Response | tuple[str, int]:
    """Give the service worker; another language, build or number of a desk makes it another."""
    built = assets.of_app()
    if "worker" not in built.manifest:
        return "", 404
    kept = [url_for("static", filename=built.manifest[name]) for name in _NEEDED]
    kept += [url_for("static", filename="icon.svg"), url_for("offline.page")]
    said = (language_tag(), *asdict(desk_numbers.of_everybody()).values())
    facts = json.dumps({"page": url_for("offline.page"), "kept": kept, "said": said})
    code = (Path(assets.STATIC) / built.manifest["worker"]).read_text(encoding="utf-8")
    response = Response(f"self.wuye = {facts};\n{code}", mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    return response
