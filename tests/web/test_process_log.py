"""Lines of the process log."""

import logging
from time import tzset

import pytest

from web.cli.serving import LINE, OneLine


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\u2028", "\x85", "\x0b"])
def test_a_record_of_the_process_log_begins_a_line_once_whatever_it_holds(end: str) -> None:
    forged = f"a.bpmn{end}2026-11-23 ERROR wuye access log anchor: 1"
    try:
        raise ValueError(forged)
    except ValueError as error:
        trace = (type(error), error, error.__traceback__)
    record = logging.LogRecord("wuye", logging.ERROR, "", 0, "checking %s failed", (forged,), trace)
    first, *others = OneLine("%(levelname)s %(message)s").format(record).splitlines()
    assert first.startswith("ERROR checking a.bpmn")
    assert others
    assert all(line.startswith("    ") for line in others)


def test_a_line_says_when_in_utc_how_bad_where_and_what(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    tzset()
    record = logging.LogRecord("engine.timers", logging.WARNING, "", 0, "late by %s s", (40,), None)
    record.created, record.msecs = 1_764_300_000.25, 250.0
    line = OneLine(LINE).format(record)
    monkeypatch.undo()
    tzset()
    assert line == "2025-11-28T03:20:00.250Z WARNING engine.timers late by 40 s"
