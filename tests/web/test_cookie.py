"""What a browser is given to keep and brings back is taken as it was given, or not at all."""

import pytest
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from handlers.accounts.permissions import Post
from tests.web.conftest import Browser, Site


def cookie(browser: Browser) -> str:
    found = browser.client.get_cookie("wuye")
    assert found is not None
    return str(found.value)


def bring(browser: Browser, value: str) -> int:
    """Open the inbox with a cookie and return the status."""
    browser.client.set_cookie("wuye", value)
    return browser.get("/inbox").status_code


@pytest.fixture
def kept(site: Site) -> str:
    """The cookie of a clerk who is signed in."""
    clerk = site.browser(Post.CS)
    assert clerk.get("/inbox").status_code == 200
    return cookie(clerk)


def test_the_cookie_of_a_session_is_taken_as_it_was_given(site: Site, kept: str) -> None:
    assert bring(site.anonymous(), kept) == 200


def test_a_changed_cookie_is_nobody(site: Site, kept: str) -> None:
    body, at, signature = kept.rsplit(".", 2)
    other = "A" if body[5] != "A" else "B"
    changed = {
        "body": f"{body[:5]}{other}{body[6:]}.{at}.{signature}",
        "time": f"{body}.{at[::-1]}.{signature}",
        "signature": f"{body}.{at}.{signature[::-1]}",
        "no signature": body,
        "empty signature": f"{body}.{at}.",
    }
    assert {name: bring(site.anonymous(), value) for name, value in changed.items()} == dict.fromkeys(
        changed, 302
    )


@pytest.mark.parametrize("key", ["", "dev", "another-secret-of-at-least-32-characters"])
def test_a_cookie_that_another_key_signed_is_nobody(site: Site, kept: str, key: str) -> None:
    interface = SecureCookieSessionInterface()
    own = interface.get_signing_serializer(site.app)
    assert own is not None
    signed = URLSafeTimedSerializer(
        key,
        salt=interface.salt,
        serializer=interface.serializer,
        signer=TimestampSigner,
        signer_kwargs={"key_derivation": interface.key_derivation, "digest_method": interface.digest_method},
    ).dumps(own.loads(kept))
    assert bring(site.anonymous(), str(signed)) == 302
