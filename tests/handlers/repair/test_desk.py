"""What the desk sees, finds and says; who may see what."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from engine import case_texts
from engine.bilingual import chinese
from engine.errors import NotAllowed, NotFound, Refused
from engine.ports import SYSTEM
from engine.service_tasks import Context
from engine.work import Work
from handlers.accounts import trust
from handlers.accounts.permissions import Post
from handlers.errors import FieldsInvalid
from handlers.estate.records import RelationKind
from handlers.repair import (
    commands,
    intake,
    orders,
    queries,
    reporting,
    searching,
    story,
    urgent,
    writing,
)
from handlers.repair.records import Area, OrderState, repair_number
from handlers.repair.reporting import Report
from handlers.shared import access_log, limits
from handlers.shared.numbers import next_number
from handlers.shared.records import access_tally, alarm
from tests.handlers.repair.repair_world import FULL_MARKS, OWNER_PHONE, Shop


def numbers_of(lines: list[queries.OrderLine]) -> list[str]:
    return [line.number for line in lines]


def test_the_callers_number_tells_house_masked_owner_and_open_orders(shop: Shop) -> None:
    number = shop.report()
    with shop.engine.work(shop.clerk) as work:
        (known,) = intake.look_up(work, "+86 138-1111-2222")
    assert (known.house_id, known.address) == (shop.house, "1栋2单元301")
    assert (known.name, known.phone) == ("李*", "138****2222")
    assert known.months is None
    assert chinese(known.checked) == "资料从未核对，请核对"
    assert [(one.number, chinese(one.fault), one.state) for one in known.open_orders] == [
        (number, "户内水龙头/软管滴漏", OrderState.REPORTED)
    ]


def test_a_known_outage_near_by_is_named(shop: Shop) -> None:
    shop.report(fault="P05", text="楼道灯不亮", area=Area.COMMON, place="一楼")
    with shop.engine.reading(shop.clerk) as work:
        assert intake.outages(work, shop.community) == [
            ("1栋一楼 公共照明不亮", "1栋一楼 Common lighting out")
        ]


def test_only_the_desk_asks_who_calls(shop: Shop) -> None:
    for actor in (shop.plumber, shop.owner, shop.staff(Post.RPL)):
        with pytest.raises(NotAllowed), shop.engine.work(actor) as work:
            intake.look_up(work, OWNER_PHONE)


def looks_at(shop: Shop, *numbers: str) -> dict[str, int]:
    for number in numbers:
        with shop.engine.work(shop.clerk) as work:
            intake.look_up(work, number)
    with shop.engine.reading(SYSTEM) as work:
        rows = work.connection.execute(
            select(access_tally.c.kind, access_tally.c.amount).where(access_tally.c.actor_id == shop.clerk.id)
        )
        return {row.kind: row.amount for row in rows}


def test_each_number_that_is_looked_up_is_noted_and_counted_known_or_not(shop: Shop) -> None:
    assert looks_at(shop, OWNER_PHONE, "13700009999", "8012", "") == {"searches": 2, "rows": 2}
    with shop.engine.reading(shop.clerk) as work:
        since = shop.clock.now() - timedelta(hours=1)
        assert access_log.count(work, "search_person", since) == 2
        assert access_log.newest(work, "search_person", 0, timedelta(hours=1)) == (
            "desk_call",
            shop.clock.now(),
        )


def test_a_long_list_of_numbers_raises_an_alarm_and_a_day_of_calls_does_not(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert limits.ODD_FROM["searches"][1] > 200
    assert limits.OWNER_ROWS_PER_DAY > 400
    monkeypatch.setattr(limits, "OWNER_ROWS_PER_DAY", 3)
    for number, alarms in (("13700009997", 0), ("13700009998", 0), (OWNER_PHONE, 0), (OWNER_PHONE, 1)):
        looks_at(shop, number)
        with shop.engine.reading(SYSTEM) as work:
            raised = work.connection.execute(select(alarm.c.kind, alarm.c.subject_id)).all()
        assert raised == [("owner_rows", shop.clerk.id)] * alarms


@pytest.mark.parametrize(
    "text", ["R20261123-0001", OWNER_PHONE, "2222", "1栋2单元301", "1-301", "滴漏", "301 滴漏", "R20261123"]
)
def test_an_order_is_found_by_number_phone_house_and_words(shop: Shop, text: str) -> None:
    number = shop.report()
    with shop.engine.reading(shop.clerk) as work:
        assert numbers_of(queries.search(work, text)) == [number]


def test_words_are_found_in_an_index_and_not_by_reading_every_order(shop: Shop) -> None:
    shop.report()
    asked: list[str] = []
    with shop.engine.reading(shop.clerk) as work:
        event.listen(work.connection, "before_cursor_execute", lambda *told: asked.append(told[2]))
        assert queries.search(work, "滴漏")
    assert [one for one in asked if "LIKE" in one and "case_gram" not in one] == []


def test_common_words_are_looked_for_in_the_newest_cases_and_that_is_said(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *later = (shop.report(text=f"{what}滴漏") for what in ("厨房", "阳台", "客厅"))
    monkeypatch.setattr(case_texts, "FEW", 2)

    common, rare = (
        shop.engine.run(shop.clerk, lambda work, text=text: searching.begin(work, text))
        for text in ("滴漏", "厨房")
    )

    with shop.engine.reading(shop.clerk) as work:
        found = searching.found(work, common)
        assert (set(numbers_of(found.orders)), found.cut_at) == (set(later), 2)
        assert searching.found(work, rare) == searching.Found("厨房", queries.search(work, first))


def test_names_and_phones_in_a_report_cannot_be_searched_for(shop: Shop) -> None:
    number = shop.report(text="李明家龙头滴漏，电话13811112222")
    with shop.engine.reading(shop.clerk) as work:
        assert queries.search(work, "李明") == []
        assert queries.order(work, number).description == "李明家龙头滴漏，电话13811112222"
    assert shop.order(number).search_text == "＊家龙头滴漏，电话＊"


def test_residents_see_their_houses_orders_since_they_live_there(shop: Shop) -> None:
    number = shop.report()
    shop.later(days=1)
    newcomer_person = shop.person("赵新", "13855556666")
    shop.relate(newcomer_person, shop.house, RelationKind.TENANT)
    newcomer = shop.resident(newcomer_person)
    with shop.engine.reading(shop.owner) as work:
        assert numbers_of(queries.own_reports(work)) == [number]
    for actor in (shop.stranger, newcomer):
        with shop.engine.reading(actor) as work:
            assert queries.own_reports(work) == []
            assert queries.search(work, number) == []
            with pytest.raises(NotFound):
                queries.order(work, number)


def test_the_owner_sees_who_comes_and_when(shop: Shop) -> None:
    number = shop.report()
    shop.accept(number)
    shop.do(number, "take", shop.plumber, outcome="taken")
    shop.do(number, "appoint", shop.plumber, outcome="soon")
    with shop.engine.reading(shop.owner) as work:
        (line,) = queries.own_reports(work)
        name = shop.engine.directory.names(work.connection, [shop.plumber.id])[shop.plumber.id]
    assert line.worker == name
    assert line.window_to == shop.clock.now() + timedelta(minutes=30)


def test_repairers_see_only_their_orders_and_only_until_a_day_after_the_end(shop: Shop) -> None:
    number = shop.report()
    with pytest.raises(NotFound), shop.engine.reading(shop.plumber) as work:
        queries.order(work, number)
    shop.accept(number)
    with shop.engine.reading(shop.plumber) as work:
        view = queries.order(work, number)
        assert numbers_of(queries.own_jobs(work)) == [number]
    assert (view.contact_name, view.contact_phone) == ("李*", "138****2222")
    with shop.engine.reading(shop.owner) as work:
        own = queries.order(work, number)
    assert (own.contact_name, own.contact_phone) == ("李明", OWNER_PHONE), "who reported reads what they gave"
    with pytest.raises(NotFound), shop.engine.reading(shop.second_plumber) as work:
        queries.order(work, number)
    shop.repair(number)
    shop.do(number, "confirm", shop.owner, **FULL_MARKS)
    shop.clock.advance(hours=23)
    with shop.engine.reading(shop.plumber) as work:
        queries.order(work, number)
    shop.clock.advance(hours=2)
    with pytest.raises(NotFound), shop.engine.reading(shop.plumber) as work:
        queries.order(work, number)


def test_finance_reads_a_report_but_not_the_phone_of_who_reported(shop: Shop) -> None:
    number, cashier = shop.report(), shop.staff(Post.FIN)
    with shop.engine.reading(cashier) as work:
        assert queries.order(work, number).contact_phone == "138****2222"
    with pytest.raises(NotAllowed), shop.engine.work(cashier) as work:
        commands.reveal_contact(work, number, "repair")


def test_a_revealed_phone_is_logged_before_it_is_shown(shop: Shop) -> None:
    number = shop.report()
    shop.accept(number)
    with shop.engine.work(shop.plumber) as work:
        assert commands.reveal_contact(work, number, "repair") == ("李明", OWNER_PHONE)
        assert access_log.count(work, "reveal_phone", shop.clock.now() - timedelta(hours=1)) == 1
    with pytest.raises(NotFound), shop.engine.work(shop.electrician) as work:
        commands.reveal_contact(work, number, "repair")


def test_for_a_day_after_a_reset_the_desk_reads_no_phone_and_who_was_sent_does(shop: Shop) -> None:
    number = shop.report()
    shop.accept(number)
    with shop.engine.work(SYSTEM) as work:
        trust.begin_cool_off(work, shop.clerk.id)
        trust.begin_cool_off(work, shop.plumber.id)
    with pytest.raises(trust.StillCooling), shop.engine.work(shop.clerk) as work:
        commands.reveal_contact(work, number, "repair")
    with shop.engine.work(shop.plumber) as work:
        assert commands.reveal_contact(work, number, "repair")[1] == OWNER_PHONE


def test_who_asks_for_too_many_phones_is_refused_and_reported(shop: Shop) -> None:
    number = shop.report()
    for _ in range(limits.REVEALS_PER_HOUR):
        with shop.engine.work(shop.clerk) as work:
            commands.reveal_contact(work, number, "repair")
    with pytest.raises(Refused, match="上限"), shop.engine.work(shop.clerk) as work:
        commands.reveal_contact(work, number, "repair")
    with shop.engine.reading(SYSTEM) as work:
        raised = work.connection.execute(select(alarm.c.kind, alarm.c.subject_id)).all()
    assert raised == [("reveal_quota", shop.clerk.id)]


def test_the_desk_reads_no_phone_out_of_a_closed_order_not_even_in_an_emergency(shop: Shop) -> None:
    number = shop.report()
    shop.accept(number)
    shop.repair(number)
    shop.do(number, "confirm", shop.owner, **FULL_MARKS)
    for purpose in ("repair", "emergency"):
        with pytest.raises(NotAllowed), shop.engine.work(shop.clerk) as work:
            commands.reveal_contact(work, number, purpose, "楼上漏水很急")
    with shop.engine.work(shop.plumber) as work:
        assert commands.reveal_contact(work, number, "repair") == ("李明", OWNER_PHONE)


def test_an_emergency_at_an_order_has_a_reason_in_words_and_security_is_told(shop: Shop) -> None:
    number = shop.report()
    for reason in ("", "漏", "。。。。。。"):
        with pytest.raises(FieldsInvalid), shop.engine.work(shop.clerk) as work:
            commands.reveal_contact(work, number, "emergency", reason)
    with shop.engine.work(shop.clerk) as work:
        assert commands.reveal_contact(work, number, "emergency", "楼上漏水很急")[1] == OWNER_PHONE
    with shop.engine.reading(SYSTEM) as work:
        assert work.connection.execute(select(alarm.c.kind)).scalars().all() == ["emergency_look"]


def test_danger_is_said_before_the_form_and_doubt_asks_one_question(shop: Shop) -> None:
    with shop.engine.reading(shop.owner) as work:
        danger = writing.first_look(work, "厨房有燃气味")
        doubt = writing.first_look(work, "卫生间漏水")
        plain = writing.first_look(work, "门把手松了")
    assert danger.danger is not None
    assert doubt.danger is None
    assert doubt.question is not None
    assert plain == writing.FirstLook(None, None)


def test_a_yes_to_the_question_makes_a_report_urgent(shop: Shop) -> None:
    number = shop.report(fault="W07", text="卫生间漏水", urgency="P1")
    assert shop.order(number).urgency == "P1"


def test_the_story_is_told_in_plain_sentences(shop: Shop) -> None:
    number = shop.report()
    shop.accept(number)
    shop.repair(number)
    shop.do(number, "confirm", shop.owner, **FULL_MARKS)
    with shop.engine.reading(shop.owner) as work:
        told = [
            one.text.format(**{name: chinese(value) for name, value in one.params.items()})
            for one in story.story(work, number)
        ]
    assert told[0] == "住户报修（在线）"
    assert any(sentence.endswith("接单") or "派给" in sentence for sentence in told)
    assert told[-1] == "住户确认修好"


def test_a_remark_is_kept_with_the_case_for_those_who_see_the_order(shop: Shop) -> None:
    number = shop.report()
    with shop.engine.work(shop.owner) as work:
        commands.comment(work, number, "请下午来")
    with pytest.raises(NotFound), shop.engine.work(shop.stranger) as work:
        commands.comment(work, number, "插一句")


def test_a_report_sent_twice_is_one_case(shop: Shop) -> None:
    report = Report(Area.PRIVATE, "W05", "滴漏", "李明", OWNER_PHONE, house_id=shop.house)
    answers = set()
    for _ in range(2):
        with shop.engine.work(shop.owner) as work:
            answers.add(reporting.report_online(work, report, idempotency_key="one-click"))
    assert len(answers) == 1


def test_equipment_and_staff_report_common_faults_without_a_house(shop: Shop) -> None:
    with shop.engine.reading(shop.clerk) as work:
        building = orders.by_number(work.connection, shop.report()).building_id
    report = Report(Area.COMMON, "P05", "灯不亮", "巡检", "13900001111", building_id=building, place="二楼")
    with shop.engine.work(shop.plumber) as work:
        number = reporting.report_found(work, report).number
    order = shop.order(number)
    assert (order.channel, order.house_id, order.place) == ("staff", None, "1栋二楼")
    with pytest.raises(Refused, match="没有对应的住户"):
        shop.do(number, "accept", shop.clerk, outcome="more_info", question="哪盏灯？")


def test_a_handler_that_runs_again_rings_once(shop: Shop) -> None:
    number = shop.report(fault="G01", text="燃气味")
    order = shop.order(number)

    def again(work: Work) -> dict[str, object]:
        case = shop.case(number)
        context = Context(
            work, case.id, "repair", number, shop.community, shop.house, "alarm", None, "same-token"
        )
        return urgent.alarm_shift(context, fault_code="G01", skill="emergency", urgency="P0")

    with shop.engine.work(shop.clerk) as work:
        first = again(work)
        second = again(work)
    assert first == second
    assert shop.events(number).count("alarmed") == 2  # the case's own, and the one of this token
    assert order.id == shop.order(number).id


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.both_stores
def test_numbers_drawn_at_the_same_time_differ(shop: Shop) -> None:
    def draw(_turn: int) -> str:
        return shop.engine.run(shop.clerk, lambda work: next_number(work, "R", repair_number))

    with ThreadPoolExecutor(6) as pool:
        drawn = list(pool.map(draw, range(30)))
    assert sorted(drawn) == [f"R20261123-{n:04d}" for n in range(1, 31)]


def test_a_case_knows_its_fault_and_place_and_names_nobody(shop: Shop) -> None:
    case = shop.case(shop.report())
    assert (case.title, case.place) == ("户内水龙头/软管滴漏", "1栋2单元301")
    assert "李" not in f"{case.title}{case.title_en}{case.place}"
