"""The pages in a real browser: phone and desktop, light and dark, with and without scripts."""

import importlib.resources
import importlib.util
import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from web_server import CLOCK

ARTIFACTS = Path(__file__).parents[2] / "artifacts"
SIZES = {"phone": (390, 844), "narrow": (320, 640), "desktop": (1280, 900)}
UNFOLD = "for (const details of document.querySelectorAll('details')) details.open = true"
PAGES = [
    *("river", "story", "conflict", "arabic", "compare", "compare-arabic", "outlets", "outlet"),
    "versions",
    *("sources", "api", "selection", "missing"),
]


def missing(message: str):
    """Fail where everything has to be there, else skip, and say why."""
    if os.environ.get("CI") == "true":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


@pytest.fixture(scope="module")
def browser():
    program = shutil.which("chromium")
    if program is None:
        missing("no chromium is installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        quiet = ["--disable-gpu", "--disable-background-networking", "--disable-component-update"]
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--no-first-run", *quiet]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def addresses(client, room) -> dict[str, str]:
    base = str(client.base_url).rstrip("/")
    paths = {
        "river": "/",
        "story": f"/stories/{room.story('Night ferry').id}",
        "conflict": f"/stories/{room.story('logbooks').id}",
        "arabic": f"/stories/{room.story('عبّارة').id}",
        "compare": f"/stories/{room.story('Night ferry').id}/compare",
        "compare-arabic": f"/stories/{room.story('عبّارة').id}/compare",
        "versions": versions_of(room, "Night ferry"),
        "outlets": "/outlets",
        "outlet": "/outlets/harbourpost.example",
        "sources": "/sources",
        "api": "/api/docs",
        "selection": "/?category=Region&q=the",
        "missing": "/stories/nothing",
    }
    return {name: base + path for name, path in paths.items()}


def versions_of(room, words: str) -> str:
    story = room.store.story(room.story(words).id)
    return f"/stories/{story.id}/versions/{story.lead}"


def opened(browser: Browser, **settings):
    context = browser.new_context(**settings)
    page = context.new_page()
    page.clock.set_fixed_time(CLOCK)
    return page


@pytest.mark.parametrize(
    ("size", "scheme"),
    [(s, scheme) for s in ("phone", "desktop") for scheme in ("light", "dark")]
    + [("narrow", "light")],
)
def test_pages_fit_make_no_noise_and_ask_nobody_else(browser, addresses, size, scheme):
    width, height = SIZES[size]
    page = opened(browser, viewport={"width": width, "height": height}, color_scheme=scheme)
    noise, asked = [], []
    page.on("console", lambda message: noise.append(message.text))
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    ARTIFACTS.mkdir(exist_ok=True)
    for name in PAGES:
        page.goto(addresses[name])
        page.evaluate(UNFOLD)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=ARTIFACTS / f"{name}-{size}-{scheme}.png", full_page=True)
    base = addresses["river"].rstrip("/")
    assert [url for url in asked if not url.startswith(base)] == []
    # Chromium itself tells the console of the page that is meant to be missing.
    assert [text for text in noise if "404" not in text] == []
    page.context.close()


def test_pages_are_whole_without_scripts(browser, addresses):
    page = opened(browser, java_script_enabled=False)
    page.goto(addresses["river"])
    assert page.locator("article").count() == 7
    assert page.locator(".day").all_inner_texts() == [
        "Sunday, 1 March 2026",
        "Saturday, 28 February 2026",
    ]
    assert "Times are UTC." in page.locator("footer").inner_text()
    assert page.locator("button[data-copy]").first.is_hidden()
    page.fill("input[name=q]", "market")
    page.press("input[name=q]", "Enter")
    assert page.locator("article h3").all_inner_texts() == [
        "Council votes to keep the Tuesday market where it is"
    ]
    page.context.close()


def test_times_and_days_are_those_of_the_readers_zone(browser, addresses):
    page = opened(browser, timezone_id="Pacific/Auckland")
    page.goto(addresses["river"])
    # 1 March 12:55 UTC is 2 March there, and so is all of that day's news.
    assert page.locator(".day").all_inner_texts() == [
        "Monday, 2 March 2026",
        "Saturday, 28 February 2026",
    ]
    assert "Pacific/Auckland" in page.locator("footer").inner_text()
    page.goto(addresses["story"])
    assert "2 March 2026" in page.locator(".copy").first.inner_text()
    assert page.locator("svg .tick").first.text_content() == "2 Mar, 01:43"
    page.context.close()


def test_a_page_can_be_used_with_the_keyboard_alone(browser, addresses):
    page = opened(browser, viewport={"width": 1280, "height": 900})
    page.goto(addresses["river"])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.textContent.trim()"))
        outline = page.evaluate(
            "getComputedStyle(document.activeElement).outlineStyle + document.activeElement.tagName"
        )
        assert outline.startswith("solid") or outline.endswith("BODY")
    assert {"Stories", "Sources", "+3 carried it", "Where it came from"} <= reached
    page.context.close()


def test_copies_unfold_at_a_click(browser, addresses):
    page = opened(browser)
    page.goto(addresses["river"])
    carriers = page.locator(".carriers").first
    assert carriers.is_hidden()
    before = page.locator(".foot summary").first.bounding_box()
    page.locator(".foot summary").first.click()
    assert carriers.is_visible()
    assert page.locator(".foot summary").first.bounding_box()["y"] == before["y"]
    page.context.close()


def test_everything_can_be_read(browser, addresses):
    """Text stands out from its ground by 4.5 to 1 (WCAG 2.2, 1.4.3), in both schemes."""
    script = (Path(__file__).parent / "contrast.js").read_text("utf-8")
    for scheme in ("light", "dark"):
        page = opened(browser, color_scheme=scheme)
        for name in PAGES:
            page.goto(addresses[name])
            assert page.evaluate(script) == [], (name, scheme)
        page.context.close()


def test_a_screen_reader_finds_its_way(browser, addresses):
    """axe-core finds nothing of weight (WCAG 2.2 A and AA, best practices), in either scheme."""
    if importlib.util.find_spec("axe_playwright_python") is None:
        missing("axe-playwright-python is not installed (`make test` installs it)")
    script = (importlib.resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
    for scheme, size in (("light", "desktop"), ("dark", "phone")):
        width, height = SIZES[size]
        # The page's own policy lets no foreign script in, and axe is one.
        page = opened(
            browser,
            color_scheme=scheme,
            bypass_csp=True,
            viewport={"width": width, "height": height},
        )
        for name in PAGES:
            page.goto(addresses[name])
            page.evaluate(UNFOLD)
            page.add_script_tag(content=script)
            found = page.evaluate("axe.run()")["violations"]
            told = [
                (rule["id"], rule["impact"], node["html"][:200])
                for rule in found
                if rule["impact"] in {"serious", "critical"}
                for node in rule["nodes"]
            ]
            assert told == [], (name, scheme)
        page.context.close()
