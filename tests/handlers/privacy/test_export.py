"""Data in bulk leave by one way: asked for, approved by others, marked, fetched once, deleted."""

import io
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from engine import instances, tasks
from engine.errors import NotPermitted
from engine.ports import SYSTEM, Actor
from engine.store.tables import instance, user_task
from engine.work import Work
from handlers import settings as installation
from handlers.accounts import substitution, trust
from handlers.accounts.permissions import Post
from handlers.bootstrap import LAPSES
from handlers.errors import ActionNotAllowed, FieldsInvalid, RecordConflict, RecordNotFound, RuleRefused
from handlers.estate import authorisation
from handlers.estate.authorisation import Purpose
from handlers.privacy import export_files, exports
from handlers.privacy.exports import Asked
from handlers.privacy.records import privacy_export, privacy_export_person
from handlers.shared import lapsing, limits, work_files
from handlers.shared.records import access_log
from handlers.shared.sealed import Unsealable
from tests.handlers.inline import inline_worker
from tests.handlers.office import Office, account
from tests.reliability.together import together

PHONE = "13900000001"


def wanted(office: Office, **more: Any) -> Asked:
    """Ask for names and phones of the owners, to send a notice."""
    plain = Asked(
        office.community, None, "owners", ("name", "phone"), "notice", "停水通知", "前台李明", False, 7
    )
    return replace(plain, **more)


def asked(office: Office, by: Actor | None = None, **more: Any) -> str:
    return office.engine.run(by or office.clerk, lambda work: exports.ask(work, wanted(office, **more)))


def owners(office: Office, count: int = 3) -> list[int]:
    """Let people own the house 301."""
    found = []
    for number in range(count):
        person = office.person(f"业主{'甲乙丙丁戊己庚辛'[number]}", f"1390000000{number + 1}")
        office.relate(person, office.house)
        found.append(person)
    return found


def agree(office: Office, number: str, step: str, by: Actor) -> None:
    office.do(number, step, by, outcome="approve", reason=None)


def fetched(office: Office, number: str, by: Actor | None = None) -> bytes:
    def call(work: Work) -> bytes:
        task_id = exports.fetch_task(work, number)
        content = exports.fetch(work, number)
        tasks.complete(work, task_id, {"outcome": "fetched"})
        return content

    return office.engine.run(by or office.clerk, call)


def rows_of(content: bytes) -> list[tuple[Any, ...]]:
    sheet = load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    return [tuple(cell for cell in row if cell is not None) for row in sheet.values]


def state(office: Office, number: str) -> str:
    with office.engine.reading(SYSTEM) as work:
        return str(exports.by_number(work, number).state)


def logged(office: Office) -> list[str]:
    with office.engine.reading(SYSTEM) as work:
        rows = work.connection.execute(
            select(access_log.c.action).where(access_log.c.subject_kind == "privacy_export")
        )
        return list(rows.scalars())


def ready(office: Office) -> str:
    """Bring an export to where its file waits."""
    owners(office)
    number = asked(office)
    agree(office, number, "lead", office.csl)
    inline_worker(office.engine).drain()
    return number


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.both_stores
def test_an_export_runs_from_the_request_to_the_word_that_it_is_deleted(office: Office) -> None:
    number = ready(office)
    assert office.told("export_ready") == {account(office.clerk)}
    content = fetched(office, number)
    (notice,), heads, *rows = rows_of(content)
    assert number in notice
    assert "职员8" in notice
    assert heads == ("房屋", "姓名", "手机号", "水印")
    assert len(rows) == 3
    assert all(row[-1] == f"{number} 职员8" for row in rows)
    assert {row[2] for row in rows} == {f"1390000000{one}" for one in (1, 2, 3)}
    office.do(number, "confirm", office.clerk, deleted=True)
    assert office.is_over(number)
    assert state(office, number) == "deleted"
    assert logged(office) == [
        "ask_export", "approve_export", "make_export", "fetch_export", "confirm_export_deletion",
    ]  # fmt: skip
    with office.engine.reading(SYSTEM) as work:
        assert len(work.connection.execute(select(privacy_export_person)).all()) == 3


