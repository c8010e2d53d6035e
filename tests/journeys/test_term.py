"""A term played through in Chromium: students and mentors on a phone, the enterprise and the programme at a desk.

An offer is made and approved, wishes are ranked, the plan is published, papers are handed in, the days are logged through a
lost network, confirmed in one tap, reviewed; a visit is planned and stands in the calendar.
"""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests.journeys.conftest import DAY, travel
from tests.journeys.driving import Driver, served
from tests.journeys.files import one_page_pdf
from tests.journeys.test_chain import FIRST_DAY, LAST_DAY, _option, choose, my_planned_placement, name_of, plan, sign
from tests.journeys.windows import DESK, PHONE

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(600)]

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
MONDAY = DAY + timedelta(days=FIRST_DAY)


class Phone(Driver):
    """Somebody with a window as narrow as a phone; no page may be wider."""

    def _looked(self, answer: Any) -> Any:
        page = super()._looked(answer)
        wide = self.window.evaluate("document.documentElement.scrollWidth")
        assert wide <= PHONE["width"], f"{page.url} is {wide} wide"
        return page


def offer(host: Driver, head: Driver) -> None:
    """The enterprise offers a position in the next term; what charges students is refused; the school approves."""
    host.get("/placements/positions/new")
    assert host.page is not None
    base = _option(host.page.form("/positions/new"), "base_id", "榕城")  # inspected and under agreement: the start asks for both
    wanted = {"title": "视觉检测工程助理", "description": "参与检测线调试。", "base_id": base, "hours_per_day": 8, "pay": 3200, "post_pay": 4000}
    host.send("/positions/new", wanted)
    assert host.page is not None
    address = host.page.url
    term = f"{MONDAY.year} 年 {MONDAY.month} 月企业学习学期"
    host.send("/seats", {"term_id": _option(host.page.form("/seats"), "term_id", term), "new_seats": 2})
    host.get(address + "/edit")
    host.send("/edit", {"takes_fees": "y"})
    host.send("/submit", status=422)
    host.get(address + "/edit")
    host.send("/edit", {"takes_fees": []})
    host.send("/submit")
    head.get(address)
    head.send("/approve")
    assert "已审核" in head.page.words  # type: ignore[union-attr]


def hand_in(student: Driver, head: Driver, host: Driver, mentor: str, address: str) -> None:
    """Agreement, insurance and safety with their papers, mentor; the student sees the papers."""
    for somebody, party, name in ((head, "school", "教务处"), (host, "enterprise", "人力资源部"), (student, "student", "学生本人")):
        sign(somebody, address, party, name)
    head.get(address)
    insured = {"insurance_no": "TERM-1", "insured_from": MONDAY, "insured_until": DAY + timedelta(days=LAST_DAY)}
    head.send("/insurance", {**insured, "file": ("保险单.pdf", one_page_pdf())})
    host.get(address)
    host.send("/safety", {"safety_trained_on": DAY, "file": ("签到.pdf", one_page_pdf())})
    host.send("/mentor", {"mentor_id": _option(host.get(address).form("/mentor"), "mentor_id", mentor)})
    papers = [link for link in student.get(address).links() if re.search(r"/papers/\d+$", link)]
    assert len(papers) == 2
    assert student.download(papers[0]).startswith(b"%PDF-")


