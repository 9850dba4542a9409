"""Numbers of documents, phones and vehicles: right ones are read in any spelling, wrong ones refused."""

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.estate.identity import (
    IdType,
    InvalidIdentity,
    checked_id,
    is_mobile,
    normalised_mobile,
    normalised_phone,
    normalised_plate,
)

SAMPLE = "11010519491231002X"
TODAY = date(2026, 11, 23)


def is_id_card(number: str) -> bool:
    try:
        checked_id(IdType.ID_CARD, number, TODAY)
    except InvalidIdentity:
        return False
    return True


def test_the_sample_of_the_standard_says_when_and_as_what_its_holder_was_born() -> None:
    found = checked_id(IdType.ID_CARD, SAMPLE, TODAY)
    assert (found.number, found.born_on, found.sex) == (SAMPLE, date(1949, 12, 31), "female")


@pytest.mark.parametrize(
    "spelling", ["11010519491231002x", " 110105 19491231 002X ", "１１０１０５１９４９１２３１００２Ｘ"]
)
def test_every_spelling_of_the_sample_is_read(spelling: str) -> None:
    assert checked_id(IdType.ID_CARD, spelling, TODAY).number == SAMPLE


def test_all_153_single_digit_errors_of_the_sample_are_found() -> None:
    wrong = [
        SAMPLE[:place] + digit + SAMPLE[place + 1 :]
        for place in range(17)
        for digit in "0123456789"
        if digit != SAMPLE[place]
    ]
    assert len(wrong) == 153
    assert [number for number in wrong if is_id_card(number)] == []


def test_all_neighbour_swaps_of_the_sample_are_found() -> None:
    swaps = {
        SAMPLE[:place] + SAMPLE[place + 1] + SAMPLE[place] + SAMPLE[place + 2 :] for place in range(16)
    } - {SAMPLE}
    assert len(swaps) == 14
    assert [number for number in swaps if is_id_card(number)] == []


def with_check(first: str) -> str:
    weights = [2 ** (17 - place) % 11 for place in range(17)]
    return first + "10X98765432"[sum(int(d) * w for d, w in zip(first, weights, strict=True)) % 11]


@pytest.mark.parametrize(
    ("first", "is_good"),
    [
        ("81000019900101001", True),  # residence permit of Hong Kong
        ("83000019900101001", True),  # of Taiwan
        ("91101019900101001", True),  # permanent resident from abroad
        ("99101019900101001", True),
        ("11010520000229001", True),
        ("11010520010229001", False),  # no such day
        ("11010520261124001", False),  # tomorrow
        ("11010518791231001", False),
        ("11010520001301001", False),
        ("00010520000101001", False),  # no such region
        ("16010520000101001", False),
    ],
)
def test_region_and_birthday_must_exist(first: str, is_good: bool) -> None:
    assert is_id_card(with_check(first)) is is_good


@pytest.mark.parametrize(
    "number", ["", "1.10105E+17", "110105491231002", "110105194912310020", "1" * 19, "张三"]
)
def test_what_is_no_id_number_is_refused(number: str) -> None:
    assert not is_id_card(number)


@given(st.text(max_size=30))
def test_no_text_crashes_the_readers(text: str) -> None:
    for id_type in IdType:
        with suppress(InvalidIdentity):
            checked_id(id_type, text, TODAY)
    for reader in (normalised_mobile, normalised_phone, normalised_plate):
        with suppress(InvalidIdentity):
            reader(text)


@pytest.mark.parametrize("id_type", list(IdType))
def test_a_refused_number_is_not_repeated_in_the_message(id_type: IdType) -> None:
    with pytest.raises(InvalidIdentity) as refused:
        checked_id(id_type, "?110105194912310020?", TODAY)
    assert "1949" not in refused.value.text()


@pytest.mark.parametrize(
    ("id_type", "number", "is_good"),
    [
        (IdType.PASSPORT, "E12345678", True),
        (IdType.PASSPORT, "ej1234567", True),
        (IdType.PASSPORT, "ABCDEF", False),
        (IdType.PASSPORT, "12", False),
        (IdType.HK_MACAU_PERMIT, "H12345678", True),
        (IdType.HK_MACAU_PERMIT, "X12345678", False),
        (IdType.TAIWAN_PERMIT, "12345678", True),
        (IdType.TAIWAN_PERMIT, "1234567", False),
        (IdType.CREDIT_CODE, "91350100M000100Y43", True),
        (IdType.CREDIT_CODE, "91350100M000100Y44", False),
        (IdType.CREDIT_CODE, "91350100M000100I43", False),
    ],
)
def test_other_documents_have_their_own_form(id_type: IdType, number: str, is_good: bool) -> None:
    if is_good:
        assert checked_id(id_type, number, TODAY).number == number.upper()
    else:
        with pytest.raises(InvalidIdentity):
            checked_id(id_type, number, TODAY)


@pytest.mark.parametrize(
    "spelling",
    [
        "13812345678",
        "+86 138 1234 5678",
        "0086-138-1234-5678",
        "86 13812345678",
        "１３８１２３４５６７８",
        "138-1234-5678",
    ],
)
def test_a_mobile_number_is_read_in_any_spelling(spelling: str) -> None:
    assert normalised_mobile(spelling) == "13812345678"


@pytest.mark.parametrize("number", ["", "12812345678", "1381234567", "138123456789", "010-12345678", "abc"])
def test_what_is_no_mobile_number_is_refused(number: str) -> None:
    with pytest.raises(InvalidIdentity):
        normalised_mobile(number)


@pytest.mark.parametrize(
    ("number", "digits"),
    [("010-12345678", "01012345678"), ("(0755)8888 6666", "075588886666"), ("4008123123", "4008123123")],
)
def test_landlines_are_contacts_without_messages(number: str, digits: str) -> None:
    assert normalised_phone(number) == digits
    assert not is_mobile(digits)


@pytest.mark.parametrize(
    ("plate", "normal"),
    [
        ("京A12345", "京A12345"),
        ("京a·12345", "京A12345"),
        ("沪 AD12345", "沪AD12345"),
        ("粤Z1234港", "粤Z1234港"),
    ],
)
def test_plates_have_seven_or_eight_characters(plate: str, normal: str) -> None:
    assert normalised_plate(plate) == normal


@pytest.mark.parametrize("plate", ["京A1234", "京A123456789", "AA12345", "京I12345", "京A1234O", ""])
def test_what_is_no_plate_is_refused(plate: str) -> None:
    with pytest.raises(InvalidIdentity):
        normalised_plate(plate)
