"""What is refused is answered on the page of the form itself: with the reason, and with what was typed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.operations import CapstoneRefused
from enterprises.capstones.types import LinkPurpose, PlanMode, RoundKind, Stage, SupervisorRole, WindowStage
from tests.factories import capstones as make
from tests.factories import ground, identity
from tests.factories.capstones import NOW, TODAY
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.clock import academic_year
from trainhub.organisations.models import Organisation
from trainhub.programmes.models import Cohort

AsRole = Callable[..., FlaskClient]
TIMES = {"today": TODAY, "now": NOW}
LATER = NOW + timedelta(minutes=1)
LONG = "理" * 401


@pytest.fixture
def as_role(session: Session, as_role: AsRole) -> AsRole:
    """Requests share the test's session: what was read before ends here, so that a refusal rolls back its own request only."""

    def made(*roles: Role, **scope: Any) -> FlaskClient:
        session.commit()
        return as_role(*roles, **scope)

    return made


def _head(as_role: AsRole, found: make.Case) -> FlaskClient:
    return as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id, person_id=ground.person().id)


def _window(session: Session, found: make.Case, stage: WindowStage, first: int, last: int) -> None:
    """A window of the cohort, in days from the clock's today."""
    today = clock.today()
    cohort = session.get_one(Cohort, found.student.cohort_id)
    operations.set_windows(cohort=cohort, windows={stage: (today + timedelta(first), today + timedelta(last))}, by=SYSTEM, now=NOW)


ON_ITS_PAGE = {
    "withdraw": ({"reason": LONG}, "最多 400 字，现在有 401 字", "reason"),
    "extensions": ({"stage": "thesis", "until": "2026-01-01", "reason": "停产检修"}, "延期须晚于现在的截止日期", "reason"),
    "moderation": ({"reason": "相差过大，请复核"}, "不能进行这项操作", "reason"),
    "finish": ({"note": "会议纪要第 3 号"}, "不能进行这项操作", ""),
    "archive": ({}, "不能进行这项操作", ""),
    "certificate": ({}, "成绩公布且合格后才能签发证书", ""),
}


@pytest.mark.parametrize("deed", ON_ITS_PAGE)
def test_what_a_head_is_refused_is_told_on_the_page_of_the_capstone(session: Session, as_role: AsRole, deed: str) -> None:
    data, words, kept = ON_ITS_PAGE[deed]
    found = make.case()
    _window(session, found, WindowStage.THESIS, -9, 9)
    answer = _head(as_role, found).post(f"/capstones/{found.capstone.id}/{deed}", data=data)
    assert (answer.status_code in (409, 422), words in answer.text, found.topic.title in answer.text) == (True, True, True)
    if deed == "withdraw":  # its panel is open again, over the page: the reason of the refusal stands in it too
        assert (answer.text.count(words), '<details class="confirm" open>' in answer.text) == (2, True)
    if kept and deed != "moderation":  # that form is not offered at this stage
        assert data[kept] in answer.text


def test_a_decision_without_its_reason_keeps_the_new_score(session: Session, as_role: AsRole) -> None:
    found = make.graded()
    operations.moderate(capstone=found.capstone, reason="核对", by=SYSTEM, now=NOW)
    head, at = _head(as_role, found), f"/capstones/{found.capstone.id}/moderation/settle"
    empty = head.post(at, data={"score": "71.5", "note": " "})
    assert (empty.status_code, "请写明结论的理由" in empty.text, 'value="71.5"' in empty.text) == (422, True, True)
    wrong = head.post(at, data={"score": "abc", "note": "核对原始数据后更改"})
    assert (wrong.status_code, "0 至 100 的数" in wrong.text, "核对原始数据后更改</textarea>" in wrong.text) == (422, True, True)


