"""A whole evaluation in a real browser: the head applies, the association plans, two experts judge and differ, the working group concludes."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.windows import DESK, PHONE, Watched, too_wide

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
SHOTS = os.environ.get("JOURNEYS_SHOTS", "")
HEAD = "programme1"
ALL_MET = "() => document.querySelectorAll('input[type=radio][value=met]').forEach(one => { one.checked = true })"


class Player:
    """Somebody who takes part, at a window of their own."""

    def __init__(self, window: Callable[..., Watched], name: str, size: dict[str, int] = DESK) -> None:
        self.watched = window(size).sign_in(name)
        self.page = self.watched.page

    def open(self, path: str) -> Any:
        self.watched.open(path)
        assert not too_wide(self.page), f"{path}: {too_wide(self.page)}"
        return self.page

    def press(self, label: str) -> None:
        with self.page.expect_navigation():
            self.page.locator("main").get_by_role("button", name=label, exact=True).first.click()

    def text(self) -> str:
        return str(self.page.locator("main").inner_text())

    def shot(self, name: str) -> None:
        if SHOTS:
            self.page.screenshot(path=f"{SHOTS}/evaluation-{name}.png", full_page=True)


def hand_in(player: Player, kind: str, file: Path) -> None:
    player.page.set_input_files(f"#file-{kind}", str(file))
    with player.page.expect_navigation():
        player.page.locator(f"form:has(#file-{kind}) button").click()


def conclude(player: Player, day: str) -> None:
    """A conclusion of the association: passed, for three years."""
    player.page.select_option("#result", "passed")
    player.page.fill("#concluded_on", day)
    player.page.fill("#valid_from", day)
    player.page.select_option("#valid_years", "3")


def fill_form(player: Player, at: str, differs: str = "") -> None:
    """All ten requirements of the form; one criterion may differ."""
    for number in range(1, 11):
        player.open(f"{at}/form?r={number}")
        player.page.evaluate(ALL_MET)
        if differs.split(".")[0] == str(number):
            player.page.locator(f"label[for='o-{differs}-not_met']").click()
            player.page.fill(f"[id='m-{differs}']", "现场所见与材料不一致")
        if number == 1:
            player.shot("form")
        player.press("保存并继续")
    player.page.locator("summary", has_text="提交评价表").click()
    player.press("确认提交评价表")


def test_a_programme_is_evaluated_from_application_to_verdict(window: Callable[..., Watched], today: date, tmp_path: Path) -> None:
    paper = tmp_path / "报告.pdf"
    paper.write_bytes(b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")
    day, earlier = today.isoformat(), (today - timedelta(days=1)).isoformat()
    head, association = Player(window, HEAD), Player(window, "association")
    # The application that is under way is withdrawn; a programme has one at a time.
    head.open("/evaluation/DEMO-P1/applications")
    with head.page.expect_navigation():
        head.page.locator("main table a[href*='/applications/']").first.click()
    head.page.locator("summary", has_text="撤回申请").click()
    head.page.fill("textarea[name=reason]", "学校调整安排，重新申请")
    head.press("确认撤回申请")
    assert "已撤回" in head.text()
    head.open("/programmes/DEMO-P1/accreditation")  # its accreditation of six years has ended; the next one was for three
    conclude(head, earlier)
    head.press("保存")
    province = Player(window, "province")  # nothing rests on what the programme says about itself before somebody else confirms it
    province.open("/programmes/DEMO-P1")
    province.page.locator("summary", has_text="确认").click()
    province.press("与文件一致，确认")
    head.open("/evaluation/DEMO-P1/applications")
    head.page.check("#has_prerequisite")
    head.press("确认可以申请")
    at = head.page.url.removeprefix(head.watched.address)
    head.press("随认证一并申请")

    association.open(at)
    association.press("接受申请")

    head.open(at)
    assert "缺少：认证自评报告" in head.text()
    hand_in(head, "self_report", paper)
    head.press("采用平台生成的补充报告")
    head.page.get_by_text("已作为补充报告提交").wait_for(timeout=120_000)  # a job draws it; the page follows
    head.shot("drawing")
    head.open(at)
    head.page.fill("#passage", "第 3 部分，第 41—46 页")
    head.press("保存位置")
    head.press("提交报告")
    assert "已提交" in head.text()

    page = association.open(f"{at}/visit")
    page.fill("#d-starts_on", day)
    page.fill("#d-ends_on", day)
    page.fill("#d-no_centre_reason", "中心停产检修，改为查阅影像资料")
    association.press("保存日期")
    for kind, hour in (("interview_student", "09"), ("interview_teacher", "10"), ("interview_head", "11")):
        page.select_option("#a-kind", kind)
        for name, value in {"on": day, "starts": f"{hour}:00", "ends": f"{hour}:45", "place": "学院会议室"}.items():
            page.fill(f"#a-{name}", value)
        association.press("增加日程")
    leader, member = Player(window, "expert", PHONE), Player(window, "expert2")
    for player, leads in ((leader, True), (member, False)):
        own = player.open("/account").locator("main").inner_text()
        names = page.locator("#e-account_id option").evaluate_all("all => all.map(one => [one.value, one.textContent.trim()])")
        option = next(value for value, name in names if name in own)
        page.select_option("#e-account_id", option)
        page.set_checked("#e-is_leader", leads)
        association.press("指派专家")
    association.shot("visit")
    for player in (leader, member):
        player.open(at)
        player.page.check("input[name=has_conflict][value=no]")
        player.press("提交声明")
    association.open(at)
    association.press("确定现场考查")

    fill_form(leader, at)
    fill_form(member, at, differs="2.3")
    leader.open(f"{at}/consensus?only=different")
    leader.page.locator("summary", has_text="记录一致意见").click()
    leader.page.check("#a-2\\.3-met")
    leader.page.fill("#r-2\\.3", "补充查阅课程档案后一致认为达到")
    leader.shot("consensus")
    leader.press("记录")
    leader.open(at)
    leader.press("完成现场考查")

    assert "缺少：工程教育专业认证现场考查报告" in leader.text()
    hand_in(leader, "accreditation_visit_report", paper)
    leader.press("送认证协会")

    page = association.open(at)
    conclude(association, day)
    page.set_input_files("#file", str(paper))
    association.press("登记结论")
    association.press("确认认证结论")
    association.press("送专家工作组")

    group = Player(window, "workgroup")
    group.open(at)
    group.press("作出评价结论")
    assert "通过工程教育专业认证且达到卓越计划专门要求" in group.text()
    group.shot("verdict")
    group.open("/evaluation/lists")
    group.page.locator("input[name=keys]").first.check()
    group.press("公布名单")
    assert "通过卓越计划实施工作评价的专业名单" in group.text()
    head.open(f"{at}/dossier")
    assert "M2.3" in head.text()
    assert "T11 公布名单" in head.open(at).locator("main").inner_text()
