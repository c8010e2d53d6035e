"""A capstone from its topic to the archive in a real browser: enterprise, head, student, both supervisors on phones, secretary, administrator."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.factories.ground import resident_id
from tests.journeys.files import one_page_pdf
from tests.journeys.windows import DESK, PHONE, Watched, too_wide

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]
COHORT = "/capstones/cohorts/DEMO-P3/2023"


def press(somebody: Watched, label: str, within: str = "main") -> None:
    """Press a button that leads to another page, which fits the window."""
    with somebody.page.expect_navigation():
        somebody.page.locator(within).get_by_role("button", name=label, exact=True).first.click()
    assert not too_wide(somebody.page), f"{label}: {too_wide(somebody.page)}"


def confirm(somebody: Watched, label: str, **fields: str) -> None:
    """Open what asks once more, fill it in and say yes."""
    panel = somebody.page.locator("details.confirm").filter(has=somebody.page.locator("summary", has_text=re.compile(f"^\\s*{label}\\s*$"))).first
    panel.locator("summary").click()
    for name, value in fields.items():
        panel.locator(f"[name={name}]").fill(value)
    with somebody.page.expect_navigation():
        panel.locator("button[type=submit]").click()


def name_of(somebody: Watched) -> str:
    """What the home page calls its reader."""
    return str(somebody.open("/").locator("h1").inner_text()).split("，")[0].strip()


def choose(page: Any, select: str, *values: str) -> None:
    """Choose in a list, whatever script dresses it."""
    page.eval_on_selector(
        select,
        "(one, values) => { for (const o of one.options) o.selected = values.includes(o.value); one.dispatchEvent(new Event('change')); }",
        list(values),
    )


def options(page: Any, select: str) -> list[tuple[str, str]]:
    """(value, text) of a list."""
    found = page.eval_on_selector(select, "(one) => [...one.options].map((o) => [o.value, o.text])")
    return [(value, text) for value, text in found if value]


def test_a_capstone_from_topic_to_archive(window: Callable[..., Watched], tmp_path: Path) -> None:
    paper = tmp_path / "材料.pdf"
    paper.write_bytes(one_page_pdf())
    head, student = window(DESK).sign_in("programme"), window(PHONE).sign_in("student")
    supervisor, mentor = window(PHONE).sign_in("supervisor"), window(PHONE).sign_in("mentor")
    names = {"school": name_of(supervisor), "enterprise": name_of(mentor)}
    topic = _topic(window(DESK).sign_in("enterprise"), head, paper)
    key = _given(head, student, topic, names)
    _worked(key, student, supervisor, mentor, paper)
    lecturer = window(PHONE).sign_in("lecturer")
    _reviewed(key, head, student, lecturer, paper)
    _defended(head, lecturer)
    for somebody, points in ((supervisor, 88), (mentor, 91)):
        page = somebody.open(f"/capstones/{key}/grade")
        for item in ("topic", "work", "result", "report"):
            page.fill(f"[name={item}]", str(points))
        press(somebody, "签名提交")
    head.open(f"/capstones/{key}")
    press(head, "公布成绩")
    assert "89.5" in head.page.locator("main").inner_text()
    student.open("/capstones/mine")
    confirm(student, "认可成绩")
    admin = window(DESK).sign_in("admin")
    admin.open(f"/capstones/{key}")
    confirm(admin, "归档")
    assert "校验码已固定" in admin.page.locator("main").inner_text()
    assert "归档" in student.open(f"/capstones/{key}/timeline").locator("main").inner_text()
    for path in ("/capstones/mine", f"/capstones/{key}/files", f"/capstones/{key}/timeline"):  # English words are longer
        assert not too_wide(student.open(f"{path}?lang=en")), path


def _topic(enterprise: Watched, head: Watched, paper: Path) -> str:
    """The enterprise proposes with evidence, the school approves; the title."""
    programme = options(head.open("/capstones/topics/new"), "[name=programme_id]")[0][0]
    page = enterprise.open("/capstones/topics/new")
    choose(page, "[name=programme_id]", programme)
    page.fill("[name=title]", "装配线扭矩数据的异常识别")
    page.fill("[name=problem]", "拧紧工位每天漏判三次，需要在节拍内识别异常曲线。")
    page.fill("[name=seats]", "1")
    choose(page, "[name=evidence_kind]", "task_order")
    page.set_input_files("[name=file]", str(paper))
    press(enterprise, "提交审批")
    head.open(str(enterprise.page.url).removeprefix(enterprise.address))
    press(head, "学校审批通过")
    assert "已通过" in head.page.locator("main").inner_text()
    return "装配线扭矩数据的异常识别"


def _given(head: Watched, student: Watched, topic: str, names: dict[str, str]) -> str:
    """The student's old capstone ends, the new topic and both supervisors are given on the board, dragged and tapped; the capstone's number."""
    old = re.findall(r"/capstones/(\d+)/timeline", student.open("/capstones/mine").content())[0]
    head.open(f"{COHORT}/windows")
    for field in head.page.locator("input[type=date]").all():
        field.fill("")
    press(head, "保存")
    head.open(f"/capstones/{old}")
    number = head.page.locator("main").inner_text().split("学号")[1].split()[0]
    confirm(head, "终止", reason="企业另有更合适的题目")
    page = head.open(f"{COHORT}/assign")
    choose(page, "[name=student_id]", next(value for value, text in options(page, "[name=student_id]") if number in text))
    choose(page, "[name=topic_id]", next(value for value, text in options(page, "[name=topic_id]") if topic in text))
    press(head, "下达")
    key = re.findall(r"/capstones/(\d+)/", str(head.page.url))[0]
    for side, name in names.items():
        page = head.open(f"{COHORT}/board")
        slot = page.locator(f"#c-{key} [data-slot][data-role={side}]")
        slot.scroll_into_view_if_needed()
        person, place = page.locator(f".board-person[data-role={side}]", has_text=name).first, slot.locator("[data-place]")
        if side == "school":
            person.drag_to(place)
        else:  # as on a phone: tap the place, then one of those who fit
            place.click()
            person.click()
        slot.locator("[data-told] .pill").first.wait_for()
        with page.expect_navigation():
            slot.get_by_role("button", name="指派").click()
    assert not too_wide(head.page)
    return str(key)


def _hand_in(student: Watched, stage: str, paper: Path) -> None:
    page = student.open("/capstones/mine")
    choose(page, "[name=stage]", stage)
    page.set_input_files("[name=file]", str(paper))
    press(student, "提交材料")


def _kept_at_home(student: Watched, paper: Path) -> None:
    """A file above the limit is told and not sent, and what was typed beside it stays."""
    large = paper.with_name("大文件.pdf")
    with large.open("wb") as file:
        file.truncate(201 * 1024 * 1024)
    page = student.open("/capstones/mine")
    page.fill("[name=note]", "草稿第一版")
    page.set_input_files("[name=file]", str(large))
    page.get_by_role("button", name="提交材料", exact=True).click()
    page.locator(".dropzone output.is-bad", has_text="文件太大").wait_for()
    assert page.input_value("[name=note]") == "草稿第一版"
    assert str(page.url).endswith("/capstones/mine")


def _worked(key: str, student: Watched, supervisor: Watched, mentor: Watched, paper: Path) -> None:
    """Task book, opening, midterm, guidance of both sides, a draft with a comment, the thesis, its similarity report."""
    page = supervisor.open(f"/capstones/{key}")
    choose(page, "[name=stage]", "task_book")
    page.set_input_files("[name=file]", str(paper))
    press(supervisor, "提交材料")
    assert "任务书" in student.open("/capstones/mine").locator("#papers ~ ul.files").first.inner_text()
    for stage, label in (("opening", "通过开题报告"), ("midterm", "通过中期报告")):
        _hand_in(student, stage, paper)
        supervisor.open(f"/capstones/{key}")
        press(supervisor, label)
    for somebody in (supervisor, mentor):
        page = somebody.open(f"/capstones/{key}")
        page.fill("[name=content]", "核对数据，下周完成对照试验。")
        press(somebody, "登记指导")
        student.open("/capstones/mine")
        press(student, "确认")
    _kept_at_home(student, paper)
    _hand_in(student, "draft", paper)
    page = mentor.open(f"/capstones/{key}")
    comment = page.locator("form[action$='/comments']").first
    comment.locator("xpath=ancestor::details[1]/summary").click()
    comment.locator("[name=text]").fill("第三章缺少误报率的对照。")
    with page.expect_navigation():
        comment.get_by_role("button", name="提交意见").click()
    assert "第三章缺少误报率的对照。" in student.open("/capstones/mine").content()
    _hand_in(student, "thesis", paper)
    assert "已交论文" in student.open("/capstones/mine").locator("main").inner_text()
    page = student.open("/capstones/mine")
    choose(page, "[name=stage]", "similarity")  # which asks for the share
    page.fill("[name=similarity]", "8.5")
    page.set_input_files("form[action$='/papers'] [name=file]", str(paper))
    press(student, "提交材料")
    assert "相似比例 8.5%" in student.page.locator("main").inner_text()


def _reviewed(key: str, head: Watched, student: Watched, reviewer: Watched, paper: Path) -> None:
    """A blind review: the head asks, the student hands in the version without names, the reviewer reads and signs it."""
    name, called = name_of(reviewer), name_of(student)
    page = head.open(f"{COHORT}/judging?size=100")
    ask = page.locator(f"form[action^='/capstones/{key}/reviews']")
    ask.locator("xpath=ancestor::details[1]/summary").click()
    at = f"form[action^='/capstones/{key}/reviews'] "
    choose(page, f"{at}[name=person_id]", next(value for value, text in options(page, f"{at}[name=person_id]") if name in text))
    choose(page, f"{at}[name=kind]", "blind")
    with page.expect_navigation():
        ask.get_by_role("button", name="送评阅").click()
    assert not too_wide(page)
    page = student.open("/capstones/mine")
    page.locator("form[action$='/anonymous'] [name=file]").set_input_files(str(paper))
    press(student, "提交匿名稿")
    page = reviewer.open("/capstones/tasks")
    with page.expect_navigation():
        page.locator("article.card", has_text="盲评").filter(has_text="请在").first.get_by_role("link", name="评阅").click()
    assert called not in page.locator("main").inner_text()
    page.fill("[name=score]", "86")
    choose(page, "[name=verdict]", "pass")
    page.fill("[name=comment]", "方法可靠，对照试验还可以再多一组。")
    press(reviewer, "签名提交")
    assert "已签名" in reviewer.open("/capstones/tasks").locator("article.card", has_text="盲评").first.inner_text()


def _defended(head: Watched, secretary: Watched) -> None:
    """A panel of three others, the timetable, the secretary's record."""
    name = name_of(secretary)
    page = head.open(f"{COHORT}/judging")
    groups = page.get_by_role("button", name="删除这一组").count() or page.locator("summary", has_text="删除这一组").count()
    for _turn in range(groups):
        confirm(head, "删除这一组")
    page = head.open(f"{COHORT}/judging")
    people = options(page, "[name=chair_id]")
    panel = [value for value, text in people if name not in text and "0802" in text][-3:]
    assert len(panel) == 3, people
    page.fill("[name=name]", "验证组")
    page.fill("[name=room]", "A101")
    page.fill("[name=on]", page.locator("[name=due_on]").first.input_value())
    page.fill("[name=starts_at]", "08:30")
    choose(page, "[name=chair_id]", panel[0])
    choose(page, "[name=members]", *panel)
    choose(page, "[name=secretary_id]", next(value for value, text in people if name in text))
    press(head, "建立答辩组")
    press(head, "自动排时间表")
    confirm(head, "公布安排")
    secretary.open("/capstones/tasks")
    with secretary.page.expect_navigation():
        secretary.page.get_by_role("link", name="登记答辩").first.click()
    form = secretary.page.locator(".card", has_text="装配线扭矩").locator("form").first
    for field in form.locator("input[type=number]").all():
        field.fill("90")
    form.locator("[name=questions]").fill("问：误报如何界定？答：以返修记录为准。")
    with secretary.page.expect_navigation():
        form.get_by_role("button", name="签名登记").click()
    assert "90.0" in secretary.page.locator("main").inner_text()


