"""Names and addresses have one spelling: what nobody sees is not kept, what looks the same is the same."""

import pytest

from engine.work import Engine
from handlers.estate.address import normal_part, read_query
from handlers.estate.identity import normalised_mobile, normalised_plate
from handlers.estate.people import name_index
from handlers.shared.sealed import vault_of
from handlers.shared.spelling import one_spelling
from tests.handlers.estate_world import World


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("张三丰", "张三丰"),
        ("  张 三\u3000丰 ", "张 三 丰"),
        ("张\u200b三\ufeff丰\u2060", "张三丰"),
        ("\u202e张三丰\u202c", "张三丰"),
        ("\u0301张 \u0302三丰", "张 三丰"),
        ("Jose\u0301", "Jos\u00e9"),
        ("Ｌｉ　Ｍｉｎｇ", "Li Ming"),
        ("张\x00三\x1b丰", "张三丰"),
        ("\u200b\u202e", ""),
        ("葛\U000e0100城", "葛\U000e0100城"),  # a variant that people have in their name stays
    ],
)
def test_a_name_is_kept_without_what_nobody_sees(typed: str, kept: str) -> None:
    assert one_spelling(typed) == kept
    assert one_spelling(kept) == kept


@pytest.mark.both_stores
def test_a_name_with_hidden_characters_is_found_by_the_one_without(engine: Engine, world: World) -> None:
    vault = vault_of(engine)
    person = world.person("张\u200b三\u202e丰", "13812345678")
    with engine.reading(world.staff(None)) as work:
        rows = work.connection.exec_driver_sql("select id, name, name_index from estate_person").all()
    [row] = [one for one in rows if one.id == person]
    assert vault.open("estate_person", "name", person, row.name) == "张三丰"
    assert row.name_index == name_index(vault, "张三丰") == name_index(vault, "张\u2060三 丰")


def test_numbers_plates_and_addresses_ignore_hidden_characters() -> None:
    assert normalised_mobile("\u202d138\u200b1234 5678\u202c") == "13812345678"
    assert normalised_plate("粤\u200bB·\ufeff12345") == "粤B12345"
    assert normal_part("building", "\u200b３\u202c栋") == "3"
    assert read_query("3\u200b-2-502").room == "502"
