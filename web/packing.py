"""Sends scripts and styles packed to browsers that can unpack them: a phone waits for these most.

Pages themselves go out as they are: packed, their length would tell of the tokens and names in them.
"""

import gzip
from functools import lru_cache

from flask import Flask, Response, request

_PACKED = frozenset({"text/css", "text/javascript", "application/javascript", "image/svg+xml"})
_LEAST_BYTES = 1024  # below, packing saves nothing worth the work
_FILES = 32  # kept packed


@lru_cache(maxsize=_FILES)
def _packed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def pack(response: Response) -> Response:
    """Pack a static text; any other answer is left alone."""
    if request.endpoint != "static" or response.mimetype not in _PACKED:
        return response
    response.vary.add("Accept-Encoding")
    is_whole = response.status_code == 200 and request.method == "GET"
    if not is_whole or not request.accept_encodings["gzip"] or (response.content_length or 0) < _LEAST_BYTES:
        return response
    response.direct_passthrough = False
    content = _packed(response.get_data())
    response.close()
    response.set_data(content)
    response.content_encoding = "gzip"
    response.headers.pop("Accept-Ranges", None)  # parts would be counted in unpacked bytes
    etag, _is_weak = response.get_etag()
    if etag:
        response.set_etag(f"{etag}-gzip")
    return response


def init_app(app: Flask) -> None:
    """Pack what the application serves from its static folder."""
    app.after_request(pack)
