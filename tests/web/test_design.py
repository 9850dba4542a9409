"""The design language: colours stand in one file, can be read by day and night, and one page shows all."""

import re
from pathlib import Path

import pytest

from handlers.accounts.permissions import Post
from tests.web.conftest import Site
from web import design_screen

WEB = Path(__file__).parents[2] / "web"
CSS = sorted((WEB / "static" / "css").glob("*.css"))
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
SCRIPTS = sorted((WEB / "assets").rglob("*.js"))
TOKENS = WEB / "static" / "css" / "tokens.css"
RAW_COLOUR = re.compile(
    r"#[0-9a-fA-F]{3,8}\b(?![\w-])|\b(?:rgba?|hsla?|oklch)\(|:\s*(?:white|black|red|grey|gray)\b"
)

TEXT, SHAPE = 4.5, 3.0
SURFACES = ("paper", "ground", "sunken", "hover")
# (foreground, background, least contrast): every pair that the stylesheets put together.
PAIRS = (
    *(
        (ink, ground, TEXT)
        for ink in ("ink", "ink-2", "ink-3", "accent", "accent-ink")
        for ground in SURFACES
    ),
    *(
        (state, ground, TEXT)
        for state in ("late", "soon", "fine", "calm")
        for ground in ("paper", "ground", "hover")
    ),
    *((state, f"{state}-soft", TEXT) for state in ("late", "soon", "fine", "calm")),
    *(("ink", f"{state}-soft", TEXT) for state in ("late", "soon", "fine", "calm", "accent")),
    *((ink, f"{state}-soft", TEXT) for state in ("late", "soon", "fine") for ink in ("ink-2", "ink-3")),
    *((ink, "accent-soft", TEXT) for ink in ("accent-ink", "ink-2", "ink-3", "late", "soon", "fine")),
    *(("on-fill", fill, TEXT) for fill in ("accent-fill", "accent-fill-2", "late-fill", "fine-fill")),
    ("ink-2", "calm-soft", TEXT),
    ("on-inverse", "inverse", TEXT),
    *(("edge", ground, SHAPE) for ground in ("paper", "sunken")),
    *(("accent", ground, SHAPE) for ground in ("paper", "ground", "accent-soft")),
    *((fill, "paper", SHAPE) for fill in ("accent-fill", "late-fill", "soon-fill", "fine-fill", "star")),
)


def luminance(colour: str) -> float:
    """Compute the relative luminance of "#rrggbb", as WCAG defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Compute the contrast of two colours, from 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def styles() -> str:
    """Return every stylesheet but the tokens, without comments."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in CSS if path != TOKENS)
    return re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("path", [path for path in CSS if path != TOKENS], ids=lambda path: path.name)
def test_a_colour_is_named_in_the_tokens_only(path: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert RAW_COLOUR.findall(text) == []


@pytest.mark.parametrize("path", TEMPLATES + SCRIPTS, ids=lambda path: str(path.relative_to(WEB)))
def test_pages_and_scripts_bring_no_look_of_their_own(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"""\sstyle=|<style|javascript:|\shx-on|\son[a-z]+=["']""", text)
    assert not re.search(r"""["'(]#[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?["')]""", text)


def test_every_token_that_is_used_is_defined_and_the_reverse() -> None:
    tokens = TOKENS.read_text(encoding="utf-8")
    defined = set(re.findall(r"--([\w-]+):", tokens))
    used = set(re.findall(r"var\(--([\w-]+)", styles() + tokens))
    assert used - defined == set()
    assert defined - used == set()


@pytest.mark.parametrize("time", ["day", "night"])
def test_every_pair_of_colours_can_be_read(time: str) -> None:
    values = {colour.name: getattr(colour, time) for colour in design_screen.colours()}
    weak = [
        (front, back, round(contrast(values[front], values[back]), 2))
        for front, back, least in PAIRS
        if contrast(values[front], values[back]) < least
    ]
    assert weak == []


def test_the_page_of_the_design_language_shows_every_part_and_every_icon(site: Site) -> None:
    macros = set(
        re.findall(
            r"{% macro ([a-z]\w*)\(", (WEB / "templates/parts/macros.html").read_text(encoding="utf-8")
        )
    )
    page = (WEB / "templates/design.html").read_text(encoding="utf-8")
    shown = set(re.findall(r"(?:{{ |{% call |\()([a-z]\w*)\(", page))
    assert macros - shown == {"csrf", "when", "photos"}, "these draw no part of their own"
    answer = site.browser(Post.SYS).get("/design")
    assert answer.status_code == 200
    assert set(re.findall(r"</svg><code>([\w-]+)</code></li>", answer.text)) >= known_icons(site)


def test_every_icon_that_a_page_asks_for_is_drawn(site: Site) -> None:
    asked = {
        name
        for path in TEMPLATES
        for name in re.findall(r"""icon\("([\w-]+)"\)""", path.read_text(encoding="utf-8"))
    }
    assert asked - known_icons(site) == set()


def known_icons(site: Site) -> set[str]:
    """Name the icons that are drawn."""
    with site.app.app_context():
        return set(design_screen.icons())


@pytest.mark.parametrize(
    ("look", "said"), [("dark", 'data-look="dark"'), ("light", 'data-look="light"'), ("auto", "")]
)
def test_the_look_is_chosen_once_and_kept(site: Site, look: str, said: str) -> None:
    stranger = site.anonymous()
    stranger.post("/look", {"look": look, "next": "/sign-in"})
    head = stranger.get("/sign-in").text.split(">", 2)[1]
    assert (said in head) if said else ("data-look" not in head)


def test_a_look_nobody_offers_changes_nothing(site: Site) -> None:
    stranger = site.anonymous()
    assert (
        stranger.post("/look", {"look": "pink", "next": "https://elsewhere.example"}).headers["Location"]
        == "/"
    )
    assert "data-look" not in stranger.get("/sign-in").text.split(">", 2)[1]


def test_a_photo_that_is_required_is_required_by_the_script_too(site: Site) -> None:
    with site.app.test_request_context():
        for part in ("parts/correction.html", "parts/macros.html"):
            made = site.app.jinja_env.get_template(part).module
            drawn = (
                made.evidence("", [], True)
                if "correction" in part
                else made.photo_field("p", "P", required=True)
            )
            assert 'class="upload" data-required' in drawn
