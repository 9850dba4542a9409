"""Lines of the process log."""

import logging

import pytest

from web.cli.serving import OneLine


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
