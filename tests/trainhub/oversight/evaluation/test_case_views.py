"""The pages of an evaluation under way, by everybody who takes part: association, expert, head, working group, a stranger."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import evaluation as factory
from tests.factories import ground
from tests.factories import identity as accounts
from tests.factories.identity import sign_in
from tests.factories.remembering import remembered
from tests.trainhub.oversight.evaluation.test_workflow import PDF
from trainhub.identity import queries as identity_queries
from trainhub.identity.models import Account, RoleGrant
from trainhub.kernel import clock, jobs
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction
from trainhub.organisations.types import OrganisationKind
from trainhub.oversight.evaluation.models import QualityRemark
from trainhub.oversight.evaluation.operations import judging
from trainhub.oversight.evaluation.queries import judgements
from trainhub.oversight.evaluation.store import queries as store
from trainhub.oversight.evaluation.store.operations import keeping
from trainhub.oversight.evaluation.types import JudgementResult
from trainhub.oversight.evaluation.workflow import queries
from trainhub.oversight.evaluation.workflow.models import Consensus, Step
from trainhub.oversight.evaluation.workflow.operations import moving, papers, visiting
from trainhub.oversight.evaluation.workflow.types import DocumentKind, Event, Opinion, Route, State
from trainhub.people import operations as people
from trainhub.people.types import StudentState
from trainhub.programmes import operations as programmes
from trainhub.programmes import queries as programme_queries
from trainhub.programmes.models import Programme

AsRole = Callable[..., Any]


@pytest.fixture
def played(session: Session) -> dict[str, int]:
    return applied()


@remembered
def applied() -> dict[str, int]:
    """A programme that has applied, and the two offices."""
    today, now = clock.today(), clock.now()
    with transaction():
        built = factory.meeting(students=4)
        day = today - timedelta(days=60)
        for student in built.students:
            people.change_student(student=student, state=StudentState.GRADUATED, left_on=day, by=SYSTEM, now=now)
        programmes.change_cohort(cohort=built.cohort, graduated_on=day, by=SYSTEM, now=now)
        association = ground.organisation(kind=OrganisationKind.ASSOCIATION).id
        group = ground.organisation(kind=OrganisationKind.EXPERT_GROUP).id
        row = moving.open_application(programme=built.programme, has_prerequisite=True, by=SYSTEM, today=today, now=now)
        moving.step(application=row, event=Event.APPLY_ALONE, by=SYSTEM, today=today, now=now)
        found = {"key": row.id, "programme": built.programme.id, "association": association, "group": group, "base": built.base.id}
    return found


def browser(as_role: AsRole, played: dict[str, int], name: str) -> Any:
    if name == "head":
        return as_role(Role.PROGRAMME_ADMIN, programme_id=played["programme"])
    return as_role(Role.EXPERT, organisation_id=played[name])


def test_a_visit_is_planned_and_judged_through_the_pages(played: dict[str, int], as_role: AsRole) -> None:
    key, today = played["key"], clock.today()
    at = f"/evaluation/applications/{key}"
    head, association, group = (browser(as_role, played, name) for name in ("head", "association", "group"))
    # somebody else's expert neither sees nor moves it
    stranger = as_role(Role.EXPERT)
    assert stranger.get(at).status_code == 403
    assert stranger.post(f"{at}/step", data={"event": "accept"}).status_code == 403
    # the head cannot accept the own application
    assert head.post(f"{at}/step", data={"event": "accept"}).status_code == 403
    assert "接受申请" in association.get(at).get_data(as_text=True)
    assert association.post(f"{at}/step", data={"event": "accept"}).status_code == 303
    # this evaluation is one alone: a self-report is neither asked for nor taken, also when the request is made by hand
    assert 'value="self_report"' not in head.get(at).get_data(as_text=True)
    own = head.post(f"{at}/documents", data={"kind": "self_report", "file": (io.BytesIO(PDF), "自评报告.pdf")})
    assert (own.status_code, "不需要" in own.get_data(as_text=True), queries.documents_of(key)) == (422, True, [])
    assert head.post(f"{at}/passage", data={"passage": "第 3 部分"}).status_code == 422
    refused = head.post(f"{at}/step", data={"event": "submit"})
    assert (refused.status_code, "缺少" in refused.get_data(as_text=True)) == (422, True)
    early = head.post(f"{at}/supplementary")
    assert (early.status_code, "处没有写完" in early.get_data(as_text=True)) == (422, True), "a report with empty sections is not handed in"
    write_report(_programme(played))
    asked = head.post(f"{at}/supplementary")
    assert (asked.status_code, "排队中" in head.get(asked.headers["Location"]).get_data(as_text=True)) == (303, True)
    assert jobs.run_all() >= 1
    assert "已作为补充报告提交" in head.get(asked.headers["Location"]).get_data(as_text=True)
    handed = queries.current_documents(key)[DocumentKind.SUPPLEMENTARY_REPORT][0]
    assert (handed.edition, handed.is_generated, handed.handed_in_by != SYSTEM.name) == (1, True, True), "by who asked, not by the machine"
    # what was handed in is looked at where it stands
    own_report = {"kind": "supplementary_report", "file": (io.BytesIO(PDF), "补充报告.pdf")}
    assert head.post(f"{at}/documents", data=own_report).status_code == 303
    there = re.search(rf'<iframe class="file-preview" src="({at}/documents/[0-9]+)"', head.get(at).get_data(as_text=True))
    assert there is not None
    assert head.get(there.group(1)).headers["Content-Disposition"].startswith("inline")
    bad = head.post(f"{at}/documents", data={"kind": "accreditation_conclusion", "file": (io.BytesIO(PDF), "a.pdf")})
    assert bad.status_code == 403
    own = f"/evaluation/{_code(played)}/criteria/1.3"
    assert head.post(own, data={"result": "met", "remark": "定位清楚"}).status_code == 303
    assert head.post(f"{at}/step", data={"event": "submit"}).status_code == 303
    late = head.post(f"{at}/supplementary")
    assert (late.status_code, "不能提交" in late.get_data(as_text=True)) == (422, True)
    # from here on the programme no longer judges itself
    own_word = head.post(own, data={"result": "met", "remark": "自评"})
    assert (own_word.status_code, "专业不能再自行判断" in own_word.get_data(as_text=True)) == (403, True)
    assert "专业不能再自行判断" in head.get(own).get_data(as_text=True)
    word = group.post(own, data={"result": "not_met", "remark": "特色不明"})
    assert word.status_code == 403, "the group judges while it considers, at no other time"
    with transaction():
        judging.record_judgement(
            programme=_programme(played), criterion="1.3", result=JudgementResult.NOT_MET, remark="特色不明", by=SYSTEM, today=today, now=clock.now()
        )
    # -- the association plans
    days = {"what": "days", "d-starts_on": today.isoformat(), "d-ends_on": today.isoformat(), "d-no_centre_reason": ""}
    assert association.post(f"{at}/visit", data=days).status_code == 303
    items = [
        ("interview_student", "09:00", ""),
        ("interview_teacher", "10:00", ""),
        ("interview_head", "11:00", ""),
        ("centre_visit", "14:00", str(played["base"])),
    ]
    for kind, starts, base in items:
        sent = {
            "what": "agenda",
            "a-kind": kind,
            "a-on": today.isoformat(),
            "a-starts": starts,
            "a-ends": f"{starts[:3]}45",
            "a-place": "会议室",
            "a-base_id": base,
        }
        answer = association.post(f"{at}/visit", data=sent)
        assert answer.status_code == 303, answer.get_data(as_text=True)
    expert = as_role(Role.EXPERT)
    mine = expert.get("/evaluation/applications").get_data(as_text=True)
    assert "认证协会指派你参加现场考查后" in mine
    account_id = identity_queries.accounts_holding(Role.EXPERT)[-1]
    sent = {"what": "expert", "e-account_id": str(account_id), "e-is_leader": "y"}
    assert association.post(f"{at}/visit", data=sent).status_code == 303
    row = queries.application(key)
    assert row is not None
    assigned = queries.experts_of(key)
    assert [one.is_leader for one in assigned] == [True]
    # -- nothing before the declaration, all of it after
    code = f"/evaluation/{_code(played)}"
    assert expert.get(at).status_code == 200
    assert expert.get(f"{at}/dossier").status_code == 403
    assert expert.post(f"{at}/declare", data={"has_conflict": "no"}).status_code == 303
    assert [expert.get(path).status_code for path in (f"{at}/dossier", code, f"{code}/criteria/1.4", f"{at}/visit-form.pdf")] == [200] * 4
    # what the programme works with is its own: the experts read what was handed in
    held = store.held_by(played["programme"])[0]
    work = ("evidence", f"evidence/{held.id}", f"evidence/{held.id}/versions/{held.version_id}", "report", "registers", "registers/budget", "history")
    for path in (*work, "simulate", "materials/M1.1.xlsx", "tables/T1.xlsx"):
        assert expert.get(f"{code}/{path}").status_code == 403, path
        assert group.get(f"{code}/{path}").status_code == 200, path
    for path, data in (("packages", {}), ("report/drawings", {"form": "docx"})):
        assert expert.post(f"{code}/{path}", data=data).status_code == 403, path
        asked = head.post(f"{code}/{path}", data=data)
        assert (asked.status_code, expert.get(asked.headers["Location"]).status_code) == (303, 403), path
    for path in ("coverage", "attainment", "attainment/students", "attainment/students.xlsx", "standard"):
        assert expert.get(f"{code}/{path}").status_code == 403, path
        assert group.get(f"{code}/{path}").status_code == 200, path
    # as it was handed in: the head had judged 1.3 met, the working group judged it anew since
    for path in (f"{code}/criteria/1.3", f"{code}/criteria/1.3?on=2099-01-01", f"{code}/criteria/1.3?submitted=0"):
        shown = expert.get(path).get_data(as_text=True)
        assert ("提交时的达标情况" in shown, "定位清楚" in shown, "特色不明" in shown) == (True, True, False), path
    whole = expert.get(code).get_data(as_text=True)
    assert ("结论和依据已固定" in whole, "提交之后的变化" in whole, 'type="date"' in whole) == (True, False, False)
    beside = group.get(code).get_data(as_text=True)
    assert re.search(r'href="#c1.3">1.3</a>[^<]*提交时：达到 · 现在：未达到', beside)
    assert "特色不明" in group.get(f"{code}/criteria/1.3").get_data(as_text=True)
    kept = group.get(f"{code}?submitted={key}").get_data(as_text=True)
    assert ("结论和依据已固定" in kept, f"criteria/1.3?submitted={key}" in kept) == (True, True)
    assert group.get(f"{code}?submitted=0").status_code == 404
    shown = expert.get(f"{code}/criteria/1.4").get_data(as_text=True)
    assert not [path for path in work if f'href="{code}/{path}' in shown], "no link leads to a closed page"
    answer = association.post(f"{at}/step", data={"event": "schedule_visit"})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    page = expert.get(f"{at}/form?r=1").get_data(as_text=True)
    assert page.count('type="radio"') == 12
    assert "提交报告时的内容，已固定" in page
    part = {"opinion-1.1": "met", "opinion-1.2": "not_met", "opinion-1.3": "met", "opinion-1.4": "met"}
    unsaid = expert.post(f"{at}/form?r=1", data=part)
    assert (unsaid.status_code, "请写明未达到" in unsaid.get_data(as_text=True)) == (422, True)
    assert expert.post(f"{at}/form?r=1", data={**part, "remark-1.2": "行业要求体现不足"}).status_code == 303
    assert "4/4" in expert.get(f"{at}/form?r=2").get_data(as_text=True)
    assert expert.post(f"{at}/form/submit").status_code == 422
    # an expert reads what the expert said; the programme reads nothing before the visit is over, on the page and in the document
    for reader, is_told in ((expert, True), (head, False)):
        assert ("行业要求体现不足" in reader.get(f"{at}/consensus").get_data(as_text=True)) is is_told
        form = zipfile.ZipFile(io.BytesIO(reader.get(f"{at}/visit-form.docx").data)).read("word/document.xml").decode()
        assert ("行业要求体现不足" in form) is is_told
    assert row.state is State.VISIT_SCHEDULED
    assert group.get(at).status_code == 200
    assert group.get("/evaluation/lists").status_code == 200
    assert association.get("/evaluation/lists").status_code == 403


def _programme(played: dict[str, int]) -> Programme:
    programme = programme_queries.by_id(played["programme"])
    assert programme is not None
    return programme


def _code(played: dict[str, int]) -> str:
    return _programme(played).code


def write_report(programme: Programme) -> None:
    """What the supplementary report needs to be whole."""
    with transaction():
        more: dict[str, Any] = {"programme": programme, "by": SYSTEM, "now": clock.now()}
        for section in ("2", "6.1", "6.3", "6.4", "9"):
            keeping.write_section(section=section, text="做法和成效", pointer="", examples="一个实例" if section == "9" else "", **more)
        for section in ("3", "6.2"):
            keeping.write_section(section=section, text="", pointer="第 5 部分", examples="", **more)
        keeping.add_evidence(title="教材", codes=["M3.2"], file=io.BytesIO(PDF), name="教材.pdf", **more)


def _again(app: Flask, account_id: int) -> Any:
    """The same expert in a fresh browser."""
    return sign_in(app, identity_queries.account(account_id))


def test_the_public_sees_the_yearly_lists(client: Any) -> None:
    assert client.get("/evaluation/published").status_code == 200


def test_what_a_change_of_rules_would_do(played: dict[str, int], as_role: AsRole) -> None:
    page = as_role(Role.DEPT_EDU).get("/evaluation/rules?key=petoe.plan_weeks&value=40").get_data(as_text=True)
    assert ("7.1 达到 → 未达到" in page, "40" in page) == (True, True)
    for wrong in ("petoe.plan_weeks&value=-1", "petoe.reapply_failed_years&value=8000", "petoe.plan_weeks&value=1000000"):
        assert (wrong, as_role(Role.DEPT_EDU).get(f"/evaluation/rules?key={wrong}").status_code) == (wrong, 422)


def test_the_pages_tell_where_the_group_and_the_data_differ(app: Flask, session: Session, played: dict[str, int], as_role: AsRole) -> None:
    row = queries.application(played["key"])
    assert row is not None
    with transaction():
        row = session.merge(row)
        row.state, row.submitted_at = State.VISITED, clock.now()
        session.add(
            Consensus(
                application_id=row.id, criterion="7.2", opinion=Opinion.NOT_MET, remark="周志与现场不符", recorded_by="组长", recorded_at=clock.now()
            )
        )
    head, code = browser(as_role, played, "head"), _code(played)
    for path in (f"/evaluation/{code}", f"/evaluation/{code}/criteria/7.2", f"/evaluation/applications/{played['key']}/consensus?only=data"):
        text = head.get(path).get_data(as_text=True)
        assert "与数据不一致" in text, path
        assert "周志与现场不符" in text, path
    assert "与数据不一致" not in head.get(f"/evaluation/{code}/criteria/7.1").get_data(as_text=True)


def test_the_working_group_judges_a_requirement_at_a_time(session: Session, played: dict[str, int], as_role: AsRole) -> None:
    """Without a visit everything that a person decides is the working group's: not 42 pages, ten."""
    key, at, day = played["key"], f"/evaluation/applications/{played['key']}/judging", clock.today()
    early = browser(as_role, played, "group").get(at)
    assert (early.status_code, "审议期间" in early.get_data(as_text=True)) == (422, True)
    with transaction():
        row = queries.application(key)
        assert row is not None
        row.state, row.submitted_at = State.IN_WORKING_GROUP, clock.now() - timedelta(minutes=5)
    for other in ("head", "association"):
        assert browser(as_role, played, other).get(at).status_code == 403
    group = browser(as_role, played, "group")
    assert "评判要点" in group.get(f"/evaluation/applications/{key}").get_data(as_text=True)
    text = group.get(f"{at}?r=1").get_data(as_text=True)
    assert ("还有 42 个要点没有专家判断" in text, text.count("还没有专家判断")) == (True, 3)
    bare = group.post(f"{at}?r=1", data={"result-1.2": "met", "result-1.3": "not_met", "remark-1.3": " "})
    assert (bare.status_code, "请写明未达到的理由" in bare.get_data(as_text=True)) == (422, True)
    sent = {
        "result-1.2": "met",
        "remark-1.2": "",
        "result-1.3": "met",
        "remark-1.3": "定位清楚",
        "result-1.1": "not_met",
        "remark-1.1": "数据决定，不收",
    }
    assert browser(as_role, played, "group").post(f"{at}?r=1", data=sent).status_code == 303
    said = judgements.latest_since(played["programme"], day, clock.now() - timedelta(minutes=4), {})
    assert {code: one.remark for code, one in said.items()} == {"1.2": "", "1.3": "定位清楚"}
    group = browser(as_role, played, "group")
    assert group.post(f"{at}?r=1", data=sent).status_code == 303
    assert len([one for one in judgements.judgements_of(played["programme"], "1.3") if one.remark == "定位清楚"]) == 1, "the same again adds nothing"
    text = group.get(f"{at}?r=1").get_data(as_text=True)
    assert ("还有 40 个要点没有专家判断" in text, "2/3" in text) == (True, True)


