"""What would follow: simulations, changes of rules, days remembered, attainment, the documents, teachers trained."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from courses.catalogue.types import Family
from courses.learning.types import EnrolmentState
from courses.standards.models import PointCover
from courses.standards.types import TargetKind
from enterprises.capstones.models import Capstone, Topic
from enterprises.placements.models import PlanItem
from tests.factories import courses as make
from tests.factories import evaluation as factory
from tests.factories import ground
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction
from trainhub.kernel.papers import docx
from trainhub.kernel.papers.blocks import Bullets, Grid, Heading, Paper, Para
from trainhub.organisations.types import OrganisationKind
from trainhub.oversight.evaluation import readiness, remembering, simulation
from trainhub.oversight.evaluation.documents import archive, materials, matrices, report, tables
from trainhub.oversight.evaluation.operations import judging
from trainhub.oversight.evaluation.queries import training
from trainhub.oversight.evaluation.queries.cases import case_of
from trainhub.oversight.evaluation.rules import attainment
from trainhub.oversight.evaluation.rules.attainment import Attained
from trainhub.oversight.evaluation.simulation import Assumptions
from trainhub.oversight.evaluation.store import catalogue, queries
from trainhub.oversight.evaluation.store.operations import keeping
from trainhub.oversight.evaluation.store.types import Mode
from trainhub.oversight.evaluation.types import Outcome, Verdict
from trainhub.people import operations as people
from trainhub.people import queries as people_queries
from trainhub.people.models import Employment, Person, Teacher
from trainhub.policy.book import Book
from trainhub.policy.findings import Status


@pytest.mark.parametrize(
    ("carriers", "objectives", "mean"),
    [
        ([(1, 3), (2, 1)], {1: (2, 2, 1600), 2: (2, 0, 800)}, 700),
        ([(1, 1), (2, 1)], {1: (1, 1, 605), 2: (1, 1, 600)}, 602),
        ([(1, 3), (2, 1)], {1: (2, 2, 1600)}, 800),
        ([(1, 3)], {1: (0, 0, 0)}, None),
        ([], {}, None),
    ],
)
def test_the_attainment_of_a_point(carriers: Any, objectives: Any, mean: int | None) -> None:
    assert attainment.of_point(carriers, objectives).mean_x10 == mean


def test_a_requirement_is_as_good_as_its_least_point() -> None:
    good, low, none = Attained(800, 2, 2), Attained(640, 2, 1), Attained(None, 0, 0)
    assert attainment.of_requirement([good, low]) == Attained(640, 4, 3)
    assert attainment.of_requirement([good, none]).mean_x10 is None
    assert [low.meets(64), low.meets(65), none.meets(60)] == [True, False, None]


def test_what_is_supposed_of_a_lecturer_is_what_follows_when_it_is_done(session: Session) -> None:
    """The days that 5.2 asks of who leads a course are days of a teacher at 4.2 and 4.5, too."""
    with transaction():
        built = factory.failing(students=4)
    day = factory.TODAY
    (key, *_others) = (one.key for one in simulation.look(built.programme, day, Assumptions())[2].lecturers)
    teacher = session.get_one(Teacher, key)
    teacher.is_senior = False
    with transaction():
        for row in session.scalars(sa.select(Employment).where(Employment.person_id == teacher.person_id)):
            session.delete(row)
        work = ground.employment(session.get_one(Person, teacher.person_id), is_verified=False, since=date(2008, 1, 1), until=date(2015, 8, 31))
    before, supposed, _choices = simulation.look(built.programme, day, Assumptions(lecturers=frozenset([key])))
    with transaction():
        people.verify_employment(employment=work, basis="劳动合同", by=SYSTEM, now=factory.NOW)
    after = simulation.look(built.programme, day, Assumptions())[0]
    assert supposed.statuses == after.statuses
    assert before.statuses != after.statuses
    found = [{f.code: f.found for answer in one.answers for f in answer.findings} for one in (supposed, after)]
    assert [one["4.5"] for one in found] == [found[1]["4.5"]] * 2
    assert [one["4.2"] for one in found] == [found[1]["4.2"]] * 2


def test_three_weaknesses_and_what_would_mend_them(session: Session) -> None:
    with transaction():
        built = factory.failing(students=4)
    day = factory.TODAY
    now, then, choices = simulation.look(built.programme, day, Assumptions())
    assert (now.statuses, now.verdict.value) == (then.statuses, "ACCREDITED_SPECIAL_NOT_MET")  # type: ignore[union-attr]
    assert (len(choices.students), len(choices.lecturers)) == (1, 3)
    students = frozenset(one.label for one in choices.students)
    lecturers = frozenset(one.key for one in choices.lecturers)
    half = simulation.look(built.programme, day, Assumptions(students=students))[1]
    assert (half.statuses["7.2"].value, half.verdict.value) == ("met", "ACCREDITED_SPECIAL_NOT_MET")  # type: ignore[union-attr]
    verified = simulation.look(built.programme, day, Assumptions(students=students, lecturers=lecturers))[1]
    assert verified.statuses["5.2"].value == "not_met", "there is no work that could be verified"
    whole = simulation.look(built.programme, day, Assumptions(students=students, experienced=lecturers, judged=frozenset(choices.judged)))[1]
    assert {code for code, status in whole.statuses.items() if status.value != "met"} == {"9.8"}
    assert whole.verdict.value == "ACCREDITED_SPECIAL_MET"  # type: ignore[union-attr]
    # a change of rules: 34 weeks of the plan are enough for 32 and too few for 40
    change = simulation.suppose("petoe.plan_weeks", 40, day)
    effect = simulation.effects([built.programme], [change], day)[0]
    assert [(code, before.value, after.value) for code, before, after in effect.changed] == [("7.1", "met", "not_met")]
    # a day is remembered once, as it was found
    with transaction():
        kept = remembering.remember(programme=built.programme, on=day, now=factory.NOW)
        assert remembering.remember(programme=built.programme, on=day, now=factory.NOW).id == kept.id
    assert (kept.statuses["5.2"], len(kept.statuses)) == ("not_met", 64)
    # -- the documents of the same programme
    drawn = materials.Drawn(built.programme, day)
    generated = [code for code, one in catalogue.materials().items() if one.mode is not Mode.UPLOADED]
    assert [code for code in generated if not materials.has(code) or not drawn.tables(code)] == []
    assert sorted(one.mode.value for one in catalogue.materials().values()).count("G") + len(
        [one for one in catalogue.materials().values() if one.mode is Mode.PARTLY]
    ) == len(generated)
    first, rest = tables.tables("T1", built.programme, day)
    assert (len(first.rows), rest.rows) == (4, [])
    assert {row[first.columns.index("累计周数")] for row in first.rows} == {"32", "31.8"}
    assert {row[first.columns.index("是否卓越计划")] for row in first.rows} == {"是"}
    assert {row[first.columns.index("企业培养方案环节")] for row in first.rows} != {""}
    [bases] = tables.tables("T4", built.programme, day)
    assert {"合作企业", "校内导师数", "企业指导教师数", "学校投入（元）", "企业投入（元）"} <= set(bases.columns)
    assert {len(row) for row in bases.rows} == {len(bases.columns)}
    assert all(row[bases.columns.index("合作企业")] for row in bases.rows)
    assert len(report.sections(day)) == 12
    assert [one.code for one in report.sections(day) if one.code in report.POINTERS] == ["4", "5", "7", "8"]
    lacks = report.gaps(built.programme, day)
    assert [gap.split(" ")[1] for gap in lacks] == ["2", "3", "3", "6.1", "6.2", "6.3", "6.4", "9", "9", "3"]
    with transaction():
        write: dict[str, Any] = {"programme": built.programme, "by": SYSTEM, "now": factory.NOW}
        keeping.write_section(section="6.2", text="", pointer="第 5 部分", examples="", **write)
        keeping.write_section(section="2", text="", pointer="第 5 部分", examples="", **write)
        for data in (b"%PDF-1.4\n1\n%%EOF\n", b"%PDF-1.4\n2\n%%EOF\n"):
            keeping.add_evidence(title="协议", codes=["M6.2"], file=io.BytesIO(data), name="协议.pdf", **write)
    assert {gap.split(" ")[1] for gap in report.gaps(built.programme, day)} == {"2", "3", "6.1", "6.3", "6.4", "9"}, "only two places may point"
    with transaction():
        keeping.write_section(section="3", text="以项目组织教学", pointer="", examples="", **write)
    assert any(gap.startswith("第 3 节：需要至少 1 个实例") for gap in report.gaps(built.programme, day)), (
        "002:305 asks for examples, as 002:349 does"
    )
    with transaction():
        keeping.write_section(
            section="3", text="", pointer="第 4 部分", examples="", version=queries.texts_of(built.programme.id)["3"].version, **write
        )
    assert [gap for gap in report.gaps(built.programme, day) if "实例" in gap and gap.startswith("第 3 节")] == [], (
        "a place in the self-report is enough"
    )
    pieces = archive.pieces(built.programme, day)
    names = [piece.path for piece in pieces]
    assert names[:2] == [archive.INDEX, archive.SUMS]
    assert {"04-佐证材料/M6.2-1-协议.pdf", "04-佐证材料/M6.2-2-协议.pdf"} <= set(names)
    assert len(set(names)) == len(names), "no file lies over another"
    assert {"01-补充报告.docx", "01-补充报告.pdf", "03-学校标准实现矩阵.xlsx"} <= set(names)
    sums = dict(reversed(line.split("  ", 1)) for line in pieces[1].data.decode().splitlines())
    assert sums == {piece.path: piece.sha256 for piece in pieces if piece.path != archive.SUMS}
    assert queries.day_of(built.programme.id, day - timedelta(days=1)) is None


def test_the_path_breaks_where_it_breaks(session: Session) -> None:
    with transaction():
        built = factory.meeting(students=4)
    found = matrices.of_version(built.version.id)
    assert (found.breaks(), found.covered()) == ([], (11, 11))
    point = found.requirements[0].points[0]
    cut = matrices.Matrices(
        found.requirements, found.standards, found.courses, found.carriers, {key: w for key, w in found.weights.items() if key[0] != point.id}
    )
    assert cut.breaks() == [("not_carried", point.number, point.text)]
    blind = [matrices.Carrier(c.kind, c.target_id, c.label, c.group, False) for c in found.carriers]
    dark = matrices.Matrices(found.requirements, found.standards, found.courses, blind, found.weights)
    assert (dark.covered(), {kind for kind, _where, _text in dark.breaks()}) == ((11, 0), {"not_assessed"})
    # an item of the enterprise plan without an assessment breaks the path too, on the readiness page as in the matrix
    session.execute(sa.delete(PointCover).where(PointCover.kind == TargetKind.OBJECTIVE))
    session.execute(sa.update(PlanItem).values(assessment=" "))
    session.expire_all()
    assert {one.assessed for one in case_of(built.programme, factory.TODAY).plans[0].standards} == {()}
    assert matrices.of_version(built.version.id).covered() == (11, 0)


def test_a_docx_is_a_package_that_word_reads_and_the_same_each_time() -> None:
    paper = Paper(
        "题目 <&>",
        ["一行"],
        [Heading("一", 1), Para("甲\n乙"), Bullets(["丙"]), Grid(["列"], [["值"]], caption="表"), Grid(["空"], [], nothing="没有")],
    )
    data = docx.draw(paper)
    assert docx.draw(paper) == data
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        assert package.testzip() is None
        text = package.read("word/document.xml").decode()
    assert ("题目 &lt;&amp;&gt;" in text, text.count("<w:tbl>"), "没有" in text) == (True, 1, True)


def test_nobody_is_counted_twice_for_the_ten_thousand(session: Session) -> None:
    before = training.trained_teachers(date(2015, 1, 1), date(2026, 1, 1))
    assert (before.persons, before.by_year) == (0, ())
    with transaction():
        teacher, outsider = ground.teacher(), ground.person()
        done = date(2025, 5, 6)
        for title in ("教学设计", "工程教学法"):
            course = make.course(title=title, family=Family.TEACHER_TRAINING)
            run = make.run(course, is_published=True)
            for who in (people_queries.person(teacher.person_id), outsider):
                row = make.enrolment(make.loaded(run), who)
                row.completed_on, row.state = done, EnrolmentState.COMPLETED
    found = training.trained_teachers(date(2015, 1, 1), date(2025, 12, 31))
    assert (found.persons, found.full_time, found.part_time, found.by_year) == (1, 1, 0, ((2025, 1),))
    assert training.trained_teachers(date(2015, 1, 1), date(2025, 5, 5)).persons == 0


def test_the_page_of_teacher_training_tells_how_many_are_covered(session: Session, as_role: Callable[..., Any]) -> None:
    """RESEARCH-5.2b, 002:167: 逐步实现网络培训全覆盖."""
    page = as_role(Role.DEPT_EDU).get("/evaluation/teacher-training").text
    assert ("网络培训覆盖" in page, "目标为在册专兼职教师的 100%" in page) == (True, True)


def test_the_outlook_says_which_work_would_count_once_verified(session: Session) -> None:
    with transaction():
        built = factory.failing(students=4)
    day = factory.TODAY
    first = simulation.look(built.programme, day, Assumptions())[2].lecturers[0]
    person_id = session.get_one(Teacher, first.key).person_id
    person = session.get_one(Person, person_id)
    with transaction():
        ground.employment(person, is_verified=False, organisation_name="甲机械", since=date(2010, 1, 1), until=date(2010, 12, 31))
        ground.employment(
            person, is_verified=False, organisation_name="乙研究院", since=date(2011, 1, 1), until=date(2018, 12, 31), is_enterprise=False
        )
        ground.employment(person, is_verified=False, organisation_name="丙晚到", since=day + timedelta(days=1), until=None)
    part = next(one for one in simulation.look(built.programme, day, Assumptions())[2].lecturers if one.key == first.key)
    assert [one.organisation for one in part.unverified] == ["甲机械"], "no institute, nothing that began after the first teaching day"
    assert part.lacks == first.lacks
    assert part.lacks_then == first.lacks - 365
    wanted = Assumptions(lecturers=frozenset({first.key}))

    def qualified(number: int) -> Any:
        return next(f.found for a in simulation.look(built.programme, day, wanted)[number].answers for f in a.findings if f.code == "5.2")

    assert qualified(1) == qualified(0), "verified, and still too short: nothing else is assumed"
    with transaction():
        ground.employment(person, is_verified=False, organisation_name="丁电气", since=date(2011, 1, 1), until=date(2018, 12, 31))
    whole = next(one for one in simulation.look(built.programme, day, Assumptions())[2].lecturers if one.key == first.key)
    assert [one.organisation for one in whole.unverified] == ["甲机械", "丁电气"]
    assert whole.lacks_then == 0
    assert qualified(1) == qualified(0) + 2, "the two courses of this lecturer"


WITHOUT_FACTS = {
    "own.capstone.uncovered_days_max": "every capstone lies inside its placement",
    "own.evaluation.item_time_percent": "who still studies is asked for what is over",
    "own.intl.faculty_tolerance_points": "the share of teachers is above the least, not near it",
    "own.parttime.appraisal_every_months": "no appraisal is old",
    "own.teacher.senior_enterprise_years": "nobody is senior by years alone",
    "petoe.intl_stay_months": "a quarter of the teachers has a doctorate from abroad",
    "petoe.reapply_not_accepted_years": "no application was refused",
}
"""Numbers that the two programmes say nothing about, and why; their rules are tested at their thresholds."""


def test_every_number_that_the_preview_offers_changes_something(session: Session, as_role: Callable[..., Any]) -> None:
    with transaction():
        good, bad = factory.meeting(students=4), factory.failing(students=4)
    day = factory.TODAY
    stand = [simulation.present(one.programme, day) for one in (bad, good)]
    idle = []
    for key, now in simulation.changeable(day).items():
        found = (  # each asked only as long as the ones before have changed nothing
            simulation.effect(as_it_is, [simulation.suppose(key, value, day)])
            for value in (0, simulation.most_of(now), now.number + 1)
            for as_it_is in stand
        )
        if not any(one.changed or one.reapply_before != one.reapply_after for one in found):
            idle.append(key)
    assert sorted(idle) == sorted(WITHOUT_FACTS)
    page = as_role(Role.DEPT_EDU).get(f"/evaluation/rules?key=petoe.reapply_failed_years&value=3&on={day}").get_data(as_text=True)
    assert f"{day.replace(year=day.year + 2)} → {day.replace(year=day.year + 3)}" in page


@pytest.mark.parametrize(("least", "lacks"), [(0, []), (1, []), (2, ["第 3 节：须提供必要的证明材料（M3.2—M3.4）至少 2 件，现有 1 件。"])])
def test_pieces_of_evidence_of_the_methods_are_counted(session: Session, monkeypatch: pytest.MonkeyPatch, least: int, lacks: list[str]) -> None:
    """One file under two codes is one piece."""
    built, of_book, key = factory.bare(students=1), Book.at, "sup.method_evidence_min"
    pdf = io.BytesIO(b"%PDF-1.4\n1\n%%EOF\n")
    keeping.add_evidence(programme=built.programme, title="案例", codes=["M3.2", "M3.3"], file=pdf, name="案例.pdf", by=SYSTEM, now=factory.NOW)
    monkeypatch.setattr(
        Book, "at", lambda book, asked, on: replace(of_book(book, asked, on=on), value=least) if asked == key else of_book(book, asked, on=on)
    )
    assert [one for one in report.gaps(built.programme, factory.TODAY) if "M3.2" in one] == lacks


def test_a_switch_of_the_capstones_is_supposed_too(session: Session) -> None:
    """Whether a capstone has to be done at the enterprise of its topic: asked of the rules that are supposed, as its numbers are."""
    built, day, key = factory.meeting(students=4), factory.TODAY, "petoe.capstone_same_enterprise"
    topics = sa.select(Capstone.topic_id).where(Capstone.student_id == built.students[0].id)
    session.execute(sa.update(Topic).where(Topic.id.in_(topics)).values(enterprise_id=ground.organisation(kind=OrganisationKind.ENTERPRISE).id))
    session.expire_all()
    (effect,) = simulation.effects([built.programme], [simulation.suppose(key, False, day)], day)
    assert [one for one in effect.changed if one[0] == "8.2"] == [("8.2", Status.NOT_MET, Status.MET)]


@pytest.mark.parametrize(
    ("outcome", "clock"), [(Outcome.CONCLUDED, date(2028, 3, 2)), (Outcome.NOT_ACCEPTED, date(2027, 1, 1))], ids=["failed", "not accepted"]
)
def test_a_change_of_rules_does_not_move_the_clock_of_what_was_decided(session: Session, outcome: Outcome, clock: date) -> None:
    """The rules of the day of the decision set it: later ones hold for later decisions (PETOE-P6, P15; 002:211, 002:225)."""
    built = factory.failing(students=4)
    day, later = factory.TODAY, factory.TODAY + timedelta(days=400)
    judging.record_decision(programme=built.programme, outcome=outcome, decided_on=day, reason="材料不全", by=SYSTEM, now=factory.NOW)
    changes = [
        simulation.suppose("petoe.reapply_failed_years", 5, later),
        simulation.suppose("petoe.reapply_not_accepted_years", 3, later),
    ]
    changed = {**readiness.parameters(later), **{one.key: one.after for one in changes}}
    assert readiness.reapply_from(built.programme, Verdict.ACCREDITED_SPECIAL_NOT_MET, later, changed) == clock
    (effect,) = simulation.effects([built.programme], changes, later)
    assert (effect.reapply_before, effect.reapply_after) == (clock, clock)
    assert readiness.assess(built.programme, later).reapply_from == clock


@pytest.mark.parametrize("on", ["9999-12-31", "3000-01-01", "1899-12-31", "0001-01-01", "2009-12-31", "2026-02-30", "²", "①"])
def test_a_day_that_nobody_can_mean_is_refused(session: Session, as_role: Callable[..., Any], on: str) -> None:
    with transaction():
        built = factory.bare(students=1, teachers=1)
        code, programme_id = built.programme.code, built.programme.id
    head, office = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id), as_role(Role.DEPT_EDU)
    for path in (f"/evaluation/{code}", f"/evaluation/{code}/simulate", f"/evaluation/{code}/criteria/9.1"):
        assert head.get(path, query_string={"on": on}).status_code == 422, path
    for more in ({}, {"key": "petoe.reapply_failed_years", "value": "100"}):
        assert office.get("/evaluation/rules", query_string={"on": on, **more}).status_code == 422
    assert office.get("/evaluation/teacher-training", query_string={"on": on}).status_code == 422


@pytest.mark.parametrize("on", ["2199-12-31", "2026-03-02"])
def test_the_last_day_that_can_be_asked_is_answered(session: Session, as_role: Callable[..., Any], on: str) -> None:
    with transaction():
        built = factory.failing(students=4)
        code, programme_id = built.programme.code, built.programme.id
    head, office = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id), as_role(Role.DEPT_EDU)
    assert head.get(f"/evaluation/{code}?on={on}").status_code == 200
    assert head.get(f"/evaluation/{code}/simulate", query_string={"on": on, "lecturer": ["²", "1"], "experienced": "①"}).status_code == 200
    most = {"on": on, "key": "petoe.reapply_failed_years", "value": "100"}
    assert office.get("/evaluation/rules", query_string=most).status_code == 200
    assert office.get("/evaluation/rules", query_string={**most, "value": "²"}).status_code == 422
