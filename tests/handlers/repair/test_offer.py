"""What repair offers fits what the diagrams and the messages ask for."""

import re
import tomllib
from pathlib import Path

import pytest

from engine.ports import SYSTEM
from engine.service_tasks import collect
from engine.store.tables import metadata
from handlers.repair import offer, story
from handlers.repair.message_texts import TO_OWNER, TO_STAFF
from tests.handlers.repair.repair_world import Shop
from tests.handlers.repair.tables import PROCESSES

CODE = Path(offer.__file__).parent


def sources() -> str:
    return "\n".join(
        path.read_text() for path in sorted(CODE.glob("*.py")) if path.name != "message_texts.py"
    )


def test_every_topic_of_repair_has_its_function_and_every_function_its_topic() -> None:
    topics = tomllib.loads((PROCESSES / "topics.toml").read_text())
    library = collect(offer.TOPIC_MODULES)
    for kind, functions in (
        ("handler", library.handlers),
        ("completion", library.completions),
        ("form_data", library.form_data),
    ):
        assert set(functions) == {name for name in topics[kind] if name.startswith("repair.")}


def test_every_message_that_is_sent_has_a_text() -> None:
    codes = {template.code for template in offer.TEMPLATES}
    used = set(re.findall(r'"(repair_[a-z_]+)"', sources()))
    tables = {name for name in metadata.tables if name.startswith("repair_")}
    files = {path.stem for path in PROCESSES.iterdir()}
    unknown = used - codes - tables - files - {"repair_online", "repair_phone"}
    assert unknown == set()


@pytest.mark.parametrize("template", offer.TEMPLATES, ids=lambda one: one.code)
def test_every_text_can_be_written_in_both_languages(shop: Shop, template: object) -> None:
    number = shop.report()
    moment = shop.clock.now().isoformat()
    args = {
        "order_id": str(shop.order(number).id),
        "worker_id": str(shop.plumber.id),
        "minutes": 5,
        "count": 2,
        "charge_fen": 7500,
        **dict.fromkeys(
            ("window_from", "window_to", "expected_at", "arrive_at", "visit_at", "promised_at"), moment
        ),
    }
    with shop.engine.reading(SYSTEM) as work:
        zh = template.written(work, args, "zh")
        en = template.written(work, args, "en")
    assert number in zh[1]
    assert number in en[1]
    assert zh != en
    assert not re.search("[\u4e00-\u9fff]", en[0])
    for text in (*zh, *en):
        assert "李明" not in text
        assert "1381111" not in text
        assert not re.search(r"\bP[0-3]\b", text), "people read words, not codes"


def test_no_text_stands_twice() -> None:
    codes = [row[0] for row in (*TO_OWNER, *TO_STAFF)]
    assert len(codes) == len(set(codes))


def test_every_event_that_is_told_has_a_sentence() -> None:
    told = set(re.findall(r'orders\.tell\(\s*(?:context\.)?work, [a-z_.]+, "([a-z_]+)"', sources()))
    silent = {"info_supplied", "state"}
    assert told - silent <= set(story._SENTENCES) | {"state"}


@pytest.mark.parametrize(
    ("fen", "said", "said_in_english"),
    [
        (0, "本次免费", "free of charge"),
        (5800, "收费 58 元", "the charge is ¥58;"),
        (5850, "收费 58.50 元", "the charge is ¥58.50;"),
    ],
)
def test_what_an_owner_pays_is_said_plainly(shop: Shop, fen: int, said: str, said_in_english: str) -> None:
    template = next(one for one in offer.TEMPLATES if one.code == "repair_finished")
    args = {"order_id": str(shop.order(shop.report()).id), "charge_fen": fen}
    with shop.engine.reading(SYSTEM) as work:
        zh, en = template.written(work, args, "zh"), template.written(work, args, "en")
    assert f"已完工，{said}，请确认" in zh[1]
    assert said_in_english in en[1]