@pytest.mark.parametrize(
    ("deed", "data", "words", "kept"),
    [
        ("papers/{paper}/comments", {"text": "字" * 4001}, "最多 4000 字，现在有 4001 字", "字" * 4001),
        ("papers/{paper}/return", {"reason": LONG}, "最多 400 字，现在有 401 字", LONG),
        ("stage", {"stage": "midterm"}, "不能进行这项操作", ""),
    ],
)
def test_what_a_supervisor_is_refused_is_told_on_the_page(
    session: Session, as_role: AsRole, deed: str, data: dict[str, str], words: str, kept: str
) -> None:
    found = make.case()
    paper = operations.hand_in(capstone=found.capstone, stage=Stage.OPENING, file_id=make.pdf(), by=found.by("student"), now=NOW)
    teacher = as_role(Role.SCHOOL_SUPERVISOR, person_id=found.school.id)  # type: ignore[union-attr]
    answer = teacher.post(f"/capstones/{found.capstone.id}/{deed.format(paper=paper.id)}", data=data)
    assert (answer.status_code in (409, 422), words in answer.text, found.topic.title in answer.text, kept in answer.text) == (True, True, True, True)


def test_a_late_appeal_is_told_on_the_page(session: Session, as_role: AsRole) -> None:
    found = make.graded()
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    found.capstone.finished_on = date(2026, 1, 2)
    student = as_role(Role.STUDENT, person_id=found.who.id)
    answer = student.post(f"/capstones/{found.capstone.id}/appeal", data={"reason": "评分与事实不符"})
    assert (answer.status_code, "截止" in answer.text, found.topic.title in answer.text) == (422, True, True)


def test_a_draw_that_is_refused_keeps_what_was_asked_for(session: Session, as_role: AsRole) -> None:
    found = make.graded()
    _passed_on(found, date(2023, 6, 1))
    key = found.student.university_id
    admin = as_role(Role.UNIVERSITY_ADMIN, organisation_id=key)
    nothing = admin.post("/capstones/spot-checks", data={"of": f"{key}-2021", "percent": 7})
    assert (nothing.status_code, "无从抽取" in nothing.text, 'value="7"' in nothing.text) == (422, True, True)
    few = admin.post("/capstones/spot-checks", data={"of": f"{key}-2022", "percent": 1})
    assert (few.status_code, "抽检比例须在" in few.text, f'<option value="{key}-2022" selected' in few.text) == (422, True, True)
    for wrong in ("", "-", "x-2022", f"{key}-x", f"{key}--1", "99999999-2022"):
        answer = admin.post("/capstones/spot-checks", data={"of": wrong, "percent": 7})
        assert answer.status_code == (404 if wrong == "99999999-2022" else 422), wrong


def _passed_on(found: make.Case, day: date) -> None:
    """The result is published, on that day."""
    if found.capstone.finished_on is None:
        operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    found.capstone.finished_on = day


def test_a_draw_offers_only_years_that_are_over_and_have_theses_and_no_sample(session: Session, as_role: AsRole) -> None:
    found, running = make.graded(), academic_year(clock.today())
    key = found.student.university_id
    admin = as_role(Role.UNIVERSITY_ADMIN, organisation_id=key)

    def offered() -> list[str]:
        session.commit()
        page = admin.get("/capstones/spot-checks").text
        assert ('name="percent"' in page) is ("没有可以抽取的学年" not in page)
        return re.findall(r'<option value="\d+-(\d+)"', page)

    for day, years in (
        (date(running, 9, 1), []),
        (date(running, 8, 31), [running - 1]),
        (date(running - 1, 9, 1), [running - 1]),
        (date(running - 1, 8, 31), [running - 2]),
    ):
        _passed_on(found, day)
        assert offered() == [str(year) for year in years], day
    admin.post("/capstones/spot-checks", data={"of": f"{key}-{running - 2}", "percent": 100})
    assert offered() == []  # drawn once; who declares the sample void finds the year again (test_voiding.py)
    other = make.graded(programme=found.programme, guidances=1)
    _passed_on(other, date(running - 3, 6, 1))
    assert offered() == [str(running - 4)]


