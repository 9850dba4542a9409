"""Addresses are understood however people write them."""

import pytest

from handlers.estate.address import AddressQuery, Place, read_query


@pytest.mark.parametrize(
    ("parts", "address"),
    [
        (("3栋", "2单元", "502室"), "3栋2单元502"),
        (("03号楼", "二单元", "０５０２"), "3栋2单元0502"),
        (("A座", "", "1201"), "A栋1201"),
        (("十二幢", "一单元", "8"), "12栋1单元8"),
        (("二十", "", "B1-3号"), "20栋B1-3"),
        ((" 3 # ", "1 门", " 502 "), "3栋1单元502"),
    ],
)
def test_parts_are_brought_to_one_spelling(parts: tuple[str, str, str], address: str) -> None:
    assert Place.of(*parts).address() == address


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("3栋2单元502", AddressQuery("", "3", "2", "502")),
        ("3号楼二单元502室", AddressQuery("", "3", "2", "502")),
        ("３－２－５０２", AddressQuery("", "3", "2", "502")),
        ("3-502", AddressQuery("", "3", None, "502")),
        ("翠湖花园 3-2-502", AddressQuery("翠湖花园", "3", "2", "502")),
        ("翠湖花园502", AddressQuery("翠湖花园", None, None, "502")),
        ("翠湖花园A座1201室", AddressQuery("翠湖花园", "A", None, "1201")),
        ("翠湖", AddressQuery("翠湖")),
        ("3栋", AddressQuery("", "3")),
        ("502", AddressQuery("", None, None, "502")),
        ("", AddressQuery("")),
        ("50%_", AddressQuery("50%_")),
    ],
)
def test_a_query_says_as_much_as_was_typed(text: str, query: AddressQuery) -> None:
    assert read_query(text) == query


@pytest.mark.parametrize("text", ["A" * 300_000 + "!", "1-" * 150_000, "十" * 300_000 + "!"])
def test_what_is_far_too_long_for_an_address_is_none_and_costs_no_time(text: str) -> None:
    query = read_query(text)
    assert (query.building, query.unit, query.room) == (None, None, None)
    assert len(query.community) <= 100
