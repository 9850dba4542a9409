"""Shows photos and videos to whoever may see the record they belong to."""

import re

from flask import Blueprint, Response, request

from handlers.shared import attachments
from web import context

bp = Blueprint("attachments", __name__, url_prefix="/attachments")

_RANGE = re.compile(r"bytes=([0-9]{1,12})-", re.ASCII)
_SUFFIXES = {"image/jpeg": "jpg", "video/mp4": "mp4", "video/quicktime": "mov"}


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
    response = Response(opened.content, mimetype=opened.content_type)
    suffix = _SUFFIXES.get(opened.content_type, "bin")
    response.headers["Content-Disposition"] = f'inline; filename="{attachment_id}.{suffix}"'
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response