def test_a_timetable_is_offered_while_a_group_has_its_day_before_it(session: Session, as_role: AsRole) -> None:
    found = make.handed_in()
    cohort, head = session.get_one(Cohort, found.student.cohort_id), _head(as_role, found)
    judging = f"/capstones/cohorts/{found.programme.code}/2023/judging"
    panel = [*(ground.person() for _n in range(3)), make.signer()]
    form = {"cohort": cohort, "room": "A1", "minutes_each": 30, "chair": panel[0], "members": panel[1:3], "secretary": panel[3], "by": SYSTEM}

    def offered() -> tuple[bool, bool, bool]:
        session.commit()
        page = head.get(judging).text
        return f"{judging}/timetable" in page, "公布安排" in page, "答辩组的日期都已经过去" in page

    assert offered() == (False, False, False)
    operations.form_group(name="昔", on=TODAY, starts_minute=540, now=NOW, **form)
    assert offered() == (False, False, True)
    refused = head.post(f"{judging}/timetable", data={"publish": 1})
    assert (refused.status_code, "没有可以公布的安排" in refused.text) == (422, True)
    operations.form_group(name="今", on=clock.today(), starts_minute=540, now=NOW, **form)
    assert offered() == (True, False, False)
    assert head.post(f"{judging}/timetable").status_code == 303
    assert offered() == (True, True, False)
    assert head.post(f"{judging}/timetable", data={"publish": 1}).status_code == 303
    with pytest.raises(CapstoneRefused, match="这一天已经过去"):
        operations.form_group(name="昨", on=clock.today() - timedelta(days=1), starts_minute=900, now=clock.now(), **form)
    _window(session, found, WindowStage.DEFENCE, -9, -1)
    session.commit()
    over = head.get(judging).text
    assert ("已经结束" in over, 'name="room"' in over) == (True, False)


def test_a_third_person_who_cannot_be_asked_is_told_on_the_form(session: Session, as_role: AsRole) -> None:
    found = make.graded(95, 60)
    someone = ground.teacher(of=found.programme)
    identity.account(person=session.get_one(type(found.who), someone.person_id))
    head, at = _head(as_role, found), f"/capstones/{found.capstone.id}/third"
    nobody = head.post(at, data={"person_id": ""})
    assert (nobody.status_code, "请从名单中选择" in nobody.text, "请其评分" in nobody.text) == (422, True, True)
    assert found.school is not None
    identity.account(person=found.school)
    session.commit()
    own = head.post(at, data={"person_id": found.school.id})
    assert (own.status_code, "须回避" in own.text, "请其评分" in own.text) == (422, True, True)


def test_reviews_and_groups_that_are_refused_are_told_on_their_page(session: Session, as_role: AsRole) -> None:
    found, reviewer = make.case(), make.signer()
    ground.teacher(of=found.programme, who=reviewer)
    operations.hand_in(capstone=found.capstone, stage=Stage.SIMILARITY, file_id=make.pdf(), similarity_x10=990, by=found.by("student"), now=NOW)
    make.submit(found)
    head = _head(as_role, found)
    judging = f"/capstones/cohorts/{found.programme.code}/2023/judging"
    page = head.get(judging).text
    assert ("重新查重后才能送审" in page, f"/capstones/{found.capstone.id}/reviews" in page) == (True, False)
    alike = head.post(f"/capstones/{found.capstone.id}/reviews", data={"person_id": reviewer.id, "kind": "blind", "due_on": "2027-01-01"})
    assert (alike.status_code, "查重比例为 99.0%" in alike.text, "新建答辩组" in alike.text) == (422, True, True)
    none = head.post(f"{judging}/timetable")
    assert (none.status_code, "还没有今天以后的答辩组" in none.text, "新建答辩组" in none.text) == (422, True, True)
    alone = head.post(f"{judging}/cross", data={"due_on": "2027-02-03"})
    assert (alone.status_code, "没有等待安排评阅的论文" in alone.text, f"{judging}/cross" in alone.text) == (422, True, False)
    operations.hand_in(capstone=found.capstone, stage=Stage.SIMILARITY, file_id=make.pdf(), similarity_x10=10, by=found.by("student"), now=LATER)
    head = _head(as_role, found)
    alone = head.post(f"{judging}/cross", data={"due_on": "2027-02-03"})
    assert (alone.status_code, 'value="2027-02-03"' in alone.text) == (422, True)


