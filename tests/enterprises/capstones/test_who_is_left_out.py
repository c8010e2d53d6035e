"""Who has dropped out, a thesis that was sent back, one edition for both sides, more time that is told, and humans with two rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import labels, operations, queries
from enterprises.capstones.models import Capstone
from enterprises.capstones.operations import CapstoneRefused, WrongState
from enterprises.capstones.queries import judging
from enterprises.capstones.types import CapstoneState, ReviewKind, Stage, SupervisorRole, Verdict, WindowStage
from tests.factories import capstones as make
from tests.factories import ground, identity
from tests.factories.capstones import NOW, TODAY
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.i18n import in_language
from trainhub.organisations.models import Organisation
from trainhub.people.types import StudentState
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Cohort, ProgrammeVersion

TIMES = {"today": TODAY, "now": NOW}
SCHOOL, ENTERPRISE = SupervisorRole


def _drops_out(session: Session, found: make.Case) -> None:
    found.student.state = StudentState.WITHDRAWN
    session.flush()


def test_who_has_dropped_out_hands_nothing_in_and_is_not_graded(session: Session) -> None:
    found = make.handed_in()
    _drops_out(session, found)
    acts: tuple[Callable[[], object], ...] = (
        lambda: make.submit(found),
        lambda: operations.hand_in(capstone=found.capstone, stage=Stage.DRAFT, file_id=make.pdf(), by=found.by("student"), now=NOW),
        lambda: make.grade(found, SCHOOL),
        lambda: operations.ask_review(
            capstone=found.capstone, person=make.signer(), kind=ReviewKind.CROSS, due_on=TODAY, by=SYSTEM, **TIMES
        ),
        lambda: make.guide(found, 1),
    )  # fmt: skip
    for act in acts:
        with pytest.raises(WrongState, match="退学") as no:
            act()
        assert no.value.code == "student_left"
    cohort_id = found.student.cohort_id
    assert (queries.to_supervise(cohort_id), queries.to_defend(cohort_id), queries.unreviewed(cohort_id)) == ([], [], [])
    assert operations.withdraw(capstone=found.capstone, reason="退学", by=SYSTEM, **TIMES).state is CapstoneState.WITHDRAWN


@pytest.mark.parametrize("has_left", [False, True])
def test_a_graded_capstone_is_ended_only_of_who_has_dropped_out(session: Session, has_left: bool) -> None:
    found = make.graded()
    if not has_left:
        with pytest.raises(CapstoneRefused, match="公布成绩") as no:
            operations.withdraw(capstone=found.capstone, reason="算了", by=SYSTEM, **TIMES)
        assert no.value.code == "graded"
        return
    _drops_out(session, found)
    with pytest.raises(WrongState, match="退学"):
        operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    assert operations.withdraw(capstone=found.capstone, reason="退学", by=SYSTEM, **TIMES).state is CapstoneState.WITHDRAWN


def test_what_is_published_of_who_has_dropped_out_is_archived(session: Session) -> None:
    found = make.graded()
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    _drops_out(session, found)
    operations.accept_result(capstone=found.capstone, by=found.by("student"), **TIMES)
    assert operations.archive(capstone=found.capstone, by=SYSTEM, **TIMES).archived_at == NOW


def test_the_page_offers_only_the_end(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found, other = make.graded(), make.graded(guidances=1)
    _drops_out(session, found)
    keys = [(one.capstone.id, one.programme.id) for one in (found, other)]
    session.commit()
    pages = [as_role(Role.PROGRAMME_ADMIN, programme_id=at).get(f"/capstones/{key}").text for key, at in keys]
    assert ["学生已退学" in page for page in pages] == [True, False]
    assert [f"/capstones/{key}/withdraw" in page for page, (key, _at) in zip(pages, keys, strict=True)] == [True, False]
    assert [f"/capstones/{key}/finish" in page for page, (key, _at) in zip(pages, keys, strict=True)] == [False, True]


def test_nobody_grades_what_was_sent_back_before_the_new_version_is_in(session: Session) -> None:
    found, reader = make.handed_in(), make.signer()
    make.grade(found, SCHOOL)
    review = operations.ask_review(capstone=found.capstone, person=reader, kind=ReviewKind.CROSS, due_on=TODAY, by=SYSTEM, **TIMES)
    operations.sign_review(review=review, score=60, verdict=Verdict.REVISE, comment="补充", by=make.as_person(reader), **TIMES)
    with pytest.raises(CapstoneRefused, match="新稿") as no:
        make.grade(found, ENTERPRISE)
    assert no.value.code == "sent_back"
    assert operations.against_grade(found.capstone, ENTERPRISE, NOW) is not None
    operations.submit_thesis(capstone=found.capstone, file_id=make.pdf(), by=found.by("student"), now=NOW + timedelta(seconds=1))
    assert make.grade(found, ENTERPRISE).score_x10 == 800


def _adopt(session: Session, found: make.Case, weights: tuple[int, int], *labels: str) -> None:
    version = queries.rubric_of(found.capstone)
    assert version is None or version.edition == 1
    of = ground.version(found.programme, from_cohort_year=session.get_one(Cohort, found.student.cohort_id).year) if version is None else None
    held = of or session.get_one(ProgrammeVersion, programmes.followed_by(session.get_one(Cohort, found.student.cohort_id)))
    point = queries.points_of(held.id)[0][2].number
    items = [{"code": f"item{n}", "label": label, "hint": "", "weight": 50, "points": [point]} for n, label in enumerate(labels)]
    given = {"school": weights[0], "enterprise": weights[1], "review": 0, "defence": 0}
    operations.adopt_rubric(version=held, items=items, weights=given, by=SYSTEM, now=NOW)


def test_both_sides_grade_by_one_edition_and_its_weights(session: Session) -> None:
    found = make.case()
    _adopt(session, found, (30, 70), "方案", "成果")
    make.submit(found)
    sign = {"capstone": found.capstone, **TIMES}
    first = operations.grade(role=SCHOOL, points={"item0": 60, "item1": 80}, by=found.by(SCHOOL), **sign)
    _adopt(session, found, (60, 40), "成果", "报告")
    assert [item["label"] for item in queries.rubric_items(found.capstone, TODAY)] == ["方案", "成果"]
    operations.correct_grade(grade=first, points={"item0": 60, "item1": 90}, reason="误", by=found.by(SCHOOL), **TIMES)
    second = operations.grade(role=ENTERPRISE, points={"item0": 90, "item1": 90}, by=found.by(ENTERPRISE), **sign)
    assert second.rubric_id == first.rubric_id
    assert (found.capstone.computation or {})["weights"] == {"school": 30, "enterprise": 70, "review": 0, "defence": 0}
    other = make.case(programme=found.programme)
    other.student.cohort_id = found.student.cohort_id
    session.flush()
    assert [item["label"] for item in queries.rubric_items(other.capstone, TODAY)] == ["成果", "报告"]


@pytest.mark.parametrize(("days", "is_refused"), [(-1, True), (0, False), (1, False)])
def test_more_time_ends_today_or_later_and_says_who_gave_it(
    session: Session, as_role: Callable[..., FlaskClient], days: int, is_refused: bool
) -> None:
    found = make.case()
    cohort = session.get_one(Cohort, found.student.cohort_id)
    operations.set_windows(cohort=cohort, windows={WindowStage.GRADING: (TODAY - timedelta(days=9), TODAY - timedelta(days=5))}, by=SYSTEM, now=NOW)
    assert found.school is not None
    account = identity.account(person=found.school)
    giver = identity.account(person=ground.person("林主任"))
    said = {"capstone": found.capstone, "stage": WindowStage.GRADING, "reason": "出差", "now": NOW}
    by = make.head_of(found.programme)
    by = type(by)(account_id=giver.id, person_id=giver.person_id, name="林主任", grants=by.grants)
    if is_refused:
        with pytest.raises(CapstoneRefused) as no:
            operations.extend(until=TODAY + timedelta(days=days), by=by, **said)
        assert no.value.field == "until"
        return
    operations.extend(until=TODAY + timedelta(days=days), by=by, **said)
    assert "评分延期" in make.told(account.id, "capstones.extended")[0]
    key, programme_id, name = found.capstone.id, found.programme.id, giver.display_name
    session.commit()
    assert name in as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id).get(f"/capstones/{key}").text


def test_two_rows_of_one_human_are_one_expert(session: Session) -> None:
    found = make.graded()
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    found.capstone.finished_on = date(2025, 6, 14)
    university = session.get_one(Organisation, found.student.university_id)
    check = operations.draw(university=university, year=2024, percent=100, by=SYSTEM, **TIMES)
    item, experts = queries.spot_items(check.id)[0][0], [make.expert() for _n in range(3)]
    ground.merge(experts[0], experts[1])
    with pytest.raises(CapstoneRefused, match="不同的人"):
        operations.send_to_experts(item=item, people=experts, by=SYSTEM, **TIMES)


def test_an_enrolled_student_on_the_register_of_mentors_supervises_nobody(session: Session) -> None:
    found = make.case(has_supervisors=False)
    mate = ground.person()
    student = ground.student(found.programme, who=mate)
    make.mentor(found.enterprise, who=mate)
    give = {"capstone": found.capstone, "role": ENTERPRISE, "person": mate, "by": SYSTEM, **TIMES}
    with pytest.raises(CapstoneRefused, match="在读学生") as no:
        operations.assign_supervisor(**give)
    assert no.value.code == "is_student"
    assert [one.person_id for one in queries.mentors_for([found.enterprise.id], TODAY)] == []
    student.state = StudentState.GRADUATED
    session.flush()
    assert operations.assign_supervisor(**give).person_id == mate.id
    assert session.get_one(Capstone, found.capstone.id).state is CapstoneState.ASSIGNED


def test_an_own_teacher_with_a_second_account_is_no_outside_expert(session: Session) -> None:
    """Merged, the teacher's row stands with who stays, and the account of an expert with the row that is gone."""
    found = make.graded()
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    found.capstone.finished_on = date(2025, 6, 14)
    university = session.get_one(Organisation, found.student.university_id)
    check = operations.draw(university=university, year=2024, percent=100, by=SYSTEM, **TIMES)
    teacher = ground.person("双账户教师")
    item, experts = queries.spot_items(check.id)[0][0], [make.expert() for _n in range(3)]
    ground.teacher(of=found.programme, who=teacher)
    ground.merge(teacher, experts[0])
    assert experts[0].id not in {key for key, _name in queries.expert_choices(university.id, TODAY)}
    with pytest.raises(CapstoneRefused) as no:
        operations.send_to_experts(item=item, people=experts, by=SYSTEM, **TIMES)
    assert no.value.code == "own_university"


