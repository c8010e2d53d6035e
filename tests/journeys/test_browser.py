"""The main steps once in a real browser: what a test client cannot see (scripts, the content policy, widths, contrast)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.browsing import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

CHROMIUM = os.environ.get("TRAINHUB_CHROMIUM", "/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
OWN_PAGES = {
    "student": ("/", "/courses", "/placements/mine", "/placements/mine/weeks", "/capstones/mine", "/certificates/mine", "/notifications", "/account"),
    "mentor": ("/", "/placements/confirm", "/capstones/supervised"),
    "programme": ("/", "/placements/rounds", "/placements/progress", "/evaluation/DEMO-P3", "/chains/DEMO-P3", "/people/students"),
    "province": ("/", "/goals/fj-400k", "/bases/", "/organisations/", "/trainees/"),
    "admin": ("/", "/accounts/", "/permissions", "/policy", "/audit"),
}
JUDGED = (
    ("student", "/"), ("student", "/courses"), ("student", "/placements/mine"), ("student", "/capstones/mine"), ("mentor", "/placements/confirm"),
    ("programme", "/evaluation/DEMO-P3"), ("programme", "/placements/progress"), ("province", "/goals/fj-400k"), ("province", "/bases/"),
    ("admin", "/accounts/"), ("admin", "/permissions"), (None, "/login"), (None, "/verify"),
)  # fmt: skip
ROLES = ("student", "trainee", "lecturer", "mentor", "supervisor", "enterprise", "programme", "prefecture", "province", "expert", "admin")


class Watched:
    """A page in a browser, with everything it complained about."""

    def __init__(self, page: Any, address: str) -> None:
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        page.on("console", lambda one: self.complaints.append(f"{page.url}: {one.text}") if one.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))

    def open(self, path: str) -> Any:
        """Go to a page of the product."""
        answer = self.page.goto(self.address + path, wait_until="load")
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status}"
        return self.page

    def sign_in(self, name: str) -> Watched:
        """By the form."""
        self.open("/login")
        self.page.fill("input[name=username]", name)
        self.page.fill("input[name=password]", PASSWORD)
        with self.page.expect_navigation():
            self.page.press("input[name=password]", "Enter")
        assert "/login" not in self.page.url
        return self


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser of the machine."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no Chromium at {CHROMIUM}; TRAINHUB_CHROMIUM names another place")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def window(chromium: Any, server: str) -> Iterator[Callable[..., Watched]]:
    """window(width) opens a browser window without cookies; none of them may complain."""
    made: list[tuple[Any, Watched]] = []

    def make(size: dict[str, int]) -> Watched:
        context = chromium.new_context(viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai", reduced_motion="reduce")
        page = context.new_page()
        page.set_default_timeout(30000)
        made.append((context, Watched(page, server)))
        return made[-1][1]

    yield make
    complaints = [line for _context, one in made for line in one.complaints]
    for context, _one in made:
        context.close()
    assert not complaints, "\n".join(complaints)


def too_wide(page: Any) -> str:
    """The element that makes the page scroll sideways; empty when it does not."""
    return str(
        page.evaluate(
            """() => {
              const width = document.documentElement.clientWidth;
              if (document.documentElement.scrollWidth <= width + 1) return '';
              const scrolls = e => { for (let p = e.parentElement; p && p !== document.body; p = p.parentElement)
                { const o = getComputedStyle(p).overflowX; if (o === 'auto' || o === 'scroll' || o === 'hidden' || o === 'clip') return true } return false };
              for (const e of document.body.querySelectorAll('*')) {
                const r = e.getBoundingClientRect();
                if (r.right > width + 1 && r.width > 0 && !scrolls(e)) return e.tagName + '.' + e.className + ' ' + Math.round(r.right) + ' ' + e.textContent.trim().slice(0, 40);
              }
              return 'something';
            }"""
        )
    )


def test_a_student_learns_and_answers_a_quiz(window: Callable[..., Watched]) -> None:
    student = window(DESK).sign_in("student")
    page = student.open("/courses/ECOM-301")
    with page.expect_navigation():
        page.click("form[action$='/enrol'] button[type=submit]")
    student.open("/courses/ECOM-301")
    run = page.get_attribute("a[href*='/learning/runs/']", "href")
    page = student.open(re.match(r"/learning/runs/\d+", run).group())  # type: ignore[union-attr]
    with page.expect_navigation():
        page.click("form[action$='/attempts'] button[type=submit]")
    page.click("label:has-text('核对平台规则与资质')")
    with page.expect_navigation():
        page.click("form[action$='/submit'] button[type=submit]:not([formaction])")
    assert "100" in page.inner_text("main")


def test_a_mentor_confirms_a_week_on_a_phone(window: Callable[..., Watched]) -> None:
    mentor = window(PHONE).sign_in("mentor")
    page = mentor.open("/placements/confirm")
    before = page.locator("form[action$='/confirm']").count()
    assert before > 0
    assert too_wide(page) == ""
    with page.expect_navigation():
        page.locator("form[action$='/confirm'] button").first.click()
    assert page.locator("form[action$='/confirm']").count() == before - 1
    assert "已确认" in page.inner_text("body")


def test_a_visitor_verifies_a_certificate(window: Callable[..., Watched]) -> None:
    admin = window(DESK).sign_in("admin")
    page = admin.open("/certificates/")
    number = re.search(r"/certificates/(\d{18})\b", page.content()).group(1)  # type: ignore[union-attr]
    stranger = window(PHONE)
    page = stranger.open("/verify")
    page.fill("input[name=number]", number)
    with page.expect_navigation():
        page.locator("form[action$='/verify'] button[type=submit]").first.click()
    assert "有效" in page.inner_text("main")
    assert too_wide(page) == ""


def test_pages_fit_a_phone(window: Callable[..., Watched]) -> None:
    wide = []
    for name, paths in OWN_PAGES.items():
        somebody = window(PHONE).sign_in(name)
        for path in paths:
            if found := too_wide(somebody.open(path)):
                wide.append(f"{name} {path}: {found}")
    assert not wide, "\n".join(wide)


def test_axe_finds_nothing_serious(window: Callable[..., Watched]) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed (npm ci)")
    found, windows = [], {}
    for name, path in JUDGED:
        if name not in windows:
            windows[name] = window(DESK) if name is None else window(DESK).sign_in(name)
        page = windows[name].open(path)
        page.evaluate(AXE.read_text())
        result = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
        for one in result:
            if one["impact"] in ("serious", "critical"):
                found.append(f"{name} {path}: {one['id']} {one['help']}: {[n['html'][:140] for n in one['nodes'][:3]]}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_home_pages_are_drawn(window: Callable[..., Watched], tmp_path_factory: pytest.TempPathFactory, size: dict[str, int]) -> None:
    """The eleven home pages, kept as pictures for people to look at."""
    folder = tmp_path_factory.mktemp("pictures")
    for name in ROLES:
        somebody = window(size).sign_in(name)
        page = somebody.open("/")
        assert page.locator("h1").count() == 1
        assert size is DESK or too_wide(page) == "", name
        page.screenshot(path=str(folder / f"{name}-{size['width']}.png"), full_page=True)
    assert len(list(folder.iterdir())) == len(ROLES)
