"""Residents give their password again before they correct their data; photos they chose are kept."""

import re
from io import BytesIO

from engine.ports import SYSTEM
from handlers.accounts import installation, sign_in
from handlers.checking import corrections
from tests.handlers.estate_world import PASSWORD
from tests.handlers.shared.uploads_made import picture
from tests.web.repair.conftest import Pages


def test_a_correction_with_its_photo_goes_on_after_the_password(pages: Pages) -> None:
    shop = pages.shop
    with shop.engine.work(SYSTEM) as work:
        password_hash = sign_in.hasher(shop.engine).hash(PASSWORD)
        installation.make_usable(work, shop.owner.id, password_hash)
    owner = pages.browser(shop.owner)
    shop.clock.advance(minutes=16)
    what = {"house_id": str(shop.house), "what": f"name:{shop.owner_person}:0", "value": "李小明"}
    form = {**what, "reason": "改过名", "photos[]": (BytesIO(picture()), "paper.jpg")}
    asked = owner.post("/home/data", form, page="/home/")
    assert asked.status_code == 403
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', asked.text.split("<main")[1])
    kept = {name: text for name, text in hidden if name != "csrf_token"}
    assert kept.pop("photos[]").isdigit()
    assert kept == what | {"reason": "改过名"}
    again = {name: text for name, text in hidden if name != "csrf_token"} | {"_password": PASSWORD}
    assert owner.post("/home/data", again, page="/home/").location == "/home/data"
    with shop.engine.reading(shop.owner) as work:
        (correction,) = corrections.own(work)
        assert len(corrections.seen(work, correction.number)[1]) == 1