def test_a_record_that_is_refused_keeps_what_the_secretary_typed(session: Session, as_role: AsRole) -> None:
    found, today = make.handed_in(), clock.today()
    panel = [*(ground.person() for _n in range(3)), make.signer()]
    cohort = session.get_one(Cohort, found.student.cohort_id)
    group = operations.form_group(
        cohort=cohort, name="一组", room="A1", on=today, starts_minute=540, minutes_each=30, chair=panel[0], members=panel[1:3],
        secretary=panel[3], by=SYSTEM, now=NOW,
    )  # fmt: skip
    operations.timetable(cohort=cohort, by=SYSTEM, today=today, now=NOW)
    ((slot, *_rest),) = queries.slots_of_group(group.id)
    secretary = as_role(Role.LECTURER, person_id=panel[3].id)
    data = {f"score-{panel[0].id}": "77", f"score-{panel[1].id}": "101", "questions": "问：样本量？答：120。", "verdict": "revise"}
    answer = secretary.post(f"/capstones/defences/slots/{slot.id}", data=data)
    kept = ['value="77"', "问：样本量？答：120。</textarea>", '<option value="revise" selected']
    assert (answer.status_code, [words in answer.text for words in kept]) == (422, [True, True, True])
    _window(session, found, WindowStage.DEFENCE, -9, -1)
    closed = as_role(Role.LECTURER, person_id=panel[3].id).get(f"/capstones/defences/{group.id}").text
    assert ("现在不能登记" in closed, 'name="questions"' in closed) == (True, False)


def test_rounds_plans_links_and_conflicts_answer_on_their_page(session: Session, as_role: AsRole) -> None:
    found, today = make.case(has_supervisors=False), clock.today()
    cohort = session.get_one(Cohort, found.student.cohort_id)
    row = operations.create_choices(
        cohort=cohort, kind=RoundKind.FIRST, opens_on=today - timedelta(9), closes_on=today - timedelta(1), starts_on=today,
        ends_on=today + timedelta(90), by=SYSTEM, now=NOW,
    )  # fmt: skip
    empty = ground.programme()
    other = session.get_one(Cohort, ground.student(empty).cohort_id)
    head = _head(as_role, found)
    at = f"/capstones/cohorts/{found.programme.code}/2023"
    assert "开放填报" not in head.get(f"/capstones/rounds/{row.id}").text  # its last day is over
    opened = head.post(f"/capstones/rounds/{row.id}/open")
    assert (opened.status_code, "请另建一轮" in opened.text, "选题与填报人数" in opened.text) == (409, True, True)
    published = head.post(f"/capstones/rounds/{row.id}/publish")
    assert (published.status_code, "请先计算" in published.text, "选题与填报人数" in published.text) == (409, True, True)
    link = head.post(f"/capstones/{found.capstone.id}/links", data={"purpose": "grade"})
    assert (link.status_code, "还没有企业指导教师" in link.text, "新链接" in link.text) == (422, True, True)
    related = {"student_id": found.student.id, "person_id": found.who.id, "reason": "本人"}
    conflict = head.post(f"{at}/conflicts", data=related)
    assert (conflict.status_code, "这就是学生本人" in conflict.text, 'value="本人"' in conflict.text) == (422, True, True)
    theirs = as_role(Role.PROGRAMME_ADMIN, programme_id=empty.id)
    plan = theirs.post(f"/capstones/cohorts/{empty.code}/{other.year}/board/plan", data={"mode": PlanMode.FILL.value})
    assert (plan.status_code, "还没有可以安排导师的毕业设计" in plan.text, "自动安排" in plan.text) == (422, True, True)


