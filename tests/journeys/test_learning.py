"""A learner's way in a real browser: found by pinyin, enrolled, learnt, asked, noted, left again; with JavaScript and without; the lecturer's view.

JOURNEYS_SHOTS names a folder for pictures of every station, at both widths.
"""

from __future__ import annotations

import os
import re
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.journeys.windows import AXE, DESK, PHONE, Watched, too_wide

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
SHOTS = os.environ.get("JOURNEYS_SHOTS", "")

LEARNER = (
    "/courses", "/courses/IIOT-101", "/learning", "/learning/runs/{run}/progress", "/learning/runs/{run}/forum", "/learning/runs/{run}/forum/new",
    "/learning/threads/1", "/learning/runs/{run}/announcements", "/learning/runs/{run}/notes", "/learning/messages", "/learning/messages/1",
    "/learning/runs/{run}/messages/new", "/learning/discussions", "/learning/calendar", "/paths", "/paths/SMART-LINE", "/learning/paths",
)  # fmt: skip
LECTURER = (
    "/teaching/runs/{run}/learners", "/teaching/runs/{run}/invitations", "/teaching/runs/{run}/analytics", "/teaching/runs/{run}/analytics/risk",
    "/teaching/runs/{run}/moderation", "/teaching/runs/{run}/announcements", "/teaching/runs/{run}/announcements/new",
    "/teaching/runs/{run}/messages", "/teaching/runs/{run}/messages/new?all=1", "/teaching/paths", "/teaching/paths/new",
)  # fmt: skip


@pytest.fixture
def plain(chromium: Any, server: str) -> Iterator[Callable[[], Watched]]:
    """A browser in which no script runs."""
    contexts = []

    def make() -> Watched:
        contexts.append(chromium.new_context(viewport=DESK, locale="zh-CN", timezone_id="Asia/Shanghai", java_script_enabled=False))
        page = contexts[-1].new_page()
        page.set_default_timeout(30000)
        return Watched(page, server)

    yield make
    for context in contexts:
        context.close()


def picture(page: Any, name: str) -> None:
    """A picture of a station as a desk and as a phone show it."""
    if not SHOTS:
        return
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        page.screenshot(path=f"{SHOTS}/learner-{name}-{size['width']}.png", full_page=True)


def press(page: Any, selector: str) -> None:
    """Press something that leads to another page."""
    with page.expect_navigation():
        page.locator(selector).first.click()


def run_of(somebody: Watched, course: str) -> str:
    """The number of the run that a course page leads its learner to."""
    page = somebody.open(f"/courses/{course}")
    found = re.search(r"/learning/runs/(\d+)", page.content())
    assert found
    return found.group(1)


