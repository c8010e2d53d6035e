"""An author's day in a real browser: a course from nothing, every kind of block, dragging, preview, publication, a copy, an import.

JOURNEYS_SHOTS names a folder for pictures of every station at both widths.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.windows import DESK, PHONE, Watched, too_wide

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
ROOT = Path(__file__).resolve().parents[2]
MEDIA = ROOT / "seeds" / "demo" / "courses" / "media"
PACKAGE = ROOT / "tests" / "data" / "olx" / "oxa-kitchen-sink.tar.gz"
SHOTS = os.environ.get("JOURNEYS_SHOTS", "")


class Author:
    """A lecturer at a browser window, who looks at every page at both widths."""

    def __init__(self, window: Callable[..., Watched]) -> None:
        self.desk = window(DESK).sign_in("lecturer")
        self.stations = 0

    @property
    def page(self) -> Any:
        return self.desk.page

    @property
    def path(self) -> str:
        return str(self.page.url).removeprefix(self.desk.address)

    def look(self, name: str) -> None:
        """The page in front of the author fits the desk and the phone."""
        self.stations += 1
        for size in (PHONE, DESK):
            self.page.set_viewport_size(size)
            assert not too_wide(self.page), f"{name} at {size['width']}: {too_wide(self.page)}"
            if SHOTS:
                self.page.screenshot(path=f"{SHOTS}/{self.stations:02}-{name}-{size['width']}.png", full_page=True)

    def press(self, label: str, *, within: Any = None) -> None:
        """Press a button that leads to another page."""
        with self.page.expect_navigation():
            (within or self.page.locator("main")).get_by_role("button", name=label, exact=True).first.click()

    def go(self, label: str) -> None:
        """Follow a link."""
        with self.page.expect_navigation():
            self.page.locator("main").get_by_role("link", name=label).first.click()

    def add(self, unit: str, kind: str, fields: dict[str, str], *, file: Path | None = None) -> None:
        """Add a block to a unit by its form."""
        self.desk.open(f"{unit}/blocks/new?kind={kind}")
        for name, value in fields.items():
            self.page.fill(f"[name={name}]", value)
        if file is not None:
            self.page.set_input_files("input[name=upload]", str(file))
        self.look(f"new-{kind}")
        self.press("保存")
        assert "/blocks/new" not in self.path, self.page.locator("main").inner_text()


def number(path: str) -> str:
    found = re.findall(r"/(\d+)", path)
    assert found, path
    return str(found[-1])


def titles(page: Any) -> list[str]:
    return [text.strip() for text in page.locator(".editor-unit > .editor-row > .editor-title").all_inner_texts()]


def wait_saved(page: Any) -> None:
    page.locator("[data-outline-status]", has_text="已保存").wait_for()
    page.evaluate("document.querySelector('[data-outline-status]').textContent = ''")


def test_an_author_builds_a_course_and_keeps_it_running(window: Callable[..., Watched]) -> None:
    author = Author(window)
    page = author.page

    # A course and its first run.
    author.desk.open("/teaching/courses/new")
    for name, value in {"title": "数控机床联网", "code": "JOURNEY-1", "summary": "从一台机床开始", "hours": "16"}.items():
        page.fill(f"[name={name}]", value)
    author.look("new-course")
    author.press("保存")
    page.fill("[name=code]", "2027-1")
    page.fill("[name=starts_on]", "2027-03-01")
    page.fill("[name=ends_on]", "2027-06-30")
    author.press("创建期次")
    run = author.path
    run_id = number(run)

    # Sections and units.
    for title in ("第一章 准备", "第二章 联网"):
        page.locator("form[action$='/sections'] [name=title]").fill(title)
        author.press("添加")
    first = page.locator(".editor-section").first
    for title in ("为什么联网", "选哪台机床"):
        first = page.locator(".editor-section").first
        first.locator("form[action$='/units'] [name=title]").fill(title)
        author.press("添加单元", within=first)
        unit = author.path
        author.desk.open(run)

    # Dragged with the mouse into the other section, moved back by the keyboard, and by the plain button of the menu.
    author.desk.open(run)
    assert titles(page) == ["为什么联网", "选哪台机床"]
    handle = page.locator(".editor-unit [data-handle]").first
    target = page.locator(".editor-section").nth(1).locator("[data-drop=unit]")
    _drag(page, handle, target)
    wait_saved(page)
    author.desk.open(run)
    second = page.locator(".editor-section").nth(1)
    assert second.locator(".editor-unit > .editor-row > .editor-title").all_inner_texts() == ["为什么联网"]
    page.locator(".editor-section").nth(1).locator(".editor-unit [data-handle]").first.focus()
    page.keyboard.press("ArrowUp")
    wait_saved(page)
    author.desk.open(run)
    assert titles(page) == ["选哪台机床", "为什么联网"]
    row = page.locator(".editor-unit").nth(1)
    row.locator("summary").first.click()
    author.press("上移", within=row)
    assert titles(page) == ["为什么联网", "选哪台机床"]
    # Every kind of block.
    author.add(unit, "text", {"title": "导言", "body": "采样频率 \\(f_s > 2f_{max}\\)。\n\n```\nM30\n```"})
    author.add(unit, "video", {"title": "四层架构"}, file=MEDIA / "four-layers-360.webm")
    assert "/blocks/" in author.path
    form = page.locator("form", has=page.locator("input[value=subtitles]"))
    form.locator("input[type=file]").set_input_files(str(MEDIA / "four-layers.zh.vtt"))
    author.press("上传", within=form)
    author.look("video")
    author.add(unit, "file", {"title": "清单"}, file=MEDIA / "edge-checklist.txt")
    author.add(unit, "discussion", {"title": "你的机床", "body": "型号和控制器？"})
    author.add(unit, "link", {"title": "标准", "url": "https://example.edu.cn/opc-ua"})
    author.add(unit, "poll", {"title": "协议", "options": "OPC UA\nMQTT\nModbus"})
    author.add(
        unit, "live", {"title": "答疑", "url": "https://live.example.edu.cn/1", "starts_at": "2027-03-08T19:00", "ends_at": "2027-03-08T20:30"}
    )
    author.add(unit, "vsim", {"title": "虚拟机床", "url": "https://lab.example.edu.cn/cnc"})
    assert page.locator(".kv").inner_text().count("密钥") == 1
    author.add(unit, "quiz", {"title": "小测", "weight": "1"})
    author.desk.open(unit)
    author.look("unit")
    author.desk.open(run)
    author.look("outline")

    # A film that is none, a picture without words: refused, and the form keeps what was written.
    author.desk.open(f"{unit}/blocks/new?kind=text")
    page.fill("[name=body]", "![](/static/a.png)")
    author.press("保存")
    assert "替代文字" in page.locator(".error-summary").inner_text()
    assert page.input_value("[name=body]") == "![](/static/a.png)"
    author.desk.complaints.clear()  # the browser mentions the 422

    # A condition, seen in the preview of another day.
    author.desk.open(unit.replace("/units/", "/unit/") + "/access")
    page.fill("[name=since]", "2027-04-01T08:00")
    author.press("添加", within=page.locator("form", has=page.locator("input[name=since]")))
    assert "2027-04-01 08:00 开放" in page.locator("main").inner_text()
    author.look("conditions")
    author.desk.open(f"/teaching/runs/{run_id}/preview/{number(unit)}?on=2027-03-15T08:00")
    assert "此时学员打不开" in page.locator("main").inner_text()
    author.desk.open(f"/teaching/runs/{run_id}/preview/{number(unit)}?on=2027-04-02T08:00")
    assert "此时学员打不开" not in page.locator("main").inner_text()
    page.wait_for_selector(".katex")
    author.look("preview")

    # Published; what is changed from now on waits until it is published.
    author.desk.open(run)
    author.press("发布课程")
    author.desk.open(unit)
    with page.expect_navigation():
        page.locator("section.card", has_text="导言").get_by_role("link", name="编辑").first.click()
    block = author.path.split("#")[0]
    page.fill("[name=body]", "改写后的导言。")
    page.fill("[name=note]", "更通顺")
    author.press("保存")
    assert "学员仍看到原来的内容" in page.locator(".flashes").inner_text()
    author.desk.open(f"/teaching/runs/{run_id}/preview/{number(unit)}")
    assert "改写后的导言" not in page.locator("main").inner_text()
    author.desk.open(f"/teaching/runs/{run_id}/preview/{number(unit)}?drafts=1")
    assert "改写后的导言" in page.locator("main").inner_text()
    author.desk.open(f"/teaching/runs/{run_id}/changes")
    author.look("changes")
    page.fill("[name=note]", "开课前勘误")
    author.press("发布所选")
    author.desk.open(f"/teaching/runs/{run_id}/preview/{number(unit)}")
    assert "改写后的导言" in page.locator("main").inner_text()
    author.desk.open(block.replace("/blocks/", "/block/") + "/versions")
    assert "更通顺" in page.locator("main").inner_text()
    author.look("versions")

    # Removed by mistake and brought back.
    author.desk.open(run)
    row = page.locator(".editor-block").first
    name = row.locator(".editor-title").inner_text()
    row.locator("summary").click()
    author.press("移除（可恢复）", within=row)
    author.go("回收站")
    assert name in page.locator("main").inner_text()
    author.look("removed")
    author.press("恢复")

    # The next run, its dates moved.
    author.desk.open(f"/teaching/runs/{run_id}/copy")
    page.fill("[name=code]", "2027-2")
    page.fill("[name=starts_on]", "2027-09-01")
    author.press("复制")
    assert page.input_value("[name=ends_on]") == "2027-12-31"
    author.look("settings")

    # A package with problems: the report names every one.
    author.desk.open("/teaching/import")
    page.set_input_files("input[name=package]", str(PACKAGE))
    author.look("import")
    author.press("开始导入")
    page.wait_for_selector("text=查看导入报告", timeout=60000)
    with page.expect_navigation():
        page.locator("main").get_by_role("link", name="查看导入报告").click()
    report = page.locator("main").inner_text()
    assert "没有按原样导入的内容（17）" in report
    assert "customresponse" in report
    author.look("report")


def _drag(page: Any, handle: Any, target: Any) -> None:
    """Drag with the mouse, in steps as a hand does."""
    handle.scroll_into_view_if_needed()
    start, end = handle.bounding_box(), target.bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + 8, start["y"] + 8)
    page.mouse.down()
    page.mouse.move(start["x"] + 12, start["y"] + 30, steps=5)
    page.mouse.move(end["x"] + 40, end["y"] + max(4, end["height"] / 2), steps=20)
    for step in range(4):  # a hand rests over the place: while parts slide aside, a drop finds none
        page.wait_for_timeout(150)
        page.mouse.move(end["x"] + 42 + step, end["y"] + max(5, end["height"] / 2), steps=2)
    page.mouse.up()