def test_a_member_of_the_working_group_does_not_judge_the_own_university(session: Session, played: dict[str, int], as_role: AsRole) -> None:
    """Who teaches there or holds a role there judges it on neither page, and is told why; another member does."""
    at, day = f"/evaluation/applications/{played['key']}/judging?r=1", clock.today()
    with transaction():
        row = queries.application(played["key"])
        assert row is not None
        row.state, row.submitted_at = State.IN_WORKING_GROUP, clock.now() - timedelta(minutes=5)
    group = {"organisation_id": played["group"]}
    tied = as_role(Role.EXPERT, **group)
    with transaction():
        mine = session.scalars(sa.select(RoleGrant).where(RoleGrant.organisation_id == played["group"]).order_by(RoleGrant.id.desc())).first()
        assert mine is not None
        account = session.get_one(Account, mine.account_id)
        accounts.grant(account, Role.PROGRAMME_ADMIN, programme_id=played["programme"])
    alone = f"/evaluation/{_code(played)}/criteria/1.2"
    for path, sent in ((at, {"result-1.2": "met"}), (alone, {"result": "met", "remark": ""})):
        answer = tied.post(path, data=sent)
        text = answer.get_data(as_text=True)
        assert (path, answer.status_code, "你在本校担任角色，不能评判本校的专业" in text) == (path, 422, True)
    noted = tied.post(f"/evaluation/applications/{played['key']}/quality", data={"quality": "excellent", "text": "产教融合有特色"})
    assert (noted.status_code, "不能评判本校的专业" in noted.get_data(as_text=True)) == (422, True)
    assert judgements.quality_on(played["programme"], day) is None
    assert judgements.latest_since(played["programme"], day, clock.now() - timedelta(minutes=4), {}) == {}
    assert browser(as_role, played, "group").post(at, data={"result-1.2": "met"}).status_code == 303


