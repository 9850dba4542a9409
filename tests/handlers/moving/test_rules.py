"""Whose access ends when a house changes hands, and what must be true before, as plain values."""

from datetime import UTC, datetime

import pytest

from handlers.errors import FieldsInvalid, RuleRefused
from handlers.estate.records import RelationKind
from handlers.moving import rules
from handlers.moving.records import Way
from handlers.moving.rules import Standing, ending, leaving_with

OWNER, WIFE, TENANT, FLATMATE, GRANNY, AGENT = (
    Standing(1, 11, RelationKind.OWNER),
    Standing(2, 12, RelationKind.FAMILY, 11),
    Standing(3, 13, RelationKind.TENANT, 11),
    Standing(4, 14, RelationKind.FAMILY, 13),
    Standing(5, 15, RelationKind.EMERGENCY_CONTACT),
    Standing(6, 16, RelationKind.AGENT, 11),
)
HOUSEHOLD = (OWNER, WIFE, TENANT, FLATMATE, GRANNY, AGENT)


def test_owner_family_agent_and_contacts_go_and_the_tenants_household_stays() -> None:
    assert ending(HOUSEHOLD, None) == [1, 2, 5, 6]


def test_family_of_an_owner_who_stays_stays_too() -> None:
    other = Standing(7, 17, RelationKind.CO_OWNER)
    child = Standing(8, 18, RelationKind.FAMILY, 17)
    assert ending((*HOUSEHOLD, other, child), {7}) == [7, 8]
    assert ending((*HOUSEHOLD, other, child), {1}) == [1, 2, 6]


def test_family_of_somebody_who_owns_twice_stays_while_one_share_does() -> None:
    second_share = Standing(9, 11, RelationKind.CO_OWNER)
    assert ending((OWNER, WIFE, second_share), {9}) == [9]


def test_a_tenant_takes_along_who_lived_there_through_them() -> None:
    assert leaving_with(HOUSEHOLD, [TENANT]) == [3, 4]


@pytest.mark.parametrize(
    ("way", "proof"),
    [
        (Way.SALE, ""),
        (Way.SALE, "contract"),
        (Way.SALE, "handover_list"),
        (Way.SALE, "napkin"),
        (Way.COURT, ""),
        # these are looked at by a second person only where the house changes hands in their way
        (Way.GIFT, "court_document"),
        (Way.SALE, "notarised"),
        (Way.SHARE, "notarised"),
        (Way.COURT, "notarised"),
        (Way.INHERITANCE, "court_document"),
    ],
)
def test_what_proves_no_title_is_refused(way: Way, proof: str) -> None:
    with pytest.raises(FieldsInvalid) as refused:
        rules.require_proof(way, proof)
    assert set(refused.value.fields) == {"proof_kind"}


@pytest.mark.parametrize(
    ("way", "proof"),
    [(way, proof) for way in Way for proof in ("certificate", "registry")]
    + [
        (Way.FIRST_SALE, "handover_list"),
        (Way.COURT, "court_document"),
        (Way.INHERITANCE, "notarised"),
    ],
)
def test_a_title_proves_every_change_and_other_papers_that_of_their_way(way: Way, proof: str) -> None:
    rules.require_proof(way, proof)


def test_nobody_is_switched_who_was_not_told() -> None:
    with pytest.raises(RuleRefused, match="尚未告知"):
        rules.require_told(None)
    rules.require_told(datetime(2026, 11, 23, tzinfo=UTC))


@pytest.mark.parametrize("shares", [["150%"], ["3/2"], ["1/0"], ["half"], ["0%"], ["1/2", "60%"]])
def test_what_is_no_share_or_more_than_the_whole_is_refused(shares: list[str]) -> None:
    with pytest.raises(FieldsInvalid) as refused:
        rules.require_shares({f"{index}.share": text for index, text in enumerate(shares)})
    assert set(refused.value.fields) == {f"{len(shares) - 1}.share"}


def test_shares_that_make_up_the_whole_or_less_are_taken() -> None:
    rules.require_shares({"share": "1/3", "co_owners.0.share": "50%", "co_owners.1.share": ""})
