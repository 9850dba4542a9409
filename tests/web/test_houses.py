"""The pages of houses: found, shown as far as a post may read, agreements noted at the counter."""

import re
from datetime import date
from io import BytesIO

import pytest

from engine.clock import SettableClock
from engine.ports import SYSTEM
from handlers.accounts.permissions import Post
from handlers.estate import entry
from handlers.estate.house_record import house_record
from handlers.estate.records import RelationKind
from tests.handlers.shared.uploads_made import picture
from tests.web.conftest import Site

PHONE, OTHER_PHONE, NAME = "13612340987", "13512340986", "欧阳锋行"


@pytest.fixture
def person(site: Site) -> int:
    """欧阳锋行, owner of the house."""
    person = site.world.person(NAME, PHONE, other_phone=OTHER_PHONE, id_number="11010519491231002X")
    site.world.relate(person, site.world.house)
    return person


def page(site: Site) -> str:
    return f"/houses/{site.world.house}"


def test_an_address_leads_to_the_house_and_a_person_to_theirs(site: Site, person: int) -> None:
    clerk = site.browser(Post.CS)
    assert clerk.post("/houses/find", {"q": "1-2-301"}, page="/houses/").location == page(site)
    for asked in (PHONE, OTHER_PHONE, NAME):
        answer = clerk.post("/houses/find", {"q": asked}, page="/houses/")
        assert asked not in answer.location
        found = clerk.get(answer.location).text
        assert f'href="{page(site)}"' in found
        assert NAME not in found.replace(f'value="{NAME}"', "")
    several = clerk.get(clerk.post("/houses/find", {"q": "翠湖花园"}, page="/houses/").location).text
    assert several.count('class="lead"') == 2
    assert "没有找到" in clerk.get(clerk.post("/houses/find", {"q": "欧阳"}, page="/houses/").location).text


@pytest.mark.parametrize(
    ("typed", "proposed"),
    [
        ("1-2-3", {"1-2-301", "1-2-302"}),
        ("1栋2单元302", {"1-2-302"}),
        ("翠湖 1-2-301", {"1-2-301"}),
        ("云山 1-2-301", set()),
        ("2-2-3", set()),
        ("欧阳", set()),
        (PHONE, set()),
    ],
)
def test_houses_are_proposed_while_an_address_is_typed_and_people_never(
    site: Site, person: int, typed: str, proposed: set[str]
) -> None:
    answer = site.browser(Post.CS).post("/houses/suggest", {"q": typed}, page="/houses/")
    houses = answer.get_json()["houses"]
    assert {one["short"] for one in houses} == proposed
    assert all(set(one) == {"address", "short", "community"} for one in houses)
    assert NAME not in answer.text


def test_a_found_page_is_for_who_looked(site: Site, person: int) -> None:
    answer = site.browser(Post.CS).post("/houses/find", {"q": PHONE}, page="/houses/")
    assert "已过期" in site.browser(Post.CSL).get(answer.location).text


def test_a_house_shows_people_masked_with_relation_share_and_age_of_the_data(
    site: Site, person: int, clock: SettableClock
) -> None:
    clerk = site.browser(Post.CS)
    assert "从未核对" in clerk.get(page(site)).text
    clerk.post(f"{page(site)}/people/{person}/checked", page=page(site))
    shown = clerk.get(page(site)).text
    assert "欧**行" in shown
    assert "136****0987" in shown
    assert "今天已核对" in shown
    clock.advance(days=430)
    assert "14 个月前核对，请核对" in site.browser(Post.CS).get(page(site)).text


def test_a_photo_of_an_agreement_that_was_refused_is_kept(site: Site, person: int) -> None:
    clerk, address = site.browser(Post.CS), page(site)
    form = {"said": "yes:notice", "photos": (BytesIO(picture(size=(16, 12))), "paper.jpg")}

    refused = clerk.post(f"{address}/people/{person}/agreements", form, page=address)

    assert refused.status_code == 422
    kept = re.search(r'type="checkbox" name="photos" value="(\d+)" checked', refused.text)
    assert kept
    again = {"said": "yes:notice", "how": "paper", "photos": kept[1]}
    sent = clerk.post(f"{address}/people/{person}/agreements", again, page=address)
    assert sent.status_code == 302
    assert f"/attachments/{kept[1]}" in clerk.get(address).text