def test_choices_wishes_and_the_board_keep_what_was_chosen(session: Session, as_role: AsRole) -> None:
    found, today = make.case(has_supervisors=False), clock.today()
    cohort = session.get_one(Cohort, found.student.cohort_id)
    mate, topics = ground.student(found.programme), [make.topic(programme=found.programme) for _n in range(2)]
    row = operations.create_choices(
        cohort=cohort, kind=RoundKind.FIRST, opens_on=today, closes_on=today, starts_on=today, ends_on=today + timedelta(90), by=SYSTEM,
        now=clock.now(),
    )  # fmt: skip
    operations.open_choices(round=row, by=SYSTEM, now=clock.now())
    stranger = ground.teacher(of=ground.programme())
    student = as_role(Role.STUDENT, person_id=mate.person_id)
    twice = student.post("/capstones/choices", data={f"rank-{topic.id}": "3" for topic in topics})
    assert (twice.status_code, "同一个志愿序号" in twice.text, twice.text.count('value="3"')) == (422, True, 2)
    student.post("/capstones/choices/team", data={"name": "一队"})
    asked = student.post(f"/capstones/choices/team/{queries.team_of(row.id, mate.id).id}/ask", data={"student_no": "S-404"})  # type: ignore[union-attr]
    assert (asked.status_code, 'value="S-404"' in asked.text) == (422, True)
    board = _head(as_role, found).post(
        f"/capstones/{found.capstone.id}/supervisors/board", data={"role": "school", "person_id": stranger.person_id, "reason": "行业方向一致"}
    )
    assert (board.status_code, 'value="行业方向一致"' in board.text) == (422, True)


def test_an_enterprise_that_leaves_without_a_reason_is_told_at_its_desk(session: Session, as_role: AsRole) -> None:
    found = make.case()
    firm = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=found.enterprise.id)
    answer = firm.post(f"/capstones/enterprises/{found.enterprise.code}/leave", data={"reason": " "})
    assert (answer.status_code, "请写明退出的理由" in answer.text, "指导教师与负载" in answer.text) == (422, True, True)


def test_what_was_typed_is_told_when_its_form_is_not_offered_any_more(session: Session, as_role: AsRole) -> None:
    found = make.graded(95, 60)
    head, at = _head(as_role, found), f"/capstones/{found.capstone.id}"
    early = head.post(f"{at}/finish", data={"note": "会议纪要第 3 号"})
    assert (early.status_code, "你填写的内容：会议纪要第 3 号" in early.text) == (422, True)
    settled = head.post(f"{at}/moderation/settle", data={"score": "80", "note": "核对后维持"})
    assert (settled.status_code, "你填写的内容：核对后维持" in settled.text) == (409, True)


def test_a_link_that_does_not_work_says_so_in_its_own_words(session: Session, client: FlaskClient) -> None:
    found = make.case()
    row, secret = operations.make_link(capstone=found.capstone, purpose=LinkPurpose.GUIDANCE, by=SYSTEM, now=clock.now())
    told = {}
    for state, change in (("expired", {"expires_at": NOW}), ("revoked", {"revoked_at": NOW})):
        for name, value in change.items():
            setattr(row, name, value)
        session.commit()
        for answer in (client.get(f"/capstones/link/{secret}"), client.post(f"/capstones/link/{secret}", data={"content": "看现场"})):
            told[state] = (answer.status_code, "链接不能使用" in answer.text, "没有权限" in answer.text)
    assert told == dict.fromkeys(told, (403, True, False))


def test_a_classmate_with_a_capstone_is_not_asked_into_a_team_and_the_leader_is_told_why(session: Session, as_role: AsRole) -> None:
    found, today = make.case(), clock.today()
    leader = ground.student(found.programme)
    row = operations.create_choices(
        cohort=session.get_one(Cohort, leader.cohort_id), kind=RoundKind.FIRST, opens_on=today, closes_on=today, starts_on=today,
        ends_on=today + timedelta(90), by=SYSTEM, now=clock.now(),
    )  # fmt: skip
    operations.open_choices(round=row, by=SYSTEM, now=clock.now())
    student = as_role(Role.STUDENT, person_id=leader.person_id)
    student.post("/capstones/choices/team", data={"name": "一队"})
    team = queries.team_of(row.id, leader.id)
    assert team is not None
    answer = student.post(f"/capstones/choices/team/{team.id}/ask", data={"student_no": found.student.student_no})
    assert (answer.status_code, "这名同学已有毕业设计" in answer.text, "你已有毕业设计" in answer.text) == (422, True, False)


