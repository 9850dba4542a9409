"""The number of the desk stands on pages before anybody has signed in."""

from engine.ports import SYSTEM
from handlers.estate import entry
from tests.handlers.repair.repair_world import Shop
from tests.web.conftest import Browser
from web import errors
from web.app import create_app
from web.config import WebConfig


def sign_in_page(shop: Shop, phone: str = "") -> str:
    app = create_app(shop.engine, WebConfig(desk_phone=phone))
    return Browser(app, app.test_client()).get("/sign-in").text


def describe(shop: Shop, name: str, phone: str) -> None:
    with shop.engine.work(SYSTEM) as work:
        entry.describe_community(work, name, desk_phone=phone, address=None)


def test_the_number_of_the_installation_stands_before_the_sign_in(shop: Shop) -> None:
    assert 'href="tel:0571-8888-1000"' in sign_in_page(shop, "0571-8888-1000")


def test_the_number_of_the_only_desk_stands_before_the_sign_in(shop: Shop) -> None:
    assert "tel:0571" not in sign_in_page(shop)
    describe(shop, "翠湖花园", "0571-8888-2000")
    page = sign_in_page(shop)
    assert 'href="tel:0571-8888-2000"' in page
    assert "help-desks" not in page


def test_of_several_desks_each_is_named_by_its_community(shop: Shop) -> None:
    with shop.engine.work(SYSTEM) as work:
        entry.add_community(work, "云栖花园", desk_phone="0571-8888-3000")
    describe(shop, "翠湖花园", "0571-8888-2000")
    page = sign_in_page(shop)
    assert "各小区物业前台电话" in page
    assert 'href="tel:0571-8888-3000"><span>云栖花园</span>' in page
    assert 'href="tel:0571-8888-2000"' in page


def test_a_page_of_an_error_names_the_desk_without_asking_the_store(shop: Shop) -> None:
    describe(shop, "翠湖花园", "0571-8888-2000")
    app = create_app(shop.engine, WebConfig())
    browser = Browser(app, app.test_client())
    browser.get("/sign-in")
    describe(shop, "翠湖花园", "0571-8888-4000")
    with app.test_request_context("/sign-in"):
        page = errors.answer(503, "")[0]
    assert 'href="tel:0571-8888-2000"' in page


def test_the_first_page_of_a_node_names_the_desks_of_all_communities_though_it_is_that_of_an_error(
    shop: Shop,
) -> None:
    with shop.engine.work(SYSTEM) as work:
        entry.add_community(work, "云栖花园", desk_phone="0571-8888-3000")
    describe(shop, "翠湖花园", "0571-8888-2000")
    app = create_app(shop.engine, WebConfig())
    with app.test_request_context("/sign-in"):
        page = errors.answer(500, "")[0]
    assert 'href="tel:0571-8888-2000"' in page
    assert 'href="tel:0571-8888-3000"' in page


def test_the_page_without_a_network_names_every_desk_and_nobody(shop: Shop) -> None:
    with shop.engine.work(SYSTEM) as work:
        entry.add_community(work, "云栖花园", desk_phone="0571-8888-3000")
    describe(shop, "翠湖花园", "0571-8888-2000")
    app = create_app(shop.engine, WebConfig())
    browser = Browser(app, app.test_client())

    page, worker = browser.get("/offline").text, browser.get("/worker.js")

    assert 'href="tel:0571-8888-2000">翠湖花园' in page
    assert 'href="tel:0571-8888-3000">云栖花园' in page
    if worker.status_code == 200:  # nothing was built: pages work without it
        assert (
            "0571-8888-3000" in worker.text
        )  # another number makes another worker, which keeps the page anew