def log_through_a_lost_network(student: Driver, address: str) -> None:
    """What is typed without a network survives a reload, and is sent when the network is back."""
    page, days = student.window, [MONDAY + timedelta(days=n) for n in range(5)]
    student.get(f"{address}/days?week={MONDAY}")
    for day in days:
        page.check(f"#d{day}")
    page.fill(f"#n{days[0]}", "学会了标定相机。")
    page.reload(wait_until="load")
    assert page.input_value(f"#n{days[0]}") == "学会了标定相机。"
    assert "已恢复" in page.inner_text("form[data-draft]")
    page.context.set_offline(True)
    page.click("form[data-draft] button[type=submit]")
    page.wait_for_selector("text=没有网络")
    with page.expect_navigation(wait_until="load"):
        page.context.set_offline(False)
    student.get(f"{address}/days?week={MONDAY}")
    assert page.input_value(f"#n{days[0]}") == "学会了标定相机。"
    assert page.evaluate("Object.keys(localStorage).filter(key => key.includes('draft-days')).length") == 0
    # Phones of some years ago, whose browsers know less, send as well: the older ones do not even say which button was pressed.
    older = """() => {
        delete AbortSignal.timeout;
        delete HTMLFormElement.prototype.requestSubmit;
    }"""
    oldest = older.replace("delete AbortSignal.timeout;", "delete AbortSignal.timeout; delete SubmitEvent.prototype.submitter;")
    for browser, note in ((older, "学会了对焦。"), (oldest, "学会了调光。")):
        page.evaluate(browser)
        page.fill(f"#n{days[1]}", note)
        with page.expect_navigation(wait_until="load"):
            page.click("form[data-draft] button[type=submit]")
        student.get(f"{address}/days?week={MONDAY}")
        assert page.input_value(f"#n{days[1]}") == note
    student.send("/log", {"text": "本周完成相机标定，知道了误差从哪里来。", "tags": ["technology", "ethics"]})
    # A draft of another device's past does not come over what was saved since.
    old = page.evaluate(
        """() => {
            const form = document.querySelector("[data-draft^=log-]"), text = form.querySelector("textarea");
            const draft = { values: { [text.id]: "很久以前的草稿" }, base: { [text.id]: "" } };
            localStorage.setItem(`trainhub-draft-${form.dataset.draft}`, JSON.stringify(draft));
            return text.id;
        }"""
    )
    page.reload(wait_until="load")
    assert page.input_value(f"#{old}") == "本周完成相机标定，知道了误差从哪里来。"
    assert "很久以前的草稿" in page.inner_text("[data-draft^=log-]")
    page.evaluate("localStorage.clear()")
    page.reload(wait_until="load")
    student.send("/photos", {"photos": ("标定.png", PNG)})
    assert "标定" in student.page.text or "照片" in student.page.words  # type: ignore[union-attr]


def test_a_term_on_phones_and_desks(province: Flask, chromium: Any) -> None:
    people: list[Driver] = []
    with served(province) as home:

        def person(kind: type[Driver], name: str) -> Driver:
            size = PHONE if kind is Phone else DESK
            people.append(kind(chromium.new_context(viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai", reduced_motion="reduce"), home))
            people[-1].sign_in(name)
            return people[-1]

        def everybody() -> list[Driver]:
            return [person(Driver, "enterprise"), person(Driver, "programme"), person(Phone, "student"), person(Phone, "mentor")]

        with travel(0):
            host, head, student, mentor = everybody()
            offer(host, head)
            choose(student)
            plan(province, head)
            address = my_planned_placement(student)
            hand_in(student, head, host, name_of(mentor), address)
        with travel(FIRST_DAY + 4):
            host, head, student, mentor = everybody()
            in_the_field(host, head, student, mentor, address)
        for one in people:
            one.window.context.close()
    assert [line for one in people for line in one.complaints if "ERR_INTERNET_DISCONNECTED" not in line] == []


def in_the_field(host: Driver, head: Driver, student: Driver, mentor: Driver, address: str) -> None:
    """The first week: begun, a visit planned, days logged, confirmed and reviewed."""
    host.get(address)
    host.send("/start")
    head.get(f"{address}/events")
    head.send("/events", {"kind": "visit", "since": MONDAY + timedelta(days=6), "text": "期中走访"})
    assert "走访检查" in student.get("/learning/calendar").words
    log_through_a_lost_network(student, address)
    mentor.get("/placements/confirm")
    mentor.send(address + "/confirm")
    head.get("/placements/reviews")
    reviewed = head.send(r"/logs/\d+/review", {"text": "记录具体。"})
    assert "已审阅" in reviewed.words
    weeks = student.get("/placements/mine/weeks").words
    assert "已确认" in student.get(f"{address}/days?week={MONDAY}").words
    assert "32" in weeks
    for path in ("/placements/enterprise", "/placements/timeline", "/bases/DEMO-B1/history"):
        host.get(path)
    for path in ("/placements/progress", "/placements/seats"):
        head.get(path)
