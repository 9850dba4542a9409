"""Takes photos and videos in, and shows them to whoever may see the record they belong to."""

import re
from typing import BinaryIO, cast

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug import Response as BaseResponse

from handlers.errors import RuleRefused
from handlers.shared import attachments, limits
from web import context
from web.texts import gettext

bp = Blueprint("attachments", __name__, url_prefix="/attachments")

_RANGE = re.compile(r"bytes=([0-9]{1,12})-", re.ASCII)
_SUFFIXES = {"application/pdf": "pdf", "image/jpeg": "jpg", "video/mp4": "mp4", "video/quicktime": "mov"}


@bp.post("/")
def take_in() -> dict[str, str]:
    """Keep one file for a form that is still being filled in; the same key keeps it once."""
    file = request.files.get("file")
    if file is None:
        raise RuleRefused("upload_empty", "文件是空的，请重新选择")
    stream, key = cast(BinaryIO, file.stream), request.form.get("_key")
    engine, actor = context.engine(), context.actor()
    return {"id": str(attachments.upload(engine, actor, stream, file.filename or "", key=key))}


@bp.post("/<int:attachment_id>/discard")
def discard(attachment_id: int) -> dict[str, str]:
    """Delete a file that was taken out of the form again."""
    attachments.discard(context.engine(), context.actor(), attachment_id)
    return {}


@bp.get("/")
def waiting() -> str:
    """Show one's own uploads that no form has taken along, to drop what is not wanted."""
    with context.engine().reading(context.actor()) as work:
        listed = attachments.waiting_uploads(work)
    return render_template("waiting.html", uploads=listed, most=limits.UPLOADS_WAITING)


@bp.post("/<int:attachment_id>/drop")
def drop(attachment_id: int) -> BaseResponse:
    """Delete one of them, from the page that shows them."""
    attachments.discard(context.engine(), context.actor(), attachment_id)
    flash(gettext("已删除"))
    return redirect(url_for("attachments.waiting"))


@bp.get("/<int:attachment_id>")
def show(attachment_id: int) -> Response:
    """Give a photo or a video; a player may ask for the rest of a video from a position on."""
    asked = _RANGE.match(request.headers.get("Range", ""))
    start = int(asked[1]) if asked else 0
    with context.engine().reading(context.actor()) as work:
        opened = attachments.read(work, attachment_id, start)
    response = _file(opened, attachment_id)
    if opened.size is not None:
        response.headers["Accept-Ranges"] = "bytes"
        response.content_length = opened.size
        if asked and opened.size > 0:
            end = start + opened.size
            response.status_code = 206
            response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{end}"
    return response


@bp.get("/<int:attachment_id>/small")
def small(attachment_id: int) -> Response:
    """Give the thumbnail of a photo."""
    with context.engine().reading(context.actor()) as work:
        opened = attachments.read_thumbnail(work, attachment_id)
    return _file(opened, attachment_id)


def _file(opened: attachments.Opened, attachment_id: int) -> Response:
    if opened.is_paper:
        context.engine().run(context.actor(), lambda work: attachments.note_look(work, attachment_id))
    response = Response(opened.content, mimetype=opened.content_type)
    suffix = _SUFFIXES.get(opened.content_type, "bin")
    how = "attachment" if opened.content_type == attachments.PDF else "inline"
    response.headers["Content-Disposition"] = f'{how}; filename="{attachment_id}.{suffix}"'
    response.headers["Cache-Control"] = "no-store"  # homes, papers and faces: no browser of a desk keeps them
    return response