def test_days_of_a_visit_and_a_word_of_quality_are_not_written_over_unseen(session: Session, played: dict[str, int], as_role: AsRole) -> None:
    """Who opened the page before somebody else saved is told (409), and nothing of theirs is lost."""
    at, today = f"/evaluation/applications/{played['key']}", clock.today()

    def state(wanted: State) -> None:
        with transaction():
            row = queries.application(played["key"])
            assert row is not None
            row.state, row.submitted_at = wanted, clock.now() - timedelta(minutes=5)

    state(State.SUBMITTED)
    opened = re.findall(r'name="d-version"[^>]*value="(\d+)"', browser(as_role, played, "association").get(f"{at}/visit").get_data(as_text=True))[0]
    for later, status in ((3, 303), (5, 409), (3, 303)):  # the same days again are safe to repeat
        day = (today + timedelta(days=later)).isoformat()
        days = {"what": "days", "d-starts_on": day, "d-ends_on": day, "d-no_centre_reason": "停工", "d-version": opened}
        assert (later, browser(as_role, played, "association").post(f"{at}/visit", data=days).status_code) == (later, status)
    session.expire_all()
    row = queries.application(played["key"])
    assert row is not None
    assert row.visit_starts_on == today + timedelta(days=3)
    state(State.IN_WORKING_GROUP)
    page = browser(as_role, played, "group").get(at).get_data(as_text=True)
    opened = re.findall(r'name="version"[^>]*value="(\d+)"', page[page.index("/quality") :])[0]
    for text, status in (("产教融合", 303), ("没有看到前一条", 409)):
        noted = browser(as_role, played, "group").post(f"{at}/quality", data={"quality": "excellent", "text": text, "version": opened})
        assert (text, noted.status_code) == (text, status)
    assert [one.text for one in session.scalars(sa.select(QualityRemark))] == ["产教融合"]
    assert "产教融合" in browser(as_role, played, "group").get(at).get_data(as_text=True), "what stands is beside the form"


