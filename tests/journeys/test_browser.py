"""The main steps once in a real browser: what a test client cannot see (scripts, the content policy, widths, contrast)."""

from __future__ import annotations

import html
import os
import re
import zlib
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urljoin

import pytest

from tests.journeys.browsing import PASSWORD
from tests.journeys.windows import AXE, DESK, PHONE, Watched, too_wide

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

ROLES = ("student", "trainee", "lecturer", "mentor", "supervisor", "enterprise", "programme", "prefecture", "province", "expert", "admin")


def test_a_student_learns_and_answers_a_quiz(window: Callable[..., Watched]) -> None:
    student = window(DESK).type_in("student")
    page = student.open("/courses/ECOM-301")
    with page.expect_navigation():
        page.click("form[action$='/enrol'] button[type=submit]")
    student.open("/courses/ECOM-301")
    run = page.get_attribute("a[href*='/learning/runs/']", "href")
    page = student.open(re.match(r"/learning/runs/\d+", run).group())  # type: ignore[union-attr]
    with page.expect_navigation():
        page.click("form[action$='/attempts'] button[type=submit]")
    page.click("label:has-text('核对平台规则与资质')")
    page.click("form[data-quiz] details.confirm > summary")
    with page.expect_navigation():
        page.click("form[data-quiz] button[formaction$='/submit']")
    assert "100" in page.inner_text("main")


def test_a_mentor_confirms_a_week_on_a_phone(window: Callable[..., Watched]) -> None:
    mentor = window(PHONE).sign_in("mentor")
    page = mentor.open("/placements/confirm")
    before = page.locator("form[action$='/confirm']").count()
    assert before > 0
    assert too_wide(page) == ""
    with page.expect_navigation():
        page.locator("form[action$='/confirm'] button").first.click()
    assert page.locator("form[action$='/confirm']").count() < before
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


CODE = re.compile(r"/[^/]*\d[^/]*|\.[^/]+")
"""A part of an address that says which of many: with a digit in it, or behind a dot, as in the codes of parameters: each of those has its page (see the
tests of the policy pages), and the pages of one family are alike."""


def kind_of(address: str) -> str:
    """Pages that differ only by a number, a code or the values of a filter are one kind."""
    path, _, query = address.partition("?")
    return CODE.sub("/*", path) + "?" + ",".join(sorted({part.partition("=")[0] for part in query.split("&") if part}))


SKIPPED = re.compile(
    r"^/(logout|static/|assets/|api/)|[?&](lang|sort|size|page|download|form|format)=|/(pdf|template|evidence|file)\b|/papers/|\.\w{3,4}(\?|$)"
)


HREF = re.compile(r"""<a\b[^>]*?\shref=["']([^"'#]+)""")


def pages_of_every_kind(page: Any, address: str, known: set[str]) -> Iterator[str]:
    """One page of each kind that can be reached by links, with a person's cookies; `known` kinds are left out. Each must answer with 200."""
    waiting = ["/"]
    while waiting:
        path = waiting.pop(0)
        if path != "/" and kind_of(path) in known:
            continue
        known.add(kind_of(path))
        answer = page.context.request.get(address + path)
        assert answer.status == 200, f"{answer.status} {path}"
        if "html" not in answer.headers.get("content-type", ""):
            continue
        yield path
        for link in HREF.findall(answer.text()):
            there = urljoin(path, html.unescape(link))
            if there.startswith("/") and not SKIPPED.search(there) and kind_of(there) not in known:
                waiting.append(there)


WHOLE = os.environ.get("TRAINHUB_TEST_WHOLE") == "1"
"""A browser needs two seconds a page: a run draws and judges one kind of page in nine, always the same ones, the whole set when asked to. Of the
parameters, which were a third of all pages, one of ours and one that quotes its document are among them."""


def is_judged(path: str) -> bool:
    """Whether this page is drawn and judged in this run."""
    return WHOLE or path == "/" or path.startswith(("/policy/own.", "/policy/petoe.")) or zlib.crc32(kind_of(path).encode()) % 9 == 0


@pytest.mark.timeout(3600 if WHOLE else 1200)
def test_every_kind_of_page_is_accessible_and_fits_a_phone(window: Callable[..., Watched]) -> None:
    """axe-core with its whole set of rules, and no page that scrolls sideways at 390 px."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed (npm ci)")
    axe, found, known, kinds = AXE.read_text(), [], set[str](), 0
    for name in ("admin", "programme", *(one for one in ROLES if one not in ("admin", "programme")), None):
        somebody = window(DESK)
        if name is not None:
            somebody.sign_in(name)
        for path in pages_of_every_kind(somebody.page, somebody.address, known):
            kinds += 1
            if not is_judged(path):
                continue
            somebody.open(path)
            somebody.page.evaluate(axe)
            found += [
                f"{name} {path}: {one['impact']} {one['id']}: {[n['html'][:140] for n in one['nodes'][:3]]}"
                for one in somebody.page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
                if one["impact"] != "minor"
            ]
            somebody.page.set_viewport_size(PHONE)
            if wide := too_wide(somebody.page):
                found.append(f"{name} {path} is too wide for a phone: {wide}")
            somebody.page.set_viewport_size(DESK)
    assert not found, "\n".join(found)
    assert kinds >= 120


def test_without_scripts_lists_filter_and_forms_are_sent(chromium: Any, server: str) -> None:
    """Everything that matters works without JavaScript: sign in, filter a list, open the menus."""
    context = chromium.new_context(viewport=PHONE, locale="zh-CN", java_script_enabled=False)
    page = context.new_page()
    page.goto(server + "/login")
    page.fill("input[name=username]", "programme")
    page.fill("input[name=password]", PASSWORD)
    page.click("main form button[type=submit]")
    page.locator("header summary").first.click()
    page.locator("header nav a[href='/placements/']").click()
    page.select_option("select[name=state]", "going")
    page.click("form.filters button[type=submit]")
    page.wait_for_url("**state=going**")
    page.locator("tbody tr").first.wait_for()
    context.close()


def test_home_pages_are_drawn(window: Callable[..., Watched], tmp_path_factory: pytest.TempPathFactory) -> None:
    """The eleven home pages in both widths, kept as pictures for people to look at."""
    folder = tmp_path_factory.mktemp("pictures")
    for name in ROLES:
        somebody = window(DESK).sign_in(name)
        page = somebody.open("/")
        assert page.locator("h1").count() == 1
        for size in (DESK, PHONE):
            page.set_viewport_size(size)
            assert size is DESK or too_wide(page) == "", name
            page.screenshot(path=str(folder / f"{name}-{size['width']}.png"), full_page=True)
    assert len(list(folder.iterdir())) == 2 * len(ROLES)
