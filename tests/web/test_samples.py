"""The auditor's page of samples: what was drawn, marked with a press, and for nobody else."""

from handlers.accounts.permissions import Post
from handlers.checking import sampling
from tests.handlers.checking.test_sampling import confirmed, next_month
from tests.web.conftest import Site


def test_the_auditor_marks_a_sample_and_nobody_else_sees_it(site: Site) -> None:
    clock = site.engine.clock
    confirmed(site.engine, site.world, "correction", 1)
    next_month(clock)  # type: ignore[arg-type]  # tests have the settable one
    sampling.watch(site.engine)
    auditor = site.browser(site.world.staff(Post.AUD, everywhere=True))
    page = auditor.get("/samples/").text
    assert "1栋2单元301" in page
    action = page.split('action="/samples/')[1].split('"')[0]
    refused = auditor.post(f"/samples/{action}", {"verdict": "wrong"}, page="/samples/")
    assert (refused.status_code, "请写明哪里不对" in refused.text) == (422, True)
    assert auditor.post(f"/samples/{action}", {"verdict": "fine"}, page="/samples/").status_code == 302
    assert "无误" in auditor.get("/samples/").text
    assert site.browser(Post.CSL).get("/samples/").status_code == 403