def test_only_universities_with_theses_that_passed_are_offered_for_a_draw(session: Session, as_role: AsRole) -> None:
    found = make.case()
    admin = as_role(Role.UNIVERSITY_ADMIN, organisation_id=found.student.university_id)
    page = admin.get("/capstones/spot-checks").text
    assert ("没有可以抽取的学年" in page, 'name="percent"' in page) == (True, False)


def test_more_time_is_offered_only_for_stages_that_have_a_time(session: Session, as_role: AsRole) -> None:
    found = make.case()
    _window(session, found, WindowStage.THESIS, -9, 9)
    page = _head(as_role, found).get(f"/capstones/{found.capstone.id}").text
    form = page.split(f"/capstones/{found.capstone.id}/extensions")[1].split("</form>")[0]
    assert re.findall(r'<option[^>]* value="(\w+)"', form) == ["thesis"]


@pytest.mark.parametrize("where", ["supervisors", "supervisors/board"])
def test_a_supervisor_who_is_refused_is_told_on_the_page_of_the_form(session: Session, as_role: AsRole, where: str) -> None:
    found, other = make.case(), make.case()
    assert found.school is not None
    assert found.field is not None
    assert other.field is not None
    wrong = {
        ("enterprise", other.field.id): "不是毕业设计所在企业在任的指导教师",
        ("enterprise", found.school.id): "同一人不能担任双方导师",
        ("school", found.field.id): "同一人不能担任双方导师",
        ("school", ground.teacher(at=session.get_one(Organisation, found.student.university_id), discipline="数学").person_id): "请写明理由",
        ("school", found.who.id): "学生不能担任自己的导师",
    }
    head = _head(as_role, found)
    for (role, person_id), words in wrong.items():
        answer = head.post(f"/capstones/{found.capstone.id}/{where}", data={"role": role, "person_id": person_id, "reason": ""})
        assert (answer.status_code, words in answer.text) == (422, True), words


def test_a_correction_asks_for_its_reason_and_keeps_the_edition_it_was_signed_by(session: Session, as_role: AsRole) -> None:
    found = make.handed_in()
    assert found.school is not None
    supervisor, at = found.school.id, f"/capstones/{found.capstone.id}/grade"

    def field(name: str) -> str:
        page = as_role(Role.SCHOOL_SUPERVISOR, person_id=supervisor).get(at).text
        return page.split(f'name="{name}"')[1].split(">")[0] if f'name="{name}"' in page else ""

    assert (field("reason"), 'value="83"' in field("topic")) == ("", False)
    make.grade(found, SupervisorRole.SCHOOL, 83)
    assert (" required" in field("reason"), 'value="83"' in field("topic")) == (True, True)
    version = ground.version(found.programme, from_cohort_year=2023)
    point = [point.number for _v, _n, point in queries.points_of(version.id)][:1]
    items = [{"code": "item0", "label": "选题与调研", "hint": "", "weight": 100, "points": point}]
    operations.adopt_rubric(version=version, items=items, weights={"school": 50, "enterprise": 50, "review": 0, "defence": 0}, by=SYSTEM, now=NOW)
    assert ('value="83"' in field("topic"), field("item0")) == (True, "")


def test_who_accepts_the_result_is_nowhere_told_to_have_appealed(session: Session, as_role: AsRole) -> None:
    found = make.graded()
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    operations.accept_result(capstone=found.capstone, by=found.by("student"), **TIMES)
    operations.archive(capstone=found.capstone, by=SYSTEM, **TIMES)
    head = _head(as_role, found)
    for page in ("", "/timeline", "/files"):
        text = head.get(f"/capstones/{found.capstone.id}{page}").text.split("<main")[1]
        assert ("学生认可成绩，不申诉。" in text, "成绩申诉" in text) == (True, False), page or "the capstone"
