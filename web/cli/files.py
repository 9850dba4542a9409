"""Reads files that are named on the command line, and looks at places to write to."""

from pathlib import Path

from handlers.errors import RuleRefused

_MEGABYTE = 1024 * 1024
MOST_MEGABYTES = 20  # of a file that is read


def content_of(path: Path) -> bytes:
    """Read a file as a whole.

    Raises:
        RuleRefused: it is a device or a pipe, which may never end, or too large.
        OSError: it cannot be read.
    """
    if path.exists() and not path.is_dir():
        require_file(path)
    with path.open("rb") as file:
        content = file.read(MOST_MEGABYTES * _MEGABYTE + 1)
    if len(content) > MOST_MEGABYTES * _MEGABYTE:
        raise RuleRefused("file_too_large", "文件 {file} 超过 {most} MB", file=str(path), most=MOST_MEGABYTES)
    return content


def require_file(path: Path) -> None:
    """Refuse a folder, a device or a pipe; nothing need be there yet.

    Raises:
        RuleRefused: naming it.
    """
    if path.exists() and not path.is_file():
        raise RuleRefused("no_place_for_file", "{file} 不是普通文件，请换一个文件名", file=str(path))