def test_a_file_is_handed_out_once_and_is_gone_then(office: Office) -> None:
    number = ready(office)
    folder = installation.of(office.engine).data_dir
    assert [
        path for path in folder.rglob("*") if path.is_file() and PHONE.encode() in path.read_bytes()
    ] == []
    with office.engine.reading(SYSTEM) as work:
        name = exports.by_number(work, number).file_name
    assert len(list(folder.rglob(name))) == 1
    with pytest.raises(RecordNotFound):
        fetched(office, number, office.csl)
    fetched(office, number)
    assert list(folder.rglob(name)) == []
    with pytest.raises(RecordConflict):
        fetched(office, number)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.both_stores
def test_a_file_that_is_fetched_six_times_at_once_is_handed_out_once(office: Office) -> None:
    number = ready(office)
    outcomes = together(*[lambda: fetched(office, number)] * 6)
    assert sorted(set(outcomes)) == ["done", "export_not_ready"]
    assert outcomes.count("done") == logged(office).count("fetch_export") == 1


def test_nobody_approves_what_they_asked_for_nor_in_the_place_of_who_did(office: Office) -> None:
    owners(office)
    number = asked(office, office.csl)
    with pytest.raises(ActionNotAllowed):
        agree(office, number, "lead", office.csl)
    helper = office.staff(Post.CS)
    with office.engine.work(office.pm) as work:
        substitution.set_substitute(work, office.csl.id, helper.id, work.now, work.now.replace(hour=23))
    with pytest.raises(ActionNotAllowed):
        agree(office, number, "lead", helper)
    agree(office, number, "lead", office.staff(Post.FINL))
    assert office.steps(number) == ["fetch"]


@pytest.mark.parametrize("takes_it_first", [False, True])
def test_the_log_says_for_whom_a_substitute_approved(office: Office, takes_it_first: bool) -> None:
    owners(office)
    number = asked(office)
    helper = office.staff(Post.CS)
    with office.engine.work(office.pm) as work:
        substitution.set_substitute(work, office.csl.id, helper.id, work.now, work.now.replace(hour=23))
    if takes_it_first:
        with office.engine.work(helper) as work:
            (task_id,) = work.connection.execute(
                select(user_task.c.id).where(user_task.c.step_id == "lead")
            ).scalars()
            tasks.claim(work, task_id)
    agree(office, number, "lead", helper)
    with office.engine.reading(SYSTEM) as work:
        row = work.connection.execute(select(access_log).where(access_log.c.action == "approve_export")).one()
    assert row.actor_id == helper.id
    assert json.loads(row.detail)["for"] == str(office.csl.id)


@pytest.mark.parametrize(
    ("more", "approvers"),
    [
        ({}, ["lead"]),
        ({"fields": ("name", "id_number")}, ["lead", "dpo"]),
        ({"outside": True}, ["lead", "dpo", "pm"]),
        ({"content": "statistics", "fields": ()}, []),
    ],
)
def test_the_table_says_who_has_to_agree(office: Office, more: dict[str, Any], approvers: list[str]) -> None:
    owners(office, 2)
    number = asked(office, **more)
    for step in approvers:
        assert office.steps(number) == [step]
        agree(office, number, step, {"lead": office.csl, "dpo": office.dpo, "pm": office.pm}[step])
    assert office.steps(number) == ["fetch"]


@pytest.mark.parametrize(
    ("rows", "approvers", "most"), [(50, "lead", 50), (51, "lead_dpo", 1000), (1001, "all", 10000)]
)
def test_more_rows_ask_for_more_approvers(office: Office, rows: int, approvers: str, most: int) -> None:
    facts = {"rows": rows, "sensitive": False, "outside": False, "statistics": False}
    with office.engine.reading(SYSTEM) as work:
        (row,) = exports.definitions.decision(work.engine, work.connection, "data_export").evaluate(facts)
    assert (row["approvers"], row["most_rows"]) == (approvers, most)