def test_two_of_the_working_group_do_not_write_over_each_other(session: Session, played: dict[str, int], as_role: AsRole) -> None:
    """B opened the sheet, A changed 1.2 meanwhile: B who only judges 1.3 is told, and 1.2 stays as A left it."""
    at, day = f"/evaluation/applications/{played['key']}/judging?r=1", clock.today()
    with transaction():
        row = queries.application(played["key"])
        assert row is not None
        row.state, row.submitted_at = State.IN_WORKING_GROUP, clock.now() - timedelta(minutes=5)

    def marks(text: str) -> dict[str, str]:
        return dict(re.findall(r'name="(seen-[0-9.]+)" value="([^"]*)"', text))

    def said() -> dict[str, tuple[str, str]]:
        found = judgements.latest_since(played["programme"], day, clock.now() - timedelta(minutes=4), {})
        return {code: (one.result.value, one.remark) for code, one in found.items()}

    a = browser(as_role, played, "group")
    assert a.post(at, data={"result-1.2": "met", "remark-1.2": "a1", **marks(a.get(at).get_data(as_text=True))}).status_code == 303
    b = browser(as_role, played, "group")
    opened = {"result-1.2": "met", "remark-1.2": "a1", **marks(b.get(at).get_data(as_text=True))}
    a = browser(as_role, played, "group")
    assert a.post(at, data={"result-1.2": "not_met", "remark-1.2": "改判", **marks(a.get(at).get_data(as_text=True))}).status_code == 303
    b = browser(as_role, played, "group")
    answer = b.post(at, data=opened | {"result-1.3": "met", "remark-1.3": "b"})
    text = answer.get_data(as_text=True)
    assert (answer.status_code, "要点 1.2 在你打开之后又有新的评判或重新核查" in text, said()) == (422, True, {"1.2": ("not_met", "改判")})
    kept = re.search(r'name="remark-1.2"[^>]*>([^<]*)<', text), re.search(r'name="remark-1.3"[^>]*>([^<]*)<', text)
    assert [one.group(1) for one in kept if one] == ["改判", "b"], "what stands is shown, what B typed is kept"
    again = {"result-1.2": "not_met", "remark-1.2": "改判", "result-1.3": "met", "remark-1.3": "b", **marks(text)}
    assert browser(as_role, played, "group").post(at, data=again).status_code == 303
    assert said() == {"1.2": ("not_met", "改判"), "1.3": ("met", "b")}


