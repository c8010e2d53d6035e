"""A run summed up, the list of those who need help, its pages, the same queries for one learner and thirty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.analytics import operations, queries, risk_queries, stuck_queries
from courses.analytics.models import RunSummary, StoredRisk
from courses.analytics.types import LearnerRisk, Reason, Risk
from courses.assessment.operations import quizzes
from courses.assignments.models import Assignment, AssignmentExtension
from courses.catalogue.models import Run
from courses.catalogue.operations import content, groups
from courses.catalogue.types import BlockKind
from courses.gradebook import queries as gradebook
from courses.gradebook.operations import books
from courses.learning import operations as learning
from courses.learning.models import BlockProgress, Enrolment
from courses.messages.models import Conversation
from tests.factories import courses as make
from tests.factories import ground
from trainhub.kernel.access import SYSTEM, Role
from trainhub.people.models import Person

AsRole = Callable[..., FlaskClient]
NOW = make.NOW


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    session.expire_on_commit = False


@pytest.fixture
def lead(session: Session) -> Person:
    return ground.person()


@pytest.fixture
def run(session: Session, lead: Person) -> Run:
    """Two units; one learner has done both, one the first, one nothing; one is a student of a cohort."""
    made = make.run(lead=lead, ends_on=date(2026, 4, 30))
    first, second = make.unit(made, title="一", due_at=datetime(2026, 3, 12, tzinfo=UTC)), make.unit(made, title="二")
    texts = [make.text(first), make.text(second)]
    made = make.publish(made)
    student = ground.student()
    people = [session.get_one(Person, student.person_id), ground.person(), ground.person()]
    for number, who in enumerate(people):
        row = make.enrolment(made, who)
        for step, block in enumerate(texts[: 2 - number]):
            learning.mark_done(enrolment=row, block=block, by=SYSTEM, now=NOW + timedelta(minutes=10 * step))
    return made


def test_a_run_is_summed_up(session: Session, run: Run) -> None:
    made = operations.summarise(run_id=run.id, now=NOW + timedelta(hours=1))
    assert (made.learners, made.completed, made.active_week, made.never) == (3, 1, 2, 1)
    assert [(u.title, u.started, u.finished, u.stuck, u.minutes_median) for u in made.units] == [("一", 2, 2, 1, None), ("二", 1, 1, 1, 10.0)]
    assert [(g.learners, g.completed, g.progress_x1000) for g in made.groups] == [(2, 0, 250), (1, 1, 1000)]
    assert (sum(made.histogram), made.histogram[10], made.weeks[-1][1]) == (3, 1, 2)
    operations.summarise(run_id=run.id, now=NOW + timedelta(hours=2))
    assert len(session.scalars(select(RunSummary)).all()) == 1
    again = queries.summary_of(run.id)
    assert again is not None
    assert (again.units, again.groups) == (made.units, made.groups)


def test_an_empty_run_is_summed_up_too(session: Session) -> None:
    made = operations.summarise(run_id=make.run(is_published=True).id, now=NOW)
    assert (made.learners, made.groups, [u.started for u in made.units]) == (0, (), [0])


def test_a_run_in_which_nobody_learns_any_more_is_summed_up_while_it_lasts(session: Session, run: Run) -> None:
    """Who stays away is what the lecturer is to hear of: a night without anybody must not leave the last figures standing."""
    night = NOW + timedelta(days=20)
    assert queries.active_runs(night - timedelta(days=1), date(2026, 4, 30)) == [run.id]
    assert queries.active_runs(night - timedelta(days=1), date(2026, 5, 1)) == []
    run.ends_on = None
    session.flush()
    assert queries.active_runs(night - timedelta(days=1), date(2026, 5, 1)) == []
    assert queries.active_runs(NOW - timedelta(days=1), date(2026, 5, 1)) == [run.id], "somebody learnt"


def test_who_needs_help(session: Session, run: Run) -> None:
    found = risk_queries.at_risk(run, NOW + timedelta(days=20))
    assert [(row.judged.risk, row.judged.reasons, row.overdue) for row in found] == [
        (Risk.HIGH, (Reason.NEVER_STARTED, Reason.BEHIND, Reason.OVERDUE), 1),
        (Risk.MEDIUM, (Reason.INACTIVE,), 0),
    ]
    assert risk_queries.narrowed(found, Risk.HIGH, "")[0].enrolment_id == found[0].enrolment_id
    assert risk_queries.narrowed(found, None, "没有这个年级") == []


def test_a_large_run_is_judged_by_its_summary_and_reads_the_same(
    as_role: AsRole, session: Session, run: Run, lead: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = NOW + timedelta(days=20)
    group = groups.add_group(run=run, name="红组", set_name="实验", by=SYSTEM, now=NOW)
    lazy = risk_queries.at_risk(run, now)[0]
    person_id = session.get_one(Enrolment, lazy.enrolment_id).person_id
    groups.change_members(group=group, joining=[person_id], leaving=(), learners=[person_id], by=SYSTEM, now=NOW)
    live = risk_queries.at_risk(run, now)
    assert session.scalars(select(StoredRisk)).all() == []
    monkeypatch.setattr(operations, "AT_ONCE", 2)
    for _again in range(2):
        made = operations.summarise(run_id=run.id, now=now)
    assert [(g.set_name, g.name, g.learners) for g in made.groups if g.set_name is not None] == [("实验", "红组", 1)]

    def stored(key: str = "") -> list[LearnerRisk]:
        return risk_queries.as_risks(run.id, session.execute(risk_queries.stored(run.id, None, key)).all())

    assert [replace(row, keys=frozenset()) for row in live] == stored()
    for key in (f"g{group.id}", "g0", "c0", "c", "x"):
        assert [row.enrolment_id for row in risk_queries.narrowed(live, None, key)] == [row.enrolment_id for row in stored(key) if key != "x"], key
    counts = {risk: sum(row.judged.risk is risk for row in live) for risk in Risk}
    assert risk_queries.stored_counts(run.id) == counts
    session.commit()
    teacher = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    page = teacher.get(f"/teaching/runs/{run.id}/analytics/risk?group=g{group.id}").text
    assert ("红组" in page, lazy.name in page, live[1].name in page) == (True, True, False)
    address = f"/teaching/runs/{run.id}/analytics/risk/message?risk=high"
    assert "1 名学员" in teacher.get(address).text
    data = {"subject": "需要帮助吗", "body": "周三答疑", "submission_key": "k"}
    assert teacher.post(address, data=data).status_code == 303
    assert session.scalars(select(Conversation.person_id)).all() == [person_id]


def test_of_a_large_run_only_ids_are_read_to_write_to_everybody(
    as_role: AsRole, session: Session, run: Run, lead: Person, monkeypatch: pytest.MonkeyPatch, count_queries: list[str]
) -> None:
    monkeypatch.setattr(operations, "AT_ONCE", 2)
    operations.summarise(run_id=run.id, now=NOW + timedelta(days=20))
    session.commit()
    teacher = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    count_queries.clear()
    assert "2 名学员" in teacher.get(f"/teaching/runs/{run.id}/analytics/risk/message").text
    (chosen,) = [one for one in count_queries if "FROM learner_risk" in one]
    assert (chosen.count(" AS "), "person.name" in chosen, "reasons" in chosen) == (0, False, False)
    assert [one for one in count_queries if "run_group" in one or "block_progress" in one] == []


def test_the_file_of_a_large_run_is_read_in_parts_while_it_is_sent(
    as_role: AsRole, session: Session, run: Run, lead: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _more in range(3):
        make.enrolment(run)
    monkeypatch.setattr(operations, "AT_ONCE", 2)
    operations.summarise(run_id=run.id, now=NOW + timedelta(days=20))
    session.commit()
    whole = [row.enrolment_id for row in risk_queries.as_risks(run.id, session.execute(risk_queries.stored(run.id, None, "", all_risks=True)).all())]
    monkeypatch.setattr(risk_queries, "AT_ONCE", 2)
    parts = risk_queries.in_parts(run.id, risk_queries.stored(run.id, None, "", all_risks=True))
    assert [row.enrolment_id for row in parts] == whole
    teacher = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    answer = teacher.get(f"/teaching/runs/{run.id}/analytics/risk.csv", buffered=False)
    assert (answer.is_streamed, len(answer.data.decode("utf-8-sig").splitlines())) == (True, 1 + len(whole))


def test_who_is_stuck_where_is_named_as_the_funnel_counts(as_role: AsRole, session: Session, run: Run, lead: Person) -> None:
    made = operations.summarise(run_id=run.id, now=NOW + timedelta(hours=1))
    names = {key: name for key, name in session.execute(select(Enrolment.id, Person.name).join(Person, Person.id == Enrolment.person_id))}
    first, second, third = sorted(names)
    found = {
        unit.id: [row.id for row in session.execute(stuck_queries.learners(at))] for unit in made.units if (at := stuck_queries.step(run, unit.id))
    }
    assert list(found.values()) == [[third], [second]]  # the one who completed is nowhere
    assert [len(ids) for ids in found.values()] == [unit.stuck for unit in made.units]
    empty = make.unit(run, title="空")
    assert stuck_queries.step(run, empty.id) is None
    # What waits for a mark is finished; whoever leaves is stuck nowhere.
    row = session.scalars(select(BlockProgress).where(BlockProgress.enrolment_id == second)).one()
    row.is_done, row.waits_for_grade = False, True
    learning.withdraw(enrolment=session.get_one(Enrolment, third), by=SYSTEM, now=NOW)
    session.flush()
    steps = [at for unit in made.units if (at := stuck_queries.step(run, unit.id)) is not None]
    assert [len(session.execute(stuck_queries.learners(at)).all()) for at in steps] == [0, 1]
    learning.enrol(run=run, person_id=session.get_one(Enrolment, third).person_id, by=SYSTEM, now=NOW, is_approved=True)
    session.commit()
    teacher = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    url = f"/teaching/runs/{run.id}/analytics"
    assert f'href="{url}/stuck/{made.units[1].id}"' in teacher.get(url).text
    page = teacher.get(f"{url}/stuck/{made.units[1].id}").text
    assert (names[second] in page, f"/teaching/enrolments/{first}" in page, "0 / 1" in page) == (True, False, True)
    assert teacher.get(f"{url}/stuck/{empty.id}").status_code == 404
    for _twice in range(2):
        data = {"subject": "卡住了吗", "body": "需要帮忙吗", "submission_key": "stuck"}
        assert teacher.post(f"{url}/stuck/{made.units[1].id}/message", data=data).status_code == 303
    assert list(session.scalars(select(Conversation.person_id))) == [session.get_one(Enrolment, second).person_id]
    assert as_role(Role.TRAINEE).get(f"{url}/stuck/{made.units[1].id}").status_code == 403


def test_work_is_overdue_by_its_own_date_until_it_is_handed_in(session: Session, lead: Person) -> None:
    made = make.run(lead=lead)
    unit = make.unit(made)
    block = content.add_block(unit=unit, kind=BlockKind.ASSIGNMENT, title="报告", is_graded=True, by=SYSTEM, now=NOW)
    made = make.publish(made)
    who, waits, idle = ground.person(), ground.person(), ground.person()
    rows = [make.enrolment(made, person) for person in (who, waits, idle)]
    row = Assignment(block_id=block.id, run_id=made.id, due_at=NOW + timedelta(days=1), rubric=[], file_kinds=[])
    session.add_all([row, BlockProgress(enrolment_id=rows[1].id, block_id=block.id, waits_for_grade=True)])
    session.flush()
    more = {"assignment_id": row.id, "person_id": who.id, "reason": "病假", "given_by": "陈老师", "given_at": NOW}
    session.add(AssignmentExtension(until_at=NOW + timedelta(days=9), **more))
    session.flush()

    def late(days: int) -> list[int]:
        found = {learner.enrolment_id: learner.overdue for learner in risk_queries.at_risk(made, NOW + timedelta(days=days))}
        return [found[one.id] for one in rows]

    assert (late(0), late(2), late(10)) == ([0, 0, 0], [0, 0, 1], [1, 0, 1])
    session.add(AssignmentExtension(until_at=NOW + timedelta(days=3), **more))  # the latest holds, also a shorter one
    session.flush()
    assert (late(2), late(4)) == ([0, 0, 1], [1, 0, 1])


def test_a_quiz_is_overdue_when_it_has_closed_for_the_learner(session: Session, lead: Person) -> None:
    """Its own hours come before the day of its unit; whoever was given longer, alone or with a cohort, is not late."""
    made = make.run(lead=lead)
    unit = make.unit(made, due_at=NOW + timedelta(days=30))
    block = make.quiz(unit, of=made, closes_at=(NOW + timedelta(days=1)).isoformat())
    made = make.publish(made)
    student = ground.student()
    people = [ground.person(), session.get_one(Person, student.person_id), ground.person(), ground.person()]
    rows = [make.enrolment(made, person) for person in people]
    for given in (
        {"person_id": people[0].id, "closes_at": NOW + timedelta(days=5)},
        {"cohort_id": student.cohort_id, "closes_at": NOW + timedelta(days=9)},
    ):
        quizzes.allow(block=block, **given, by=SYSTEM, now=NOW)
    session.add(BlockProgress(enrolment_id=rows[2].id, block_id=block.id, waits_for_grade=True))
    session.flush()

    def late(days: int) -> list[int]:
        found = {learner.enrolment_id: learner.overdue for learner in risk_queries.at_risk(made, NOW + timedelta(days=days))}
        return [found[one.id] for one in rows]

    assert (late(0), late(2), late(7), late(10)) == ([0, 0, 0, 0], [0, 0, 0, 1], [1, 0, 0, 1], [1, 1, 0, 1])


def test_work_that_waits_for_a_mark_counts_as_done_by_the_learner(
    as_role: AsRole, session: Session, lead: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make.run(lead=lead, ends_on=date(2026, 4, 30))
    first, second = make.unit(made, title="一"), make.unit(made, title="二")
    essay = content.add_block(unit=first, kind=BlockKind.ASSIGNMENT, title="报告", is_graded=True, by=SYSTEM, now=NOW)
    text = make.text(second)
    made = make.publish(made)
    waits, idle = make.enrolment(made), make.enrolment(made)
    for row in (waits, idle):
        learning.mark_done(enrolment=row, block=text, by=SYSTEM, now=NOW)
    session.add(BlockProgress(enrolment_id=waits.id, block_id=essay.id, waits_for_grade=True))
    session.flush()
    summed = operations.summarise(run_id=made.id, now=NOW)
    assert [(u.title, u.finished, u.stuck) for u in summed.units] == [("一", 1, 1), ("二", 2, 0)]
    late = NOW + timedelta(days=58)
    live = {row.enrolment_id: row for row in risk_queries.at_risk(made, late)}
    assert (live[waits.id].judged.reasons, live[waits.id].waiting, live[waits.id].progress_x1000) == ((), 1, 500)
    assert (live[idle.id].judged.reasons, live[idle.id].waiting) == ((Reason.INACTIVE, Reason.BEHIND), 0)
    monkeypatch.setattr(operations, "AT_ONCE", 1)
    operations.summarise(run_id=made.id, now=late)
    stored = risk_queries.as_risks(made.id, session.execute(risk_queries.stored(made.id, None, "", all_risks=True)).all())
    assert {row.enrolment_id: (row.judged, row.waiting) for row in stored} == {key: (row.judged, row.waiting) for key, row in live.items()}
    session.commit()
    teacher = as_role(Role.LECTURER, organisation_id=made.course.owner_id, person_id=lead.id)
    assert "另有 1 项已提交，等待评分" in teacher.get(f"/teaching/runs/{made.id}/analytics/risk?risk=none").text


def test_a_low_score_is_judged_by_the_gradebook_of_the_run(session: Session, lead: Person) -> None:
    made = make.run(lead=lead)
    unit = make.unit(made)
    blocks = [make.quiz(unit, of=made), make.quiz(unit, make.single(made), of=made)]
    made = make.publish(made)
    row = make.enrolment(made)
    session.add_all(BlockProgress(enrolment_id=row.id, block_id=block.id, score_x10=score) for block, score in zip(blocks, (400, 800), strict=True))
    session.flush()
    assert queries.scores(made.id) == {row.id: 600}
    book = books.make(run=made, by=SYSTEM, now=NOW)
    category = gradebook.categories_of(book.id)[0]
    books.save_category(book=book, category_id=category.id, name="测验", weight_x10=1000, drop=1, is_extra=False, by=SYSTEM, now=NOW)
    assert queries.scores(made.id) == {row.id: 800}  # the lowest is dropped
    empty = make.enrolment(made)
    assert empty.id not in queries.scores(made.id)  # nothing graded yet is no low score, whatever the book says about missing work


def test_a_mean_weighs_as_the_completion_does(session: Session) -> None:
    """What weighs nothing or is not there for learners is no part of it, and a half is rounded up."""
    run = make.run()
    unit, hidden = make.unit(run), make.unit(run)
    quizzes_of = [make.quiz(at, of=run) for at in (unit, unit, unit, unit, hidden)]
    for block, weight in zip(quizzes_of, (10, 10, 0, 10, 10), strict=True):
        block.weight_x10 = weight
    content.publish(part=hidden, is_published=False, by=SYSTEM, now=NOW)
    me, other = make.enrolment(run), make.enrolment(run)
    for block, score in zip(quizzes_of[:3], (601, 600, 0), strict=True):
        session.add(BlockProgress(enrolment_id=me.id, block_id=block.id, score_x10=score))
    session.add(BlockProgress(enrolment_id=me.id, block_id=quizzes_of[4].id, score_x10=0))
    session.add(BlockProgress(enrolment_id=other.id, block_id=quizzes_of[2].id, score_x10=500))
    session.flush()
    assert queries.means(run.id) == {me.id: 601}


def test_the_pages(as_role: AsRole, session: Session, run: Run, lead: Person) -> None:
    stranger = ground.person()
    session.commit()
    teacher = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    url = f"/teaching/runs/{run.id}/analytics"
    assert "还没有统计" in teacher.get(url).text
    assert teacher.post(url).status_code == 303
    page = teacher.get(url).text
    assert "各单元的漏斗" in page
    assert "<svg" in page
    assert teacher.get(f"{url}/units.csv").data.decode("utf-8-sig").splitlines()[1].endswith("一,2,2,1,,")
    assert "需要重点帮助" in teacher.get(f"{url}/risk").text
    assert len(teacher.get(f"{url}/risk.csv").data.decode("utf-8-sig").splitlines()) == 3
    other = as_role(Role.TRAINEE, person_id=stranger.id)
    session.commit()
    assert [other.get(f"{url}{more}").status_code for more in ("", "/risk", "/risk.csv", "/units.csv")] == [403] * 4


@pytest.mark.parametrize("page", ["/analytics", "/analytics/risk", "/analytics/risk.csv", "/analytics/stuck/{unit}", "/learners"])
def test_the_same_queries_for_three_learners_and_thirty(
    as_role: AsRole, session: Session, run: Run, lead: Person, count_queries: list[str], page: str
) -> None:
    operations.summarise(run_id=run.id, now=NOW)
    session.commit()
    teacher = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)

    def ask() -> int:
        session.expire_all()
        count_queries.clear()
        assert teacher.get(f"/teaching/runs/{run.id}{page.format(unit=unit)}").status_code == 200
        return len(count_queries)

    unit = queries.units(run.id)[0].id
    ask()
    few = ask()
    for _ in range(27):
        make.enrolment(run)
    session.commit()
    assert ask() == few