def test_a_learner_finds_learns_asks_and_is_answered(window: Callable[..., Watched], server: str) -> None:
    learner = window(DESK).sign_in("trainee")
    page = learner.open("/courses")
    page.fill("input[name=q][id=q-q]", "gyhlw")
    press(page, ".filters button[type=submit]")
    press(page, "a:has-text('工业互联网基础')")
    assert "学完能做什么" in page.inner_text("main")
    picture(page, "landing")
    press(page, "form[action$='/enrol'] button")
    run = re.search(r"/learning/runs/(\d+)", page.url).group(1)  # type: ignore[union-attr]

    # The discussion of the unit comes by itself; a name is suggested while one types.
    page.wait_for_selector("form[action*='forum/new'] textarea")
    area = page.locator("textarea[data-mentions]")
    area.click()
    area.press_sequentially("空压机，排气压力。请 @wu")
    page.wait_for_selector(".mention-box li")
    area.press("Enter")
    assert re.search(r"请 @\S+ $", area.input_value())
    press(page, "form[action*='forum/new'] button[type=submit]")
    assert page.locator("mark").count() == 1
    picture(page, "thread")
    thread = page.url

    # A note, and what is still missing.
    page = learner.open(f"/learning/runs/{run}")
    page.fill("#note-body", "四层：边缘、网络、平台、应用")
    press(page, ".note-form button[type=submit]")
    assert "四层：边缘" in page.inner_text("#notes")
    picture(page, "unit")
    press(page, "form[action$='/done'] button")
    page = learner.open(f"/learning/runs/{run}/progress")
    assert "还差什么" in page.inner_text("main")
    picture(page, "progress")
    press(page, ".todo a")
    assert "/units/" in page.url

    # The calendar's feed is read by whoever has its address.
    page = learner.open("/learning/calendar")
    press(page, "#feed button[type=submit]")
    address = re.search(r"/calendar/[\w-]+\.ics", page.inner_text("#feed")).group(0)  # type: ignore[union-attr]
    with urllib.request.urlopen(server + address, timeout=20) as answer:
        assert answer.read().startswith(b"BEGIN:VCALENDAR\r\n")

    # The lecturer answers and writes to those who need help.
    lecturer = window(DESK).sign_in("lecturer")
    page = lecturer.open(thread.removeprefix(server).split("#")[0])
    page.fill("#post-body", "说得好，再补上采样频率。")
    press(page, "#answer button[type=submit]")
    page = lecturer.open(f"/teaching/runs/{run}/analytics")
    press(page, "form[action$='/analytics'] button")
    assert "统计已更新" in page.inner_text("main")
    picture(page, "analytics")
    page = lecturer.open(f"/teaching/runs/{run}/analytics/risk")
    page.check("[data-check-all=enrolment]")
    chosen = page.locator("input[name=enrolment]:checked").count()
    press(page, ".bulk button[type=submit]")
    assert f"{chosen} 名学员" in page.inner_text("main")
    page.fill("#subject", "需要帮忙吗")
    page.fill("#body", "看到你有一阵没来，遇到什么困难？")
    press(page, "main .form-actions button[type=submit]")
    assert f"已发送给 {chosen} 名学员" in page.inner_text("main")

    page = learner.open(thread.removeprefix(server).split("#")[0])
    assert "再补上采样频率" in page.inner_text("main")
    assert "新回复" in learner.open("/notifications").inner_text("main")
    picture(page, "notices")


def test_everything_works_without_javascript(plain: Callable[[], Watched]) -> None:
    learner = plain().sign_in("supervisor")
    page = learner.open("/courses?q=anquan")
    press(page, "a:has-text('企业学习安全须知')")
    press(page, "form[action$='/enrol'] button")
    run = re.search(r"/learning/runs/(\d+)", page.url).group(1)  # type: ignore[union-attr]
    page.fill("#note-body", "先看标志")
    press(page, ".note-form button[type=submit]")
    page = learner.open(f"/learning/runs/{run}/forum/new")
    page.fill("[name=title]", "安全帽要自己带吗")
    page.fill("#post-body", "还是企业发？")
    page.check("#is_question")
    page.check("#post-anonymous")
    press(page, "main .form-actions button[type=submit]")
    assert "（对同学匿名）" in page.inner_text("main")
    press(page, "form[action$='/follow'] button")
    page = learner.open(f"/learning/runs/{run}/forum?q=企业发")
    assert "安全帽要自己带吗" in page.inner_text("main")
    page = learner.open(f"/learning/runs/{run}/messages/new")
    page.fill("#subject", "证书")
    page.fill("#body", "证书什么时候发？")
    press(page, "main .form-actions button[type=submit]")
    assert "证书什么时候发" in page.inner_text("main")
    page = learner.open("/paths/SMART-LINE")
    press(page, "form[action$='/follow'] button")
    page = learner.open(f"/learning/runs/{run}/progress")
    page.click("summary:has-text('退出课程')")
    page.fill("textarea[name=note]", "时间冲突")
    press(page, "form[action$='/withdraw'] button[type=submit]")
    assert "你已退出这期课程" in page.inner_text("main")


def test_pages_of_learning_fit_a_phone_and_axe_finds_nothing_serious(window: Callable[..., Watched]) -> None:
    bad = []
    run = run_of(window(DESK).sign_in("student"), "IIOT-101")
    for name, paths in (("student", LEARNER), ("lecturer", LECTURER)):
        somebody = window(DESK).sign_in(name)
        for path in paths:
            page = somebody.open(path.format(run=run))
            if AXE.exists():
                page.evaluate(AXE.read_text())
                for one in page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations"):
                    if one["impact"] in ("serious", "critical"):
                        bad.append(f"{name} {path}: {one['id']} {one['help']}: {[n['html'][:140] for n in one['nodes'][:3]]}")
            page.set_viewport_size(PHONE)
            if found := too_wide(page):
                bad.append(f"{name} {path}: {found}")
            page.set_viewport_size(DESK)
    assert not bad, "\n".join(bad)