def test_an_enrolled_student_who_teaches_is_offered_by_no_plan_and_no_wish(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    """A doctoral student who teaches: refused when named, and so in no plan that could never be applied."""
    found = make.case(has_supervisors=False)
    who = ground.person("博士生")
    ground.teacher(of=found.programme, who=who)
    assert who.id in {row.person_id for row in queries.teachers_for(found.student.university_id, TODAY)}
    ground.student(found.programme, who=who)
    assert who.id not in {row.person_id for row in queries.teachers_for(found.student.university_id, TODAY)}
    assert who.id not in {row.person_id for row in queries.wishable(found.capstone, SCHOOL, TODAY)}
    make.mentor(found.enterprise, who=who)
    assert who.id not in {row.person_id for row in queries.wishable(found.capstone, ENTERPRISE, TODAY)}
    for loads in (queries.school_load(found.student.university_id, TODAY, most=9), queries.mentor_load(found.enterprise.id, TODAY, most=9)):
        assert who.id in {row.person_id for row in loads}  # in office, and may supervise from before: the lists of loads hide nobody
    key, programme_id, person_id = found.capstone.id, found.programme.id, who.id
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    for role in SupervisorRole:
        said = head.get(f"/capstones/{key}/supervisors/check?role={role}&person_id={person_id}").text
        assert "是在读学生" in said, role


def test_words_of_the_product_are_told_in_the_language_of_the_reader(session: Session) -> None:
    """The reason that a failed thesis is kept with, the room of two groups, the grade of a notice."""
    found, reader = make.case(), make.signer()
    account = identity.account(person=found.who).id
    make.submit(found)
    review = operations.ask_review(capstone=found.capstone, person=reader, kind=ReviewKind.CROSS, due_on=TODAY, by=SYSTEM, **TIMES)
    operations.sign_review(review=review, score=30, verdict=Verdict.FAIL, comment="不足", by=make.as_person(reader), **TIMES)
    row = operations.conclude_failed(capstone=found.capstone, score_x10=300, note="不能答辩", by=SYSTEM, **TIMES)
    with in_language("en"):
        assert labels.reason_of(row).isascii()
        operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    assert "不及格" in make.told(account, "capstones.finished")[0]
    cohort, people = session.get_one(Cohort, found.student.cohort_id), [make.signer() for _n in range(8)]
    form = {"cohort": cohort, "room": "A1", "on": TODAY, "starts_minute": 540, "minutes_each": 30, "by": SYSTEM, "now": NOW}
    operations.form_group(name="A", chair=people[0], members=people[1:3], secretary=people[3], **form)
    with in_language("en"), pytest.raises(CapstoneRefused) as no:
        operations.form_group(name="B", chair=people[4], members=people[5:7], secretary=people[7], **form)
    assert "地点" not in no.value.message


def test_an_enrolled_student_on_the_register_of_mentors_judges_nobody(session: Session) -> None:
    found, mate = make.case(), make.signer()
    student = ground.student(found.programme, who=mate)
    make.mentor(found.enterprise, who=mate)
    make.submit(found)
    cohort = session.get_one(Cohort, found.student.cohort_id)
    panel = [ground.person(), ground.person(), mate, make.signer()]

    def review() -> object:
        return operations.ask_review(capstone=found.capstone, person=mate, kind=ReviewKind.CROSS, due_on=TODAY, by=SYSTEM, **TIMES)

    def group() -> object:
        return operations.form_group(
            cohort=cohort, name="甲", room="A1", on=TODAY, starts_minute=540, minutes_each=30, chair=panel[0], members=panel[1:3], secretary=panel[3],
            by=SYSTEM, now=NOW,
        )  # fmt: skip

    for act in (review, group):
        with pytest.raises(CapstoneRefused, match="在读学生") as no:
            act()
        assert no.value.code == "is_student"
    assert mate.id not in judging.judge_names(found.programme.university_id, cohort.id, TODAY)
    student.state = StudentState.GRADUATED
    session.flush()
    assert mate.id in judging.judge_names(found.programme.university_id, cohort.id, TODAY)
    assert review() is not None


def test_the_rubric_is_that_of_the_plan_which_the_cohort_follows(session: Session) -> None:
    """The assigned plan, although a later one of the same year was published; without an assigned one that of the year."""
    found = make.case()
    cohort = session.get_one(Cohort, found.student.cohort_id)
    mine = ground.version(found.programme, from_cohort_year=cohort.year)
    later = ground.version(found.programme, from_cohort_year=cohort.year)
    given = {"school": 50, "enterprise": 50, "review": 0, "defence": 0}
    for version in (mine, later):
        point = queries.points_of(version.id)[0][2].number
        items = [{"code": "one", "label": version.label, "hint": "", "weight": 100, "points": [point]}]
        operations.adopt_rubric(version=version, items=items, weights=given, by=SYSTEM, now=NOW)
    for assigned, used in ((mine, mine), (None, later)):
        cohort.version_id = assigned.id if assigned is not None else None
        session.flush()
        rubric = queries.rubric_of(found.capstone)
        assert rubric is not None
        assert rubric.version_id == used.id
