"""Following a case."""

import pytest

from engine import following
from engine.errors import RuleBroken
from tests.engine.cases.conftest import MANAGER, TWO_STEPS, Shop


def test_whoever_follows_as_many_cases_as_they_may_follows_one_of_them_again_without_a_refusal(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "MOST", 1)
    shop.deploy(TWO_STEPS)
    followed, other = shop.start("two", "R1").id, shop.start("two", "R2").id
    for _ in range(2):
        shop.engine.run(MANAGER, lambda work: following.follow(work, followed))
    with pytest.raises(RuleBroken, match="最多关注 1 件"):
        shop.engine.run(MANAGER, lambda work: following.follow(work, other))
    with shop.engine.reading(MANAGER) as work:
        assert following.count(work) == 1