@pytest.mark.parametrize("refuser", ["lead", "dpo", "pm"])
def test_each_approver_may_refuse_and_who_asked_reads_why(office: Office, refuser: str) -> None:
    owners(office, 1)
    number = asked(office, outside=True)
    for step, by in (("lead", office.csl), ("dpo", office.dpo), ("pm", office.pm)):
        if step == refuser:
            office.do(number, step, by, outcome="refuse", reason="用不着手机号")
            break
        agree(office, number, step, by)
    assert office.is_over(number)
    assert state(office, number) == "refused"
    assert office.told("export_refused") == {account(office.clerk)}
    with office.engine.reading(office.clerk) as work:
        assert exports.opened(work, exports.seen(work, number), "answer") == "用不着手机号"


def test_a_file_that_nobody_fetches_is_destroyed_after_a_day(office: Office) -> None:
    number = ready(office)
    office.later(hours=24, minutes=1)
    assert office.is_over(number)
    assert state(office, number) == "lapsed"
    with pytest.raises(RecordConflict):
        fetched(office, number)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_the_file_of_a_case_that_is_suspended_is_destroyed_in_time_as_well(office: Office) -> None:
    number = ready(office)
    with office.engine.reading(SYSTEM) as work:
        row = exports.by_number(work, number)
    files = work_files.of(office.engine)
    assert b"".join(files.read(str(row.file_name)))
    manager = office.staff(Post.PM)
    office.engine.run(manager, lambda work: instances.suspend(work, row.instance_id, "核查"))
    office.later(hours=24, minutes=1)
    lapsing.end(office.engine, LAPSES)
    with pytest.raises(Unsealable):
        b"".join(files.read(str(row.file_name)))
    office.clock.set(office.clock.now() - timedelta(hours=2))
    with pytest.raises(RecordConflict):
        office.engine.run(office.clerk, lambda work: exports.fetch(work, number))
    office.engine.run(manager, lambda work: instances.resume(work, row.instance_id))
    office.later(hours=2, minutes=1)
    assert (state(office, number), logged(office)[-1]) == ("lapsed", "lapse_export")


def test_a_file_that_is_not_needed_any_more_is_destroyed(office: Office) -> None:
    number = ready(office)
    with pytest.raises(RuleRefused):
        office.do(number, "fetch", office.clerk, outcome="fetched")
    office.do(number, "fetch", office.clerk, outcome="not_needed")
    assert state(office, number) == "lapsed"


def test_an_approval_that_waits_too_long_goes_up_and_is_never_skipped(office: Office) -> None:
    owners(office)
    number = asked(office)
    office.later(days=1, hours=12)
    assert str(office.pm.id) in office.told("task_escalated") | office.told("task_warning")
    assert office.steps(number) == ["lead"]
    agree(office, number, "lead", office.pm)


def test_a_file_that_is_not_said_to_be_deleted_reaches_data_protection(office: Office) -> None:
    number = ready(office)
    fetched(office, number)
    task = office.task(number, "confirm")
    assert (task.due_at - task.opened_at).days == 7
    office.later(days=11)
    assert str(office.dpo.id) in office.told("task_escalated")
    assert office.steps(number) == ["confirm"]


def test_contacts_of_who_said_no_stay_empty_and_others_outside_get_only_who_agreed(office: Office) -> None:
    said_no, said_yes, _ = owners(office)
    with office.engine.work(office.clerk) as work:
        authorisation.decline(work, said_no, office.house, Purpose.NOTICE, "1")
        authorisation.authorise(work, said_yes, office.house, Purpose.NOTICE, "1")
    inside, outside = asked(office), asked(office, outside=True)
    for number in (inside, outside):
        with office.engine.reading(SYSTEM) as work:
            row = exports.by_number(work, number)
            content = export_files.export_rows.content_of(work, row, 50)
        phones = {line[2] for line in content.rows}
        expected = {"不同意", "13900000002", "13900000003"} if number == inside else {"13900000002"}
        assert phones == expected


