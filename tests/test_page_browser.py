"""The page in a real browser, where there is one; nothing is downloaded for it."""

import io
import shutil

import numpy as np
import pytest

from tests.conftest import REPOSITORY
from tests.test_leaderboard import SCORES, grid
from tests.test_page import paid
from xbench import session
from xbench.leaderboard import board
from xbench.page import to_html

EVIL = "<script>alert(1)</script>"
RESULTS = [
    *grid("a", SCORES, seeds=(0, 1), **paid(10, fit="a")),
    *grid("b", {"en": 81, "de": 72, "sw": 30}, seeds=(0, 1), **paid(300, fit="b")),
    *grid(f"c{EVIL}", {"en": 85, "de": 75}, seeds=(0, 1)),
    *grid("a", {"en": 90, "th": 41}, task="paws-x", supervision={"target labels": {"th": 10}}),
]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
ROWS = "#scores tbody tr:visible"


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright, to drive a browser")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("needs an installed chromium")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=chromium, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A page of several tasks, and that of a published board."""
    folder = tmp_path_factory.mktemp("pages")
    made = {"tasks": to_html(board(RESULTS), RESULTS, EVIL)}
    made["published"] = session.board(REPOSITORY / "leaderboards" / "sib200", "html")
    for name, text in made.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def visit(browser, files):
    """Opens a page of `files` from disk; at the end nothing may have been logged, asked or fetched."""
    contexts, faults = [], []

    def visited(name, width=1280, height=900, **settings):
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, **settings))
        page, address = contexts[-1].new_page(), (files / f"{name}.html").as_uri()
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: (faults.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: faults.append(request.url) if request.url != address else None)
        page.goto(address)
        return page

    yield visited
    for context in contexts:
        context.close()
    assert faults == []


def column(page, head):
    """The texts of a column in the rows that are to be seen."""
    names = [name.strip() for name in page.locator("#scores thead th").all_inner_texts()]
    return page.locator(f"{ROWS} > :nth-child({names.index(head) + 1})").all_inner_texts()


def test_a_click_sorts_by_numbers_with_what_is_lacking_last(visit):
    page = visit("tasks")
    before = column(page, "score")
    assert before[-1] == "33.5"
    assert "n/a" in before
    head = page.locator("#scores th", has_text="score")
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    falling = column(page, "score")
    numbers = [float(text) for text in falling if text != "n/a"]
    assert numbers == sorted(numbers, reverse=True)
    assert falling == [*(f"{number:.1f}" for number in numbers), "n/a"]
    head.get_by_role("button").click()
    assert column(page, "score") == [*reversed(falling[:-1]), "n/a"]
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "none"
    assert column(page, "score") == before


def test_keys_reach_everything_and_sort(visit):
    page = visit("tasks")
    wanted, reached = page.locator("select, button, .box").count(), []
    for _ in range(wanted):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        assert focused.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
        reached.append(focused.evaluate("one => { one.dataset.reached = ''; return one.name || one.innerText; }"))
    assert reached[:5] == ["task", "language", "model", "recipe", "supervision"]
    assert page.locator("[data-reached]").count() == wanted
    recipe = page.locator("#scores th", has_text="recipe")
    recipe.get_by_role("button").focus()
    page.keyboard.press("Enter")
    assert recipe.get_attribute("aria-sort") == "ascending"
    assert column(page, "recipe") == sorted(column(page, "recipe"))
    page.keyboard.press("Space")
    assert recipe.get_attribute("aria-sort") == "descending"
    assert column(page, "recipe") == sorted(column(page, "recipe"), reverse=True)
    assert page.locator("[aria-sort=ascending], [aria-sort=descending]").count() == 1


def test_choices_narrow_the_rows_and_the_sections(visit):
    page = visit("tasks")
    every = page.locator("#scores tbody tr").count()
    status = page.locator("form [role=status]")
    assert set(column(page, "language")) == {"mean"}
    assert status.inner_text() == f"{page.locator(ROWS).count()} of {every} rows"
    page.select_option("[name=language]", "de")
    assert set(column(page, "language")) == {"de"}
    assert len(column(page, "score")) == 4
    page.select_option("[name=recipe]", "b")
    assert column(page, "score") == ["72.0"]
    assert status.inner_text() == f"1 of {every} rows"
    page.select_option("[name=task]", "paws-x")
    assert column(page, "score") == []
    assert page.locator("section[data-task]:visible h2").all_inner_texts() == ["paws-x from en"]
    page.get_by_role("button", name="Reset").click()
    page.locator("section[data-task]:visible").nth(1).wait_for()
    assert set(column(page, "language")) == {"mean"}
    page.select_option("[name=language]", label="mean and every language")
    assert len(column(page, "score")) == every
    page.select_option("[name=supervision]", "target labels")
    assert set(column(page, "task")) == {"paws-x"}


def test_a_name_that_is_a_script_is_shown(visit):
    page = visit("tasks")
    assert page.title() == EVIL
    assert page.locator("h1").inner_text() == EVIL
    assert f"c{EVIL}" in column(page, "recipe")


@pytest.mark.parametrize("name", ["tasks", "published"])
def test_a_phone_shows_it_without_scrolling_sideways(visit, name, tmp_path):
    page = visit(name, 360, 740)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.locator("#scores").evaluate("one => one.offsetWidth > one.parentElement.clientWidth")
    assert page.locator("figure svg").evaluate_all("all => all.every((one) => one.getBoundingClientRect().width > 0)")
    assert bright(page) > 200


@pytest.mark.parametrize("name", ["tasks", "published"])
def test_it_is_dark_where_the_dark_is_wanted(visit, name):
    light, dark = (visit(name, color_scheme=scheme) for scheme in ("light", "dark"))
    assert bright(light) > 200
    assert bright(dark) < 60
    lettering = "one => getComputedStyle(one).fill.match(/[0-9]+/g).map(Number)"
    axis = "figure > svg text"
    assert max(light.locator(axis).first.evaluate(lettering)) < 100
    assert min(dark.locator(axis).first.evaluate(lettering)) > 180


def bright(page):
    """The mean brightness of the whole page, 0..255."""
    image = pytest.importorskip("PIL.Image")
    return np.asarray(image.open(io.BytesIO(page.screenshot(full_page=True))).convert("L")).mean()


def test_on_paper_there_are_no_choices_and_nothing_is_cut_off(visit):
    page = visit("published", color_scheme="dark")
    page.emulate_media(media="print")
    assert not page.locator("form").is_visible()
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert page.locator(".box").evaluate_all("all => all.every((one) => getComputedStyle(one).overflow === 'visible')")
    page.set_viewport_size({"width": 720, "height": 1000})
    assert page.evaluate("document.documentElement.scrollWidth") == 720


def test_without_scripts_everything_is_there(visit):
    page = visit("tasks", java_script_enabled=False)
    assert not page.locator("form").is_visible()
    assert page.locator(ROWS).count() == page.locator("#scores tbody tr").count() > 10
