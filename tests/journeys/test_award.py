"""An award in a real browser: the base completes its file and applies, the city checks on a phone, the department inspects, recognises,
accepts and puts the amount forward, the joint conference agrees, the money is paid, and everybody reads it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from tests.journeys.files import one_page_pdf
from tests.journeys.test_capstone import choose, press
from tests.journeys.windows import DESK, PHONE, Watched
from trainhub.demo.invented import credit_code

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(200)]
BASE = "DEMO-B1"


def fill(somebody: Watched, form: str, button: str, **fields: str) -> None:
    """Fill in the form whose address ends so, and send it; radios are named with their value."""
    within = f"main form[action$='{form}']"
    for name, value in fields.items():
        field = somebody.page.locator(f"{within} [name={name}]").first
        if field.get_attribute("type") == "radio":
            somebody.page.locator(f"{within} [name={name}][value={value}]").check()
        else:
            field.fill(value)
    press(somebody, button, within=within)


def says(somebody: Watched) -> str:
    """What the page says."""
    return str(somebody.page.locator("main").inner_text())


def test_a_base_from_application_to_publication(window: Callable[..., Watched], today: date, tmp_path: Path) -> None:
    paper = tmp_path / "验收材料.pdf"
    paper.write_bytes(one_page_pdf())
    day = today.isoformat()
    leader, city, province = window(DESK).sign_in("enterprise"), window(PHONE).sign_in("prefecture"), window(DESK).sign_in("province")
    science, finance = window(DESK).sign_in("science"), window(DESK).sign_in("finance")

    leader.open(f"/bases/{BASE}/types")
    choose(leader.page, "main select[name=type]", "incubation_base")
    leader.page.fill("main [name=since]", "2025-01-01")
    press(leader, "保存")
    assert "创业主体（户）" in str(leader.open(f"/awards/bases/{BASE}").locator("main").inner_text())
    leader.open(f"/bases/{BASE}/edit")
    leader.page.fill("main [name=startup_entities]", "21")
    press(leader, "保存")
    page = leader.open(f"/awards/bases/{BASE}")
    assert "基地属于哪一种" in says(leader)  # nothing else is asked of a person
    with page.expect_navigation():
        page.locator("main a[href$='/FJ-26c/apply']").click()
    page.fill("main [name=statement]", "民营互联网创业孵化基地，已入驻创业主体 21 户，申请一次性奖励。")
    page.set_input_files("main [name=files]", str(paper))
    press(leader, "提交申请")
    assert "已申请" in says(leader)
    at = page.url.removeprefix(leader.address).partition("?")[0]

    city.open(at)
    fill(city, "/check", "登记", on=day, is_positive="yes", people="市人社局 2 人", text="材料齐全，同意上报。")
    province.open(at)
    fill(province, "/inspect", "登记", on=day, is_positive="yes", people="考察组 3 人", text="现场查看 21 户创业主体的台账。")
    fill(province, "/recognise", "认定", on=day, document="闽人社认〔2026〕1号")
    fill(province, "/accept", "验收", on=day, document="闽人社验〔2026〕1号")
    fill(province, "/decide", "作出决定", amount="1000000", minutes="厅务会审议", judgement="民营互联网创业孵化基地，营业执照已核对。")
    assert "待联席会议审议" in says(province)
    assert "须由另一人办理" in says(province)
    assert province.page.locator("main form[action$='/confer']").count() == 0
    science.open(at)
    fill(science, "/confer", "登记", on=day, is_positive="yes", people="省发改委、财政厅、人社厅", text="联席会议纪要〔2026〕2号：同意。")
    assert "已决定" in says(science)
    finance.open(at)
    choose(finance.page, "main select[name=pool]", "1")
    fill(finance, "/pay", "登记拨付", on=day, reference="闽财拨2026-26")
    province.open(at)
    press(province, "公布")
    assert "闽财拨2026-26" in says(province)

    anybody = window(PHONE)
    anybody.open("/awards/published")
    assert "榕城智能制造工程实践教育中心" in says(anybody)
    assert "¥1,000,000" in says(anybody)
    leader.open(f"/awards/bases/{BASE}")
    assert "已获得" in says(leader)
    assert leader.page.locator("main a[href$='/FJ-26c/apply']").count() == 0
    assert [one.complaints for one in (leader, city, province, science, finance, anybody)] == [[]] * 6


def test_a_practice_base_is_recognised_accepted_and_awarded_inside_its_range(window: Callable[..., Watched], today: date) -> None:
    """FJ-16b, 000:745: 由省教育厅认定验收后，一次性给予 50 万~100 万元奖励; below the joint conference's limit the department decides alone."""
    day, rule = today.isoformat(), "FJ-16b"
    leader, city, province = window(DESK).sign_in("enterprise"), window(PHONE).sign_in("prefecture"), window(DESK).sign_in("province")
    finance = window(DESK).sign_in("finance")

    leader.open(f"/bases/{BASE}/types")
    choose(leader.page, "main select[name=type]", "practice_base")
    leader.page.fill("main [name=since]", "2025-01-01")
    press(leader, "保存")
    leader.open(f"/awards/bases/{BASE}")
    row = leader.page.locator("main section, main .card, main tr").filter(has_text=rule).filter(has_text="省教育厅认定").last
    assert "互联网龙头企业" in row.inner_text()  # what is missing, and nothing else stands in the way of applying
    province.open(f"/organisations/{credit_code(1)}/edit")
    for name in ("is_internet_enterprise", "is_leading_internet"):
        province.page.check(f"main [name={name}]")
    press(province, "保存")

    leader.open(f"/awards/bases/{BASE}/{rule}/apply")
    leader.page.fill("main [name=statement]", "由互联网龙头企业牵头、与高校合作建立的教育实践基地。")
    press(leader, "提交申请")
    at = leader.page.url.removeprefix(leader.address).partition("?")[0]
    city.open(at)
    fill(city, "/check", "登记", on=day, is_positive="yes", people="市教育局 2 人", text="合作协议齐全，同意上报。")
    province.open(at)
    fill(province, "/inspect", "登记", on=day, is_positive="yes", people="考察组 3 人", text="现场查看实训场地和学生名册。")
    fill(province, "/recognise", "认定", on=day, document="闽教认〔2026〕1号")
    fill(province, "/accept", "验收", on=day, document="闽教验〔2026〕1号")
    for amount in ("499999", "1000001"):
        fill(province, "/decide", "作出决定", amount=amount, minutes="厅务会审议")
        assert "金额须在 ¥500,000 至 ¥1,000,000 之间" in says(province)
    fill(province, "/decide", "作出决定", amount="600000", overlap_group="另一组")
    assert "请写明理由" in says(province)
    assert all("422" in one for one in province.complaints)  # the browser notes the three refusals
    province.complaints.clear()
    fill(province, "/decide", "作出决定", amount="600000", overlap_group="training")
    assert "已决定" in says(province)
    finance.open(at)
    choose(finance.page, "main select[name=pool]", "1")
    fill(finance, "/pay", "登记拨付", on=day, reference="闽财拨2026-16")
    province.open(at)
    press(province, "公布")
    assert "闽财拨2026-16" in says(province)

    leader.open(f"/awards/bases/{BASE}")
    assert "已获得" in says(leader)
    assert leader.page.locator(f"main a[href$='/{rule}/apply']").count() == 0
    city.open("/awards/published")
    assert "¥600,000" in says(city)
    assert [one.complaints for one in (leader, city, province, finance)] == [[]] * 4
