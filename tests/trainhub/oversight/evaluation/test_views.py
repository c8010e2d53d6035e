"""The pages of evaluation, by role."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.courses.curriculum import test_operations
from tests.factories import evaluation as factory
from tests.factories import ground
from trainhub.kernel import jobs
from trainhub.kernel.access import Role
from trainhub.kernel.db import transaction
from trainhub.kernel.i18n import in_language
from trainhub.oversight.evaluation import behind, readiness
from trainhub.oversight.evaluation.catalogue import criteria
from trainhub.oversight.evaluation.queries import judgements, registers
from trainhub.oversight.evaluation.register_views import REGISTERS
from trainhub.oversight.evaluation.store import queries as store
from trainhub.oversight.evaluation.store.operations import packing
from trainhub.oversight.evaluation.store.types import PaperForm
from trainhub.oversight.evaluation.types import CriterionKind, JudgementResult

AsRole = Callable[..., Any]
PAGES = (
    "",
    "/coverage",
    "/standard",
    "/attainment",
    "/attainment/students",
    "/registers",
    "/criteria/7.2",
    "/criteria/1.3",
    "/criteria/6.10",
    "/applications",
    "/evidence",
    "/report",
    "/report/3",
    "/history",
    "/simulate",
    "/materials/M2.3.xlsx",
    "/tables/T1.xlsx",
    "/tables/T4.xlsx",
    *(f"/registers/{slug}" for slug in REGISTERS),
)


@pytest.fixture
def built(session: Session) -> factory.Built:
    with transaction():
        return factory.failing(students=4)


def test_every_page_opens_for_the_programme_admin(built: factory.Built, as_role: AsRole) -> None:
    code, programme_id = built.programme.code, built.programme.id
    browser = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    for path in PAGES:
        page = browser.get(f"/evaluation/{code}{path}?on=2026-03-02")
        assert (path, page.status_code) == (path, 200)
    text = browser.get(f"/evaluation/{code}?on=2026-03-02").get_data(as_text=True)
    assert text.count('class="finding ') == 64
    assert "PETOE-7.2, 002:551" in text
    assert "怎样达到：" in text
    overview = browser.get("/evaluation/?on=2026-03-02").get_data(as_text=True)
    assert f"/evaluation/{code}" in overview


def test_every_page_opens_without_students_and_without_a_plan(session: Session, as_role: AsRole) -> None:
    """Bad input: nobody to count, nothing to draw. Pages and documents say so, and no share is computed of nobody."""
    with transaction():
        made = factory.bare(students=0).programme, ground.programme(is_petoe=True)
    bare = as_role(Role.PROGRAMME_ADMIN, programme_id=made[1].id).get(f"/evaluation/{made[1].code}/standard")
    assert (bare.status_code, "培养方案" in bare.get_data(as_text=True)) == (422, True), "without a plan there is no standard to show"
    for programme in made:
        code, browser = programme.code, as_role(Role.PROGRAMME_ADMIN, programme_id=programme.id)
        pages = [path for path in PAGES if path != "/standard"]
        for path in (*pages, "/tables/T2.xlsx", "/tables/T3.xlsx", "/materials/M8.1.xlsx"):
            answer = browser.get(f"/evaluation/{code}{path}?on=2026-03-02")
            assert (path, answer.status_code) == (path, 200)
        browser.post(f"/evaluation/{code}/report/drawings", data={"form": "pdf"})
        assert jobs.run_all() >= 1
        assert store.latest_drawings(programme.id)[PaperForm.PDF].file_id is not None
        text = browser.get(f"/evaluation/{code}/criteria/9.8?on=2026-03-02").get_data(as_text=True)
        assert "无数据" in text


def test_a_computed_criterion_shows_whom_it_speaks_of(built: factory.Built, as_role: AsRole) -> None:
    code, head = built.programme.code, as_role(Role.PROGRAMME_ADMIN, programme_id=built.programme.id)
    assert set(behind.TABLES) == {one.code for one in criteria().values() if one.kind is CriterionKind.COMPUTED} | {"6.11"}
    _answer, case = readiness.look(built.programme, factory.TODAY)
    for number in behind.TABLES:
        found = behind.behind(case, number)
        page = head.get(f"/evaluation/{code}/criteria/{number}?on=2026-03-02").get_data(as_text=True)
        assert (number, "统计明细" in page) == (number, found is not None)
    days = behind.behind(case, "7.2")
    assert days is not None
    assert ([row[2] for row in days.rows], days.all) == ([159, 160, 160, 160], 4), "who lacks most comes first"
    assert behind.behind(case, "1.3") is None


def test_strangers_are_refused(built: factory.Built, as_role: AsRole, client: Any) -> None:
    code = built.programme.code
    assert client.get(f"/evaluation/{code}").status_code in (302, 303, 401)
    assert as_role(Role.STUDENT).get(f"/evaluation/{code}").status_code == 403
    with transaction():
        other_id = ground.programme().id
    assert as_role(Role.PROGRAMME_ADMIN, programme_id=other_id).get(f"/evaluation/{code}").status_code == 403
    # an expert sees the dossier through a visit, never through the role alone
    programme_id = built.programme.id
    for path in ("", "/evidence"):
        assert as_role(Role.EXPERT, programme_id=programme_id).get(f"/evaluation/{code}{path}").status_code == 403
    assert as_role(Role.EXPERT, programme_id=programme_id).post(f"/evaluation/{code}/packages").status_code == 403
    expert = as_role(Role.EXPERT, programme_id=programme_id)
    assert expert.get("/evaluation/").headers["Location"] == "/evaluation/applications"


def test_the_head_judges_and_the_page_says_so(built: factory.Built, as_role: AsRole) -> None:
    code, programme_id = built.programme.code, built.programme.id
    browser = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    answer = browser.post(f"/evaluation/{code}/criteria/1.3", data={"result": "not_met", "remark": ""})
    assert answer.status_code == 422
    assert "请写明未达到的理由" in answer.get_data(as_text=True)
    browser = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    answer = browser.post(f"/evaluation/{code}/criteria/1.3", data={"result": "met", "remark": "定位清楚"})
    assert answer.status_code == 303
    history = judgements.judgements_of(programme_id, "1.3")
    assert [(row.result, row.remark) for row in history] == [(JudgementResult.MET, "定位清楚")]
    assert browser.post(f"/evaluation/{code}/criteria/7.2", data={"result": "met"}).status_code == 422


def test_a_judgement_made_meanwhile_is_shown_before_another_follows(built: factory.Built, as_role: AsRole) -> None:
    """The latest judgement decides: who opened the page before it is told, and sends again after reading it."""
    code, programme_id = built.programme.code, built.programme.id
    at = f"/evaluation/{code}/criteria/1.3"

    def version(text: str) -> str:
        return re.findall(r'name="version"[^>]*value="(\d+)"', text)[0]

    browser = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    opened = version(browser.get(at).get_data(as_text=True))
    assert (
        as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id).post(at, data={"result": "met", "remark": "甲判", "version": opened}).status_code
        == 303
    )
    browser = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    sent = {"result": "not_met", "remark": "乙判", "version": opened}
    answer = browser.post(at, data=sent)
    text = answer.get_data(as_text=True)
    assert (answer.status_code, "甲判" in text, "乙判" in text) == (409, True, True)
    assert [row.remark for row in judgements.judgements_of(programme_id, "1.3")] == ["甲判"]
    browser = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    assert browser.post(at, data=sent | {"version": version(text)}).status_code == 303
    assert [row.remark for row in judgements.judgements_of(programme_id, "1.3")] == ["乙判", "甲判"]


def test_the_english_pages_name_requirements_sections_and_objectives_in_english(built: factory.Built, as_role: AsRole) -> None:
    code, head = built.programme.code, as_role(Role.PROGRAMME_ADMIN, programme_id=built.programme.id)
    for path, words in (
        ("", "1. School standard"),
        ("", "The activities and courses of the enterprise training scheme"),
        ("/criteria/8.2", "The whole capstone of a student is done in an enterprise"),
        ("/criteria/4.1", "Self-evaluation report, part 6: teaching staff"),
        ("/criteria/2.2", "objective 1"),
        ("/report", "Integration of the curriculum"),
        ("/report/6.1", "How the practice centre is organised"),
        ("/evidence", "1. School standard"),
        ("/evidence", "The complete enterprise training scheme"),
        ("/attainment", "objective 1"),
    ):
        with in_language("en"):
            text = head.get(f"/evaluation/{code}{path}").get_data(as_text=True)
        assert (path, words in text) == (path, True)


def test_an_inspector_reads_only(built: factory.Built, as_role: AsRole) -> None:
    code = built.programme.code
    browser = as_role(Role.INSPECTOR)
    assert browser.get(f"/evaluation/{code}/registers/policies").status_code == 200
    assert browser.post(f"/evaluation/{code}/registers/policies", data={"title": "x"}).status_code == 403
    browser = as_role(Role.INSPECTOR)
    assert browser.post(f"/evaluation/{code}/criteria/1.3", data={"result": "met"}).status_code == 403


def test_a_register_takes_an_entry_once_and_gives_it_up_with_a_reason(built: factory.Built, as_role: AsRole) -> None:
    code, programme_id = built.programme.code, built.programme.id
    before = len(registers.policy_documents(programme_id))
    browser = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    data = {"topic": "team_plan", "title": "队伍建设规划", "issued_no": "", "issued_on": "2026-01-05"}
    answer = browser.post(f"/evaluation/{code}/registers/policies", data=data)
    assert answer.status_code == 422
    assert "请填写文号" in answer.get_data(as_text=True)
    data["issued_no"] = "校人（2026）3号"
    browser = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    for _twice in range(2):
        assert browser.post(f"/evaluation/{code}/registers/policies", data=data).status_code == 303
    rows = registers.policy_documents(programme_id)
    assert len(rows) == before + 1
    path = f"/evaluation/{code}/registers/policies/{rows[0].id}/remove"
    assert browser.post(path, data={"reason": ""}).status_code == 422
    browser = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    assert browser.post(path, data={"reason": "重复登记"}).status_code == 303
    assert len(registers.policy_documents(programme_id)) == before


@pytest.mark.parametrize("path", ["/evaluation/NOWHERE", "/evaluation/{code}/criteria/11.1", "/evaluation/{code}/registers/nothing"])
def test_unknown_addresses_are_not_found(built: factory.Built, as_role: AsRole, path: str) -> None:
    browser = as_role(Role.DEPT_EDU)
    assert browser.get(path.format(code=built.programme.code)).status_code == 404


def test_a_day_that_does_not_exist_is_refused_with_words(built: factory.Built, as_role: AsRole) -> None:
    browser = as_role(Role.DEPT_EDU)
    for day in ("2016-02-30", "2009-12-31"):
        assert browser.get(f"/evaluation/{built.programme.code}?on={day}").status_code == 422


def test_a_dossier_is_drawn_by_a_job_that_shows_how_far_it_is(built: factory.Built, as_role: AsRole, session: Session) -> None:
    code, programme_id = built.programme.code, built.programme.id
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    asked = head.post(f"/evaluation/{code}/packages")
    at = asked.headers["Location"]
    assert (asked.status_code, head.post(f"/evaluation/{code}/packages").headers["Location"]) == (303, at), "asked twice, drawn once"
    assert "排队中" in head.get(at).get_data(as_text=True)
    assert head.get(f"{at}.zip").status_code == 404
    seen: list[tuple[int, int]] = []
    key = int(at.rsplit("/", 1)[1])
    drawn = packing.draw(key, lambda done, total: seen.append((done, total)))
    assert drawn is not None
    assert (seen[0][0], seen[-1][0], seen[-1][1]) == (1, drawn[1] - 2, drawn[1] - 2), "index and checksums are made last"
    assert jobs.run_all() >= 1
    assert "下载（zip）" in head.get(f"{at}/state").get_data(as_text=True)
    with zipfile.ZipFile(io.BytesIO(head.get(f"{at}.zip").data)) as package:
        names = package.namelist()
        assert (package.testzip(), names[:2]) == (None, ["00-材料目录.csv", "SHA256SUMS"])
    assert packing.draw(key, lambda _done, _total: None) is None, "what is made stays as it is"
    assert as_role(Role.STUDENT).get(f"{at}.zip").status_code == 403


def test_the_report_is_drawn_by_a_job_and_an_unchanged_one_is_not_drawn_again(built: factory.Built, as_role: AsRole, session: Session) -> None:
    code, programme_id = built.programme.code, built.programme.id
    at = f"/evaluation/{code}/report"
    assert as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id).get(f"/evaluation/{code}/supplementary.pdf").status_code == 404
    assert as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id).post(f"{at}/drawings", data={"form": "xlsx"}).status_code == 422
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    found: dict[str, Any] = {}
    for form, begins in (("docx", b"PK"), ("pdf", b"%PDF")):
        asked = head.post(f"{at}/drawings", data={"form": form})
        here = asked.headers["Location"]
        assert asked.status_code == 303
        assert head.post(f"{at}/drawings", data={"form": form}).headers["Location"] == here, "asked twice, drawn once"
        page = head.get(here).get_data(as_text=True)
        assert ("排队中" in page, 'http-equiv="refresh"' in page) == (True, True), "it says what happens, also without JavaScript"
        assert head.get(f"{here}/file").status_code == 404
        assert jobs.run_all() >= 1
        page = head.get(f"{here}/state").get_data(as_text=True)
        assert f"{here}/file" in page
        file = head.get(f"{here}/file")
        assert file.headers["Content-Disposition"].startswith("attachment"), "a button that says 下载 downloads"
        found[form] = file.data
        assert found[form].startswith(begins)
        assert 'http-equiv="refresh"' not in head.get(here).get_data(as_text=True)
        assert f"{here}/file" in head.get(at).get_data(as_text=True), "the page of the report offers what was drawn last"
    first = store.latest_drawings(programme_id)[PaperForm.PDF]
    head.post(f"{at}/drawings", data={"form": "pdf"})
    jobs.run_all()
    again = store.latest_drawings(programme_id)[PaperForm.PDF]
    assert (again.id > first.id, again.file_id, again.digest) == (True, first.file_id, first.digest), "nothing changed: the same file"
    text = {"text": "中心设有由校企双方负责人组成的管委会。", "submission_key": "k"}
    assert head.post(f"{at}/6.1", data=text).status_code == 303
    assert "内容已有变动" in head.get(at).get_data(as_text=True), "a text saved since is not in what was drawn"
    head.post(f"{at}/drawings", data={"form": "pdf"})
    jobs.run_all()
    changed = store.latest_drawings(programme_id)[PaperForm.PDF]
    assert (changed.file_id != first.file_id, changed.digest != first.digest) == (True, True)
    assert as_role(Role.STUDENT).get(f"/evaluation/drawings/{first.id}/file").status_code == 403


ENTRIES: dict[str, tuple[dict[str, str], dict[str, str], str, str]] = {
    "activities": (
        {
            "kind": "industry",
            "title": "联合设计",
            "partner": "示范工业",
            "country": "de",
            "took_place_on": "2026-01-05",
            "description": "授课 16 学时",
        },
        {"country": "CN"},
        "9.5",
        "登记的举措 1 项",
    ),
    "cases": ({"title": "节拍优化", "enterprise": "某厂", "taken_up_on": "2025-01-05"}, {"enterprise": ""}, "3.3", "问题、案例或项目 1 项"),
    "outputs": ({"kind": "paper", "title": "教改论文", "published_on": "2025-01-05"}, {"title": ""}, "3.5", "教师教研成果 1 项"),
    "schemes": (
        {"title": "考核办法", "since": "2025-01-05", "project_design": "30", "r_and_d": "20", "tech_service": "1"},
        {"project_design": "90"},
        "4.4",
        "五项合计占 51%",
    ),
    "centre-mentors": (
        {"name": "黄工艺", "role": "technician", "unit": "某厂", "post": "工程师", "since": "2024-01-05"},
        {"until": "2023-01-05"},
        "6.4",
        "企业专业技术人员 1 人；企业管理人员 0 人；三类人员不齐全；在队满一年 1 人，近一年加入 0 人、离开 0 人",
    ),
    "needs": (
        {"year": "2026", "purpose": "courses", "need": "120000", "basis": "按上年支出"},
        {"need": "-1"},
        "10.4",
        "2026 年度需要 120,000 元，各渠道预算 0 元（不足）；填报需要的用途 1 项，其中预算不足 1 项",
    ),
    "reviews": (
        {"held_on": "2025-11-05", "school_members": "3", "enterprise_members": "4", "findings": "轮岗偏少"},
        {"closed_on": "2025-11-01"},
        "6.7",
        "企业方占 4/7 人次（“主体”：超过 50%，符合），尚未完成整改 1 次",
    ),
}


def test_what_registers_hold_stands_beside_the_question_that_a_person_answers(session: Session, as_role: AsRole) -> None:
    with transaction():
        bare = factory.bare(students=1)
        course = test_operations.course(bare.version)
        code, programme_id, extra = bare.programme.code, bare.programme.id, {"course_id": course.id, "teacher_id": bare.teachers[0].id}
        extra["base_id"] = bare.base.id
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    for slug, (good, bad, criterion, fact) in ENTRIES.items():
        at, page = f"/evaluation/{code}/registers/{slug}", f"/evaluation/{code}/criteria/{criterion}?on=2026-03-02"
        assert fact not in head.get(page).get_data(as_text=True)
        assert (slug, head.post(at, data=good | extra | bad).status_code) == (slug, 422)
        assert (slug, head.post(at, data=good | extra).status_code) == (slug, 303)
        text = head.get(page).get_data(as_text=True)
        assert fact in text, slug
        assert f"/registers/{slug}" in text, "the page leads to where it is entered"
    budget = {"year": "2026", "purpose": "courses", "source": "university", "planned": "120000"}
    assert head.post(f"/evaluation/{code}/registers/budget", data=budget).status_code == 303
    assert "各渠道预算 120,000 元（满足）" in head.get(f"/evaluation/{code}/criteria/10.4?on=2026-03-02").get_data(as_text=True)
    team = ENTRIES["centre-mentors"][0] | {"base_id": extra["base_id"]}
    for more in ({"role": "faculty", "name": "陈教研"}, {"role": "manager", "name": "许培训", "since": "2025-12-01"}, {"until": "2026-01-31"}):
        assert head.post(f"/evaluation/{code}/registers/centre-mentors", data=team | more).status_code == 303
    text = head.get(f"/evaluation/{code}/criteria/6.4?on=2026-03-02").get_data(as_text=True)
    assert "中心指导教师队伍 2 人；高校教师 1 人；企业专业技术人员 0 人" in text  # the engineer left
    assert "近一年加入 1 人、离开 1 人" in text
    assert "三类人员齐全" in head.get(f"/evaluation/{code}/criteria/6.4?on=2026-01-05").get_data(as_text=True)
    again = ENTRIES["reviews"][0] | {"actions": "增加轮岗", "closed_on": "2025-12-01"}
    assert head.post(f"/evaluation/{code}/registers/reviews", data=again).status_code == 303
    assert "尚未完成整改 0 次" in head.get(f"/evaluation/{code}/criteria/6.7?on=2026-03-02").get_data(as_text=True)
