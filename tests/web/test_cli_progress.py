"""A command that takes long says on the terminal what it is doing; files and pipes stay clean."""

from io import StringIO
from threading import Event

import pytest

from web.cli import progress


class Screen(StringIO):
    """A terminal that tells when something was written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = Event()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.written.set()
        return super().write(text)


def test_what_takes_long_is_told_and_wiped_away_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_STEP", 0.001)
    screen = Screen()
    with progress.shown("正在备份", "Backing up", screen):
        assert screen.written.wait(30)
    assert "Backing up, 0 s" in screen.getvalue()
    assert screen.getvalue().endswith("\r\x1b[K")


def test_a_file_gets_no_line() -> None:
    out = StringIO()
    with progress.shown("正在备份", "Backing up", out):
        pass
    assert out.getvalue() == ""


def test_an_error_comes_through() -> None:
    with pytest.raises(ValueError, match="broken"), progress.shown("正在备份", "Backing up", Screen()):
        raise ValueError("broken")
