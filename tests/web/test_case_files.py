"""Photos and documents are added to a case from a task, stand in its story, and are not lost on the way."""

import re
from io import BytesIO

import pytest

from handlers.accounts.permissions import Post
from tests.handlers.shared.uploads_made import picture
from tests.web.conftest import Browser, Site

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def add(browser: Browser, task_id: int, *files: tuple[bytes, str], **form: object) -> int:
    """Send the form of remark and files; return the status."""
    sent = {"files[]": [(BytesIO(content), name) for content, name in files], **form}
    return browser.post(f"/tasks/{task_id}/comment", sent, page="/inbox").status_code


def shown(browser: Browser, number: str = "K1") -> list[str]:
    """Return addresses of what the story of a case shows."""
    return re.findall(r'href="(/attachments/\d+)"', browser.get(f"/cases/{number}").text)


def test_a_photo_and_a_pdf_stand_in_the_story_and_open_for_whoever_sees_the_case(site: Site) -> None:
    task_id = site.task(site.start("K1"))
    clerk = site.browser(Post.CS)

    assert add(clerk, task_id, (picture(), "a.jpg"), (PDF, "quote.pdf"), text="现场和报价") == 302

    photo, document = shown(clerk)
    assert clerk.get(photo).mimetype == "image/jpeg"
    for reader in (Post.CS, Post.CSL):
        answer = site.browser(reader).get(document)
        assert (answer.mimetype, answer.data) == ("application/pdf", PDF)
        assert answer.headers["Content-Disposition"].startswith("attachment"), "never shown within a page"
    assert "现场和报价" in clerk.get("/cases/K1").text
    for stranger in (site.browser(Post.ADM), site.browser(site.owner)):
        assert stranger.get(document).status_code == 404


def test_files_need_no_words_and_words_no_files_but_one_of_both(site: Site) -> None:
    task_id = site.task(site.start("K1"))
    clerk = site.browser(Post.CS)
    assert add(clerk, task_id, (PDF, "a.pdf"), text="") == 302
    assert add(clerk, task_id, text="只有文字") == 302
    assert add(clerk, task_id, text=" ") == 422
    assert len(shown(clerk)) == 1
    assert "添加附件" in clerk.get("/cases/K1").text


def test_files_of_a_task_that_somebody_closed_meanwhile_are_kept_with_its_case(site: Site) -> None:
    task_id = site.task(site.start("K1"))
    faster = site.browser(site.world.staff(Post.CS))
    faster.post(f"/tasks/{task_id}/complete", {"outcome": "accept"}, page="/inbox")

    assert add(site.browser(Post.CS), task_id, (PDF, "a.pdf"), text="晚到的") == 302

    assert len(shown(site.browser(Post.CS))) == 1


def test_a_refused_form_keeps_the_files_that_were_taken(site: Site) -> None:
    task_id = site.task(site.start("K1"))
    clerk = site.browser(Post.CS)
    sent = {"files[]": [(BytesIO(PDF), "a.pdf"), (BytesIO(b"no pdf"), "b.pdf")], "text": "报价"}

    answer = clerk.post(f"/tasks/{task_id}/comment", sent, page="/inbox")

    assert answer.status_code == 422
    assert "不是完整的 PDF" in answer.text
    assert ">报价</textarea>" in answer.text
    assert re.search(r'name="files\[\]" value="\d+" checked', answer.text)


def test_the_same_form_sent_again_adds_once(site: Site) -> None:
    task_id = site.task(site.start("K1"))
    clerk = site.browser(Post.CS)
    for _ in range(2):
        assert add(clerk, task_id, (PDF, "a.pdf"), text="报价", _key="1234-comment") == 302
    assert len(shown(clerk)) == 1


@pytest.mark.parametrize("content", [PDF[:-6], b"\xff\xd8" + PDF, b"<html>%PDF-1.7 %%EOF"])
def test_what_only_looks_like_a_pdf_is_refused(site: Site, content: bytes) -> None:
    task_id = site.task(site.start("K1"))
    assert add(site.browser(Post.CS), task_id, (content, "a.pdf"), text="x") == 422


def test_residents_send_no_documents(site: Site) -> None:
    owner = site.browser(site.owner)
    sent = {"file": (BytesIO(PDF), "a.pdf")}
    assert owner.post("/attachments/", sent, page="/home/").status_code == 422


def test_a_file_comes_back_under_a_name_of_the_platform_whatever_its_sender_called_it(site: Site) -> None:
    clerk = site.browser(Post.CS)
    names = ("a; filename=b.html.pdf", "a.html;.pdf", "报价 单.pdf")
    for number, name in enumerate(names):
        task_id = site.task(site.start(f"K{number}"))
        assert add(clerk, task_id, (PDF, name), text=" 报价") == 302
        (address,) = shown(clerk, f"K{number}")
        how = clerk.get(address).headers["Content-Disposition"]
        assert re.fullmatch(r'attachment; filename="\d+\.pdf"', how), how
    assert add(clerk, site.task(site.start("K9")), (PDF, "../../etc/passwd.pdf"), text="报价") == 422