def test_experts_read_the_edition_that_holds_and_not_the_drafts_before_it(
    app: Flask, session: Session, played: dict[str, int], as_role: AsRole
) -> None:
    key, today, now = played["key"], clock.today(), clock.now()
    with transaction():
        row = queries.application(key)
        assert row is not None
        row.state = State.PREPARING
        for text in (b"draft", b"final"):
            papers.hand_in(
                application=row, kind=DocumentKind.SUPPLEMENTARY_REPORT, file=io.BytesIO(PDF + text), name=f"{text.decode()}.pdf", by=SYSTEM, now=now
            )
        row.state, row.submitted_at, row.visit_starts_on, row.visit_ends_on = State.VISIT_SCHEDULED, now, today, today
        account = accounts.account()
        accounts.grant(account, Role.EXPERT)
        expert = visiting.assign(application=row, account=account, is_leader=True, by=SYSTEM, today=today, now=now)
        who = identity_queries.identity_of(account.id, today=today)
        visiting.declare(expert=expert, has_conflict=False, conflict="", by=who, now=now)
        final, draft = (one.id for one, _file in queries.documents_of(key))
        account_id = account.id
    at = f"/evaluation/applications/{key}"
    for reader, sees in ((browser(as_role, played, "head"), True), (_again(app, account_id), False)):
        text = reader.get(at).get_data(as_text=True)
        assert ("final.pdf" in text, "draft.pdf" in text) == (True, sees)
        assert [reader.get(f"{at}/documents/{one}").status_code for one in (final, draft)] == [200, 200 if sees else 404]
    # nor uploads an expert what the platform draws, by a request of one's own making
    forged = _again(app, account_id).post(f"{at}/documents", data={"kind": "visit_form", "file": (io.BytesIO(PDF), "forged.pdf")})
    assert (forged.status_code, "不能上传" in forged.get_data(as_text=True)) == (422, True)