def test_a_mentor_without_an_account_signs_by_a_link_and_a_code(window: Callable[..., Watched]) -> None:
    """The enterprise has the link, the school the code, the mentor both, on a phone: one guidance, and the link is used up."""
    enterprise, head, mentor = window(DESK).sign_in("enterprise"), window(DESK).sign_in("programme"), window(PHONE)
    page = enterprise.open("/mentors/new")
    firm = options(page, "[name=enterprise_id]")[0][0]
    choose(page, "[name=enterprise_id]", firm)
    for name, value in {"name": "程无号", "phone": "13900004321", "id_number": resident_id(), "post": "工艺工程师", "since": "2024-01-01"}.items():
        page.fill(f"[name={name}]", value)
    press(enterprise, "保存")
    key = _led_by(enterprise, head)
    page = head.open(f"/capstones/{key}/supervisors")
    form = page.locator("form", has=page.locator("[name=role][value=enterprise]"))
    form.get_by_label(re.compile("程无号")).check()
    form.locator("[name=reason]").fill("原导师调离")
    with page.expect_navigation():
        form.get_by_role("button", name="指派").click()
    enterprise.open(f"/capstones/{key}/links")
    press(enterprise, "生成“确认或登记指导”链接")
    address = enterprise.page.locator(".code-long", has_text="/capstones/link/").inner_text().strip()
    path = address[address.index("/capstones/link/") :]
    page = mentor.open(path)
    assert ("还不能办理" in page.inner_text("main"), "程无号" in page.inner_text("main"), too_wide(page)) == (True, False, "")
    head.open(f"/capstones/{key}/links")
    assert address not in head.page.content()
    press(head, "生成核对码")
    code = head.page.locator(".code-long strong").inner_text().strip()
    page = mentor.open(path)
    for told, is_right in (("000000" if code != "000000" else "111111", False), (code, True)):
        for name, value in (("name", "程无号"), ("digits", "4321"), ("code", told)):
            page.fill(f"[name={name}]", value)
        press(mentor, "继续")
        assert ("没有通过" in page.inner_text("main")) is not is_right
    mentor.complaints[:] = [line for line in mentor.complaints if "422" not in line]  # Chromium tells the refusal that was asked for
    page.fill("[name=content]", "现场核对拧紧曲线，约定下周复测。")
    press(mentor, "签名提交")
    assert "谢谢你的指导" in page.inner_text("main")
    assert "程无号" in head.open(f"/capstones/{key}").locator("main").inner_text()
    assert "现场核对拧紧曲线" in head.page.locator("main").inner_text()
    assert "已使用" in enterprise.open(f"/capstones/{key}/links").locator("main").inner_text()
    answer = mentor.page.goto(mentor.address + path)
    assert (answer.status, "已经用过" in page.inner_text("main")) == (403, True)
    mentor.complaints[:] = [line for line in mentor.complaints if "403" not in line]


def _led_by(enterprise: Watched, head: Watched) -> str:
    """A capstone of the enterprise that has just begun and that the head runs."""
    keys = re.findall(r"/capstones/(\d+)\b", enterprise.open("/capstones/enterprises/mine").content())
    for key in sorted(set(keys), key=int):  # one of the demo's own, in which nobody was guided today
        answer = head.page.goto(f"{head.address}/capstones/{key}/supervisors")
        if answer.status == 200 and head.page.locator("form [name=role][value=enterprise]").count():
            return str(key)
    raise AssertionError(f"none of {keys} takes another supervisor")