def test_the_order_of_the_rows_tells_from_which_export_a_list_leaked(office: Office) -> None:
    for room in range(10, 22):
        house = office.another_house(f"4{room}")
        office.relate(office.person(f"住户{room}", f"139000001{room}"), house)
    lists = {}
    for _ in range(2):
        number = asked(office)
        agree(office, number, "lead", office.csl)
        inline_worker(office.engine).drain()
        lists[number] = [row[0] for row in rows_of(fetched(office, number))[2:]]
    first, second = lists
    assert lists[first] != lists[second]
    with office.engine.reading(office.dpo) as work:
        assert export_files.whose(work, lists[first]) == [first]
        assert export_files.whose(work, lists[second][2:9]) == [second]
        assert export_files.whose(work, sorted(lists[first])) == []
    with office.engine.reading(office.clerk) as work, pytest.raises(NotPermitted):
        export_files.whose(work, lists[first])


def test_an_export_says_what_it_is_for_and_nobody_asks_for_many(office: Office) -> None:
    owners(office, 1)
    for more, field in (
        ({"fields": ()}, "fields"),
        ({"fields": ("password",)}, "fields"),
        ({"purpose": ""}, "purpose"),
        ({"purpose": "emergency"}, "purpose"),
        ({"reason": " "}, "reason"),
        ({"recipient": ""}, "recipient"),
        ({"keep_days": 31}, "keep_days"),
        ({"content": "everything"}, "content"),
        ({"building_id": 1}, "building_id"),
    ):
        with pytest.raises(FieldsInvalid) as invalid:
            asked(office, **more)
        assert list(invalid.value.fields) == [field]
    for _ in range(limits.EXPORTS_PER_DAY):
        asked(office)
    with pytest.raises(RuleRefused) as refused:
        asked(office)
    assert refused.value.code == "many_exports"


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_exports_asked_for_at_the_same_moment_do_not_share_the_last_one_of_the_day(office: Office) -> None:
    owners(office)
    outcomes = together(*[lambda: asked(office)] * (limits.EXPORTS_PER_DAY + 6))
    assert sorted(outcomes) == ["done"] * limits.EXPORTS_PER_DAY + ["many_exports"] * 6


def test_for_a_day_after_a_reset_nobody_asks_agrees_or_fetches(office: Office) -> None:
    number = ready(office)
    for who in (office.clerk, office.csl):
        with office.engine.work(SYSTEM) as work:
            trust.begin_cool_off(work, who.id)
    with pytest.raises(trust.StillCooling):
        fetched(office, number)
    with pytest.raises(trust.StillCooling):
        asked(office)
    number = asked(office, office.staff(Post.CS))
    with pytest.raises(trust.StillCooling):
        agree(office, number, "lead", office.csl)


def test_whoever_may_not_ask_is_refused_and_others_do_not_see_it(office: Office) -> None:
    owners(office, 1)
    for who in (office.pm, office.sys, office.staff(Post.RP), office.staff(Post.CS, office.other_community)):
        with pytest.raises(NotPermitted):
            asked(office, who)
    number = asked(office)
    for who in (office.csl, office.dpo, office.aud, office.sec):
        with office.engine.reading(who) as work:
            assert exports.seen(work, number).number == number
            assert [one.number for one in exports.listed(work)] == [number]
    with office.engine.reading(office.staff(Post.CS)) as work:
        assert exports.listed(work) == []
        with pytest.raises(RecordNotFound):
            exports.seen(work, number)


def test_only_who_asked_withdraws_it_and_the_case_knows_no_personal_value(office: Office) -> None:
    owners(office, 1)
    number = asked(office, reason="陈静要的", recipient="陈静")
    with office.engine.reading(SYSTEM) as work:
        row = work.connection.execute(select(instance).where(instance.c.business_key == number)).one()
        assert "陈静" not in repr(row)
        assert "陈静" not in repr(work.connection.execute(select(privacy_export)).all())
    other = office.staff(Post.CS)
    with pytest.raises(ActionNotAllowed):
        office.engine.run(other, lambda work: instances.cancel(work, row.id, "不要了"))
    office.engine.run(office.clerk, lambda work: exports.withdraw(work, number, "不要了"))
    assert state(office, number) == "withdrawn"
