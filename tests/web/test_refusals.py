"""Who was refused what is known afterwards, and nothing of what they typed."""

import pytest

from handlers.accounts.permissions import Post
from tests.web.conftest import Site


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "web.guard"]


def test_whoever_is_refused_stands_in_the_process_log_with_what_they_tried(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    repairer, task_id = site.staff(Post.RP), site.task(site.start())
    theirs = site.browser(repairer)
    assert theirs.get("/outbox").status_code == 403
    assert site.browser(site.owner).get(f"/houses/{site.world.house}").status_code == 403
    typed = {"outcome": "accept", "reason": "13612340987"}
    assert theirs.post(f"/tasks/{task_id}/complete", typed, page="/inbox").status_code == 404
    assert theirs.post("/houses/find", {"q": "13612340987"}, page="/inbox").status_code == 403
    assert lines(caplog) == [
        f"refused GET outbox.index to staff {repairer.id}",
        f"refused GET houses.show to resident {site.owner.id}",
        f"refused POST tasks.complete to staff {repairer.id}",
        f"refused POST houses.find to staff {repairer.id}",
    ]


def test_nobody_is_refused_who_is_only_asked_for_the_password_or_finds_nothing(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    clerk = site.browser(Post.CS)
    assert clerk.get("/cases/R20261101-0001").status_code == 404
    assert clerk.get("/inbox").status_code == 200
    assert lines(caplog) == []