def test_the_group_sends_its_result_after_the_days_of_reading(app: Flask, session: Session, played: dict[str, int], as_role: AsRole) -> None:
    """Fifteen days after the visit an expert reads the dossier no more, and still hands in the report and sends both documents."""
    key, today, now = played["key"], clock.today(), clock.now()
    with transaction():
        row = queries.application(key)
        assert row is not None
        row.route, row.state, row.submitted_at = Route.JOINT, State.VISIT_SCHEDULED, now - timedelta(days=30)
        row.visit_starts_on = row.visit_ends_on = today - timedelta(days=15)
        account = accounts.account()
        accounts.grant(account, Role.EXPERT)
        expert = visiting.assign(application=row, account=account, is_leader=True, by=SYSTEM, today=today, now=now)
        visiting.declare(expert=expert, has_conflict=False, conflict="", by=identity_queries.identity_of(account.id, today=today), now=now)
        papers.draw_form(row, programme=_programme(played), by=SYSTEM, today=today, now=now)
        row.state = State.VISITED
        account_id = account.id
    at = f"/evaluation/applications/{key}"
    expert_ = _again(app, account_id)
    assert [expert_.get(path).status_code for path in (at, f"{at}/dossier", f"{at}/form")] == [200, 403, 403]
    assert 'value="accreditation_visit_report"' in expert_.get(at).get_data(as_text=True)
    report = {"kind": "accreditation_visit_report", "file": (io.BytesIO(PDF), "考查报告.pdf")}
    assert _again(app, account_id).post(f"{at}/documents", data=report).status_code == 303
    assert "送认证协会" in _again(app, account_id).get(at).get_data(as_text=True)
    assert _again(app, account_id).post(f"{at}/step", data={"event": "send_to_association"}).status_code == 303
    row = queries.application(key)
    assert row is not None
    session.refresh(row)
    assert row.state is State.AT_ASSOCIATION


