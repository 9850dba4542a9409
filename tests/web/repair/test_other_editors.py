"""A limit changed with whatever editor and deployed by `wuye deploy` changes inbox, escalation and report."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from lxml import etree
from sqlalchemy import select

from engine import overdue, reports
from engine.inbox import View, page
from engine.overdue import By
from engine.ports import SYSTEM
from engine.store import schema
from engine.store.tables import escalation, instance
from handlers.built_in import FOLDER
from handlers.repair import catalogue
from tests.handlers.repair.repair_world import Shop
from web.cli import main

_Element = etree._Element
Change = Callable[[_Element], None]
Deploy = Callable[[str, Change], int]


def saved_elsewhere(content: bytes) -> bytes:
    """Save a file as another editor would: other prefixes, order of attributes, layout and drawing."""
    choose = Random(7)
    root = etree.fromstring(content, etree.XMLParser(remove_comments=True, remove_blank_text=True))
    prefixes = {
        f"p{number}": uri for number, uri in enumerate(sorted(set(root.nsmap.values()), reverse=True))
    }
    written = etree.Element(root.tag, nsmap=prefixes)
    _copy(root, written, choose)
    text = etree.tostring(written, pretty_print=True, encoding="UTF-8", standalone=True)
    return text.replace(b"\n", b"\r\n")


def _copy(old: _Element, new: _Element, choose: Random) -> None:
    names = list(old.attrib)
    choose.shuffle(names)
    for name in names:
        value = old.attrib[name]
        if etree.QName(name).localname == "type" and ":" in value:  # the type of an expression, by its prefix
            uri = old.nsmap[value.partition(":")[0]]
            value = (
                f"{next(one for one, other in new.nsmap.items() if other == uri)}:{value.partition(':')[2]}"
            )
        is_place = (
            etree.QName(old).localname in ("Bounds", "waypoint") and etree.QName(name).localname in "xy"
        )
        new.attrib[name] = str(float(value) + 40) if is_place else value
    new.text = old.text
    for child in old:
        _copy(child, etree.SubElement(new, child.tag), choose)


def at(root: _Element, identity: str) -> _Element:
    (found,) = root.xpath(f"//*[@id='{identity}']")
    element: _Element = found
    return element


def in_the_diagram(root: _Element) -> None:
    at(root, "accept").set("{http://camunda.org/schema/1.0/bpmn}dueDate", "PT20M")


def in_the_table(root: _Element) -> None:
    at(root, "limits_P2_accept_limit")[0].text = 'duration("PT20M")'


def in_the_urgency(root: _Element) -> None:
    at(root, "limits_P2_alarm")[0].text = "true"
    at(root, "limits_P2_control_limit")[0].text = 'duration("PT8H")'


def in_the_ladder(root: _Element) -> None:
    at(root, "cs_2_after")[0].text = '"PT20M"'


def edited(folder: Path, name: str, change: Change) -> Path:
    """Change one place of a file and save it elsewhere."""
    root = etree.fromstring((FOLDER / name).read_bytes())
    change(root)
    path = folder / name
    path.write_bytes(saved_elsewhere(etree.tostring(root)))
    assert path.read_bytes()[:200] != (FOLDER / name).read_bytes()[:200]
    return path


@pytest.fixture
def deploy(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deploy:
    """What a process owner types after editing."""
    with shop.engine.work(SYSTEM) as work:  # as `wuye init` leaves it
        work.connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        work.connection.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{schema.newest()}')")
    monkeypatch.setenv("DATABASE_URL", shop.engine.database.url.render_as_string(hide_password=False))
    monkeypatch.setenv("WUYE_DATA_DIR", str(tmp_path / "var"))
    return lambda name, change: main(["deploy", str(edited(tmp_path, name, change))])


def climbed(shop: Shop) -> list[tuple[str, int]]:
    with shop.engine.reading(SYSTEM) as work:
        rows = work.connection.execute(
            select(instance.c.business_key, escalation.c.level)
            .join(instance, instance.c.id == escalation.c.instance_id)
            .order_by(instance.c.business_key, escalation.c.level)
        )
        return [tuple(row) for row in rows]


@pytest.mark.parametrize(
    ("name", "change"), [("repair.bpmn", in_the_diagram), ("repair_limits.dmn", in_the_table)]
)
def test_a_limit_changes_inbox_escalation_and_report_for_new_cases(
    shop: Shop, deploy: Deploy, name: str, change: Change
) -> None:
    before = shop.report()
    assert deploy(name, change) == 0
    after = shop.report(text="卫生间水龙头滴漏")
    with shop.engine.reading(shop.clerk) as work:
        given = {
            row.business_key: row.due_at - row.opened_at for row in page(work, View.WORK).rows if row.due_at
        }
    assert given == {before: timedelta(minutes=30), after: timedelta(minutes=20)}

    shop.later(minutes=21)
    with shop.engine.reading(shop.clerk) as work:
        assert [row.business_key for row in page(work, View.LATE).rows] == [after]
    assert climbed(shop) == [(after, 1), (after, 2)]
    with shop.engine.reading(SYSTEM) as work:
        late = [(one.key, one.late) for one in overdue.overdue_counts(work, By.STEP)]
    assert late == [(("repair", "repair", "accept"), 1)]

    for number in (before, after):
        shop.accept(number)
    today = shop.clock.now().astimezone(shop.engine.zone).date()
    with shop.engine.reading(SYSTEM) as work:
        (kept,) = reports.kept_by_step(work, today, today)
    assert (kept.step_id, kept.finished, kept.late) == ("accept", 2, 1)


def test_a_rung_changes_who_is_told_when_for_new_cases(shop: Shop, deploy: Deploy) -> None:
    before = shop.report()
    assert deploy("escalation.dmn", in_the_ladder) == 0
    after = shop.report(text="卫生间水龙头滴漏")
    shop.later(minutes=25)
    assert climbed(shop) == [(before, 1), (after, 1), (after, 2)]


def test_which_urgencies_alarm_the_shift_is_a_row(shop: Shop, deploy: Deploy) -> None:
    before = shop.report()
    assert deploy("repair_limits.dmn", in_the_urgency) == 0
    after = shop.report(text="卫生间水龙头滴漏")
    assert shop.steps(before) == ["accept"]
    assert shop.steps(after) == ["take", "verify"]
    with shop.engine.reading(SYSTEM) as work:
        urgent = [catalogue.is_urgent(work, shop.case(one).id, "P2") for one in (before, after)]
        assert (urgent, catalogue.is_urgent(work, None, "P3")) == ([False, True], False)


def test_every_sheet_and_table_may_be_saved_elsewhere(
    shop: Shop, deploy: Deploy, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [path for path in sorted(FOLDER.iterdir()) if path.suffix in (".bpmn", ".dmn")]
    files = [edited(tmp_path, path.name, lambda _: None) for path in paths]
    assert main(["deploy", *map(str, files)]) == 0
    said = capsys.readouterr().out
    assert all(f"({path.name})" in said for path in paths)
    shop.accept(shop.report())