def test_agreements_are_given_declined_and_withdrawn_at_the_counter(
    site: Site, person: int, clock: SettableClock
) -> None:
    clerk = site.browser(Post.CS)
    assert "未授权" in clerk.get(page(site)).text

    def say(said: str, **how: str) -> str:
        path = f"{page(site)}/people/{person}/agreements"
        answer = clerk.post(path, {"said": said} | how, page=page(site))
        return clerk.get(answer.location).text if answer.status_code == 302 else answer.text

    assert "请选择业主是怎样同意的" in say("yes:notice")
    assert "须是此人登记的号码" in say("yes:notice", how="call", called="13800001111")
    assert "请附上已签字授权书的照片" in say("yes:notice", how="paper")
    given = say("yes:notice", how="call", called="136-1234-0987")
    assert re.search(r"发送通知</span>\s*<span><span class=\"tag tag-fine\">已授权", given)
    assert "· 电话" in given
    left = say("no:fee")
    assert re.search(r'<details class="more" open>\s*<summary>授权', left), "the next answer takes one click"
    assert re.search(r"缴费联系</span>\s*<span><span class=\"tag tag-late\">不同意", left)
    assert "请登记撤回" in say("no:notice")
    clock.advance(minutes=1)
    assert re.search(r"发送通知</span>\s*<span><span class=\"tag tag-late\">已撤回", say("no_more:notice"))
    assert "请选择一项用途" in say("yes:everything")


def test_each_class_of_data_is_for_the_posts_that_need_it(site: Site, person: int) -> None:
    son = site.world.person("欧阳克", "13612340000")
    site.world.relate(son, site.world.house, RelationKind.FAMILY)
    with site.engine.work(SYSTEM) as work:
        entry.add_vehicle(work, site.world.house, person, "京A77665")
    shown = {post: site.browser(post).get(page(site)) for post in Post}
    seen = {
        text: {post for post, answer in shown.items() if answer.status_code == 200 and text in answer.text}
        for text in ("欧**行", "欧*克", "京A·***65", "维修记录", "建筑面积")
    }
    assert seen == {
        "欧**行": {Post.CS, Post.CSL, Post.RPL, Post.FIN, Post.FINL, Post.PM, Post.DPO},
        "欧*克": {Post.CS, Post.CSL, Post.PM},
        "京A·***65": {Post.CS, Post.CSL, Post.PM},
        "维修记录": {Post.CS, Post.CSL, Post.RPL, Post.PM},
        "建筑面积": {Post.CS, Post.CSL, Post.RPL, Post.FIN, Post.FINL, Post.PM},
    }


def test_nothing_of_a_house_elsewhere_can_be_guessed(site: Site, person: int) -> None:
    site.staff(Post.CS)
    stranger = site.browser(site.world.staff(Post.CS, site.world.other_community))
    assert stranger.get(page(site)).status_code == 404
    said = {"said": "yes:fee", "how": "counter"}
    for path in ("checked", "agreements"):
        address = f"{page(site)}/people/{person}/{path}"
        assert stranger.post(address, said, page="/houses/").status_code == 404
    clerk = site.browser(Post.CS)
    other = f"/houses/{site.world.neighbour}/people/{person}"
    assert clerk.post(f"{other}/checked", page="/houses/").status_code == 404
    assert clerk.post(f"{other}/agreements", said, page="/houses/").status_code == 404
    with site.engine.reading(SYSTEM) as work:
        unit_id = house_record(work, site.world.house).unit_id
    unit = clerk.get(f"/houses/units/{unit_id}").text
    assert "1栋2单元301" in unit
    assert "<h1>1栋2单元</h1>" in unit, "written as addresses are"
    assert stranger.get(f"/houses/units/{unit_id}").status_code == 404