def test_the_head_enters_no_conclusion_in_the_associations_place(session: Session, played: dict[str, int], as_role: AsRole) -> None:
    """Neither of a day to come, which would outvote it, nor of a day of the evaluation, which would replace it."""
    today, page = clock.today(), f"/programmes/{_code(played)}/accreditation"

    def enter(day: date) -> tuple[int, str]:
        sent = {"result": "passed", "concluded_on": day.isoformat(), "valid_from": day.isoformat(), "valid_years": "6"}
        answer = browser(as_role, played, "head").post(page, data=sent)
        return answer.status_code, answer.get_data(as_text=True)

    status, text = enter(today + timedelta(days=1))
    assert (status, "结论日期不能晚于今天" in text) == (422, True)
    with transaction():
        row = queries.application(played["key"])
        assert row is not None
        row.route, row.state, row.open_key, row.submitted_at = Route.JOINT, State.CONCLUDED, None, clock.now() - timedelta(days=20)
        more: dict[str, Any] = {"application_id": row.id, "code": "T8", "from_state": State.AT_ASSOCIATION, "to_state": State.ACCREDITATION_CONCLUDED}
        on = today - timedelta(days=5)
        session.add(Step(event=Event.CONCLUDE_ACCREDITATION, on=on, at=clock.now() - timedelta(days=5), by_name="协会", documents=[], **more))
    assert [enter(today - timedelta(days=days))[0] for days in (21, 20, 5, 4)] == [303, 422, 422, 303]
