"""Sealed values: only the same column of the same row opens them, and nothing of them can be altered."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.shared.masks import mask_name, mask_number, mask_phone, mask_plate
from handlers.shared.sealed import AES, SM4_GCM, KeyRing, SealedVault, Unsealable

ALGORITHMS = (AES, SM4_GCM)
VAULTS = {algorithm: SealedVault(KeyRing.new(algorithm)) for algorithm in ALGORITHMS}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@given(value=st.text(max_size=200), row_id=st.integers(0, 2**63 - 1))
def test_what_was_sealed_opens_again(algorithm: str, value: str, row_id: int) -> None:
    vault = VAULTS[algorithm]
    sealed = vault.seal("person", "name", row_id, value)
    assert vault.open("person", "name", row_id, sealed) == value


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_equal_values_look_different_and_show_nothing(algorithm: str) -> None:
    vault = VAULTS[algorithm]
    first, second = (vault.seal("person", "phone", 1, "13812345678") for _ in range(2))
    assert first != second
    assert "13812345678" not in first


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(
    "place",
    [("person", "name", 2), ("person", "phone", 1), ("house", "name", 1)],
    ids=["row", "column", "table"],
)
def test_a_value_moved_to_another_place_does_not_open(algorithm: str, place: tuple[str, str, int]) -> None:
    vault = VAULTS[algorithm]
    sealed = vault.seal("person", "name", 1, "张三丰")
    with pytest.raises(Unsealable):
        vault.open(*place, sealed)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_single_bit_flip_is_found(algorithm: str) -> None:
    vault = VAULTS[algorithm]
    sealed = vault.seal("person", "name", 1, "张三丰").encode()
    for position in range(len(sealed)):
        for bit in range(8):
            flipped = bytearray(sealed)
            flipped[position] ^= 1 << bit
            with pytest.raises(Unsealable):
                vault.open("person", "name", 1, flipped.decode("latin-1"))


@pytest.mark.parametrize("text", ["", ".", "1", "1.a.a.", "plain text", "1..a.AAAA", "2.k.a.AAAA"])
def test_what_is_no_sealed_value_does_not_open(text: str) -> None:
    with pytest.raises(Unsealable):
        VAULTS[AES].open("person", "name", 1, text)


def test_after_a_rotation_old_values_open_and_new_ones_use_the_new_key() -> None:
    old = SealedVault(KeyRing.new(AES))
    sealed = old.seal("person", "name", 1, "张三丰")
    new = SealedVault(old.ring.with_new_key(SM4_GCM))
    assert new.open("person", "name", 1, sealed) == "张三丰"
    assert not new.is_current(sealed)
    fresh = new.seal("person", "name", 1, "张三丰")
    assert new.is_current(fresh)
    with pytest.raises(Unsealable):
        old.open("person", "name", 1, fresh)
    assert new.blind_index("phone", "1") == old.blind_index("phone", "1")


def test_a_key_that_is_gone_from_the_ring_opens_nothing() -> None:
    sealed = VAULTS[AES].seal("person", "name", 1, "张三丰")
    with pytest.raises(Unsealable):
        SealedVault(KeyRing.new(AES)).open("person", "name", 1, sealed)


def test_the_blind_index_depends_on_kind_value_and_ring() -> None:
    vault, other = VAULTS[AES], SealedVault(KeyRing.new(AES))
    index = vault.blind_index("phone", "13812345678")
    assert index == vault.blind_index("phone", "13812345678")
    assert index != vault.blind_index("login", "13812345678")
    assert index != vault.blind_index("phone", "13812345679")
    assert index != other.blind_index("phone", "13812345678")


def test_the_key_file_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "var" / "keys.json"
    ring = KeyRing.first(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert KeyRing.load(path) == ring


def test_a_damaged_key_file_is_refused_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    KeyRing.first(path)
    content = json.loads(path.read_text())
    content["active"] = "gone"
    path.write_text(json.dumps(content))
    for text in (json.dumps(content), "", "{", "[]", "{}", '{"keys": {"a": 1}, "active": "a"}'):
        path.write_text(text)
        with pytest.raises(Unsealable, match=r"keys\.json"):
            KeyRing.first(path)
        assert path.read_text() == text


def test_a_missing_key_file_is_not_made_by_whoever_only_reads_it(tmp_path: Path) -> None:
    with pytest.raises(Unsealable, match=r"keys\.json"):
        KeyRing.load(tmp_path / "keys.json")
    assert not (tmp_path / "keys.json").exists()


@pytest.mark.parametrize(
    ("masked", "shown"),
    [
        (mask_phone("13812345678"), "138****5678"),
        (mask_phone("02112345678"), "021****5678"),
        (mask_phone("1234567"), "*******"),
        (mask_phone(""), ""),
        (mask_name("张三"), "张*"),
        (mask_name("张三明"), "张*明"),
        (mask_name("欧阳明华"), "欧**华"),
        (mask_name("张"), "*"),
        (mask_number("11010519491231002X"), "1****************X"),
        (mask_number("12"), "**"),
        (mask_plate("京A12334"), "京A·***34"),
        (mask_plate("沪AD12345"), "沪A·****45"),
    ],
)
def test_masks_keep_what_the_data_dictionary_allows(masked: str, shown: str) -> None:
    assert masked == shown