def test_share_lease_parking_and_who_may_see_are_told(site: Site, person: int, clock: SettableClock) -> None:
    tenant = site.world.person("洪七", "13612340001")
    entries = (
        entry.RelationEntry(site.world.house, person, RelationKind.CO_OWNER, share="1/2"),
        entry.RelationEntry(
            site.world.house, tenant, RelationKind.TENANT, lease_ends_on=date(2027, 6, 30), is_payer=True
        ),
    )
    with site.engine.work(SYSTEM) as work:
        for one in entries:
            entry.add_relation(work, one)
        entry.add_parking(work, site.world.house, "B1-023", is_rented=True)
    manager, clerk = site.browser(Post.PM).get(page(site)).text, site.browser(Post.CS).get(page(site)).text
    for shown in (manager, clerk):
        assert "共有人 1/2" in shown
        assert "租期至 2027-06-30" in shown
        assert "待核对" in shown
        assert "B1-023" in shown
    assert "可查看的员工" in manager
    assert "可查看的员工" not in clerk
    asked = site.browser(Post.CS).get(f"{page(site)}?on=2001-01-01").text
    assert "这一天没有人可以代办" in asked
    assert 'id="acting" data-fold="no" open' in asked, "what was asked for is not folded away"
    assert site.browser(Post.CS).get(f"{page(site)}?on=never").status_code == 200


def test_vehicles_and_parking_are_kept_at_the_counter(site: Site, person: int) -> None:
    clerk, house = site.browser(Post.CS), page(site)
    assert '<details class="more" open' not in clerk.get(house).text
    car = {"plate": "京A77665", "person_id": str(person)}
    assert clerk.post(f"{house}/vehicles", car, page=house).status_code == 302
    assert (
        clerk.post(f"{house}/parking", {"place": " B1-023 ", "held": "rented"}, page=house).status_code == 302
    )
    shown = clerk.get(house).text
    assert "京A·***65" in shown
    assert re.search(r"B1-023 <span class=\"tag\">租用", shown)
    assert clerk.post(f"{house}/vehicles", car, page=house).status_code == 409
    refused = clerk.post(f"{house}/vehicles", car | {"plate": "京A1"}, page=house)
    assert (refused.status_code, 'value="京A1"' in refused.text) == (422, True)
    assert "请填写车位号" in clerk.post(f"{house}/parking", {"place": " "}, page=house).text
    stranger = site.world.person("洪七", "13612340001")
    assert clerk.post(f"{house}/vehicles", car | {"person_id": str(stranger)}, page=house).status_code == 404
    with site.engine.reading(SYSTEM) as work:
        record = house_record(work, site.world.house)
    assert record.vehicles is not None
    ends = [f"vehicles/{record.vehicles[0][0]}/end", f"parking/{record.parking[0][0]}/end"]
    for path in ends:
        elsewhere = f"/houses/{site.world.neighbour}/{path}"
        assert clerk.post(elsewhere, page=house).status_code == 404
        assert site.browser(Post.RPL).post(f"{house}/{path}", page=house).status_code == 403
        assert clerk.post(f"{house}/{path}", page=house).status_code == 302
        assert clerk.post(f"{house}/{path}", page=house).status_code == 404
    assert "没有登记车辆和车位" in clerk.get(house).text


def test_what_ended_is_folded_away_and_what_has_not_begun_is_marked(
    site: Site, person: int, clock: SettableClock
) -> None:
    before = site.world.relate(site.world.person("洪七", "13612340001"), site.world.house)
    clock.advance(days=3)
    with site.engine.work(SYSTEM) as work:
        entry.end_relation(work, before)
    shown = site.browser(Post.CS).get(page(site)).text
    folded = shown[shown.index("以前的 1 人") :]
    assert "洪*" in folded
    assert "136****0001" not in shown
