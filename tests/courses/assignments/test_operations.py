"""Handing in, grading, two graders, releasing, tables: on a real database."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from courses.assignments.models import SubmissionMark, SubmissionVersion
from courses.assignments.operations import grading, handing_in, joining, releasing, setup, sheets
from courses.assignments.queries import lateness, work
from courses.assignments.queries import teams as in_teams
from courses.assignments.types import Marking, Queue, SubmissionState
from courses.catalogue import authoring_queries as authoring
from courses.catalogue.operations import content, groups
from courses.learning import operations as learning
from courses.learning import queries as learners
from courses.learning.models import Enrolment
from courses.learning.types import EnrolmentState, NotDone
from tests.factories import courses as make
from tests.factories import ground
from tests.factories import work as made
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.kernel.errors import Refused, Stale, TooLarge

NOW, DUE = made.NOW, made.DUE


def test_versions_are_kept_and_the_late_one_pays(session: Session) -> None:
    task = made.assignment(percent_per_day=10, grace_hours=1, versions=3)
    me = made.learner(task)
    made.hand_in(task, me, "第一版", now=NOW)
    row = made.hand_in(task, me, "第二版", now=DUE + timedelta(hours=25, seconds=1))
    assert (row.number, row.late_days, row.state) == (2, 2, SubmissionState.SUBMITTED)
    assert [v.text for v in work.versions_of(row.id)] == ["第二版", "第一版"]
    made.grade(row, 900)
    assert (row.points_x10, row.penalty_x10, row.score_x10, row.queue) == (900, 200, 700, Queue.NONE)


def test_after_the_cutoff_only_an_extension_opens_the_door(session: Session) -> None:
    task = made.assignment(cutoff_at=DUE + timedelta(days=1))
    me, late = made.learner(task), DUE + timedelta(days=2)
    with pytest.raises(handing_in.NotPossible) as refused:
        made.hand_in(task, me, now=late)
    assert refused.value.code == "cutoff"
    with pytest.raises(setup.BadAssignment):
        setup.extend(assignment=task, person_id=me.person_id, until_at=DUE, reason="病假", by=SYSTEM, now=NOW)
    with pytest.raises(setup.BadAssignment):
        setup.extend(assignment=task, person_id=me.person_id, until_at=late, reason=" ", by=SYSTEM, now=NOW)
    setup.extend(assignment=task, person_id=me.person_id, until_at=late + timedelta(hours=1), reason="病假", by=SYSTEM, now=NOW)
    assert made.hand_in(task, me, now=late).late_days == 0
    assert [row.reason for row in session.scalars(lateness.extensions_of(task.id))] == ["病假"]
    with pytest.raises(setup.BadAssignment):
        setup.extend(assignment=task, person_id=ground.person().id, until_at=late, reason="不是学员", by=SYSTEM, now=NOW)


def test_what_is_to_hand_in_goes_by_the_time_one_was_given_and_ends_with_the_cutoff(session: Session) -> None:
    task = made.assignment(cutoff_at=DUE + timedelta(days=3))
    quick, slow = made.learner(task), made.learner(task)
    setup.extend(assignment=task, person_id=slow.person_id, until_at=DUE + timedelta(days=5), reason="病假", by=SYSTEM, now=NOW)

    def asked(of: Enrolment, days: float) -> list[tuple[float, bool]]:
        now = DUE + timedelta(days=days)
        found = work.to_hand_in(of.person_id, now + timedelta(days=7), now)
        return [((one.until_at - DUE) / timedelta(days=1), one.is_late) for one in found]

    assert [asked(quick, days) for days in (-7.1, -7, 0, 2.9, 3)] == [[], [(0, False)], [(3, True)], [(3, True)], []]
    assert [asked(slow, days) for days in (-7, -2, 4.9, 5)] == [[], [(5, False)], [(5, False)], []]
    row = made.hand_in(task, quick, now=DUE)
    assert asked(quick, 1) == []
    grading.send_back(submission=row, version=None, reason="请补充", by=SYSTEM, now=DUE)
    with pytest.raises(grading.NotGradable, match="退回修改"):
        made.grade(row, 500)
    assert [asked(quick, days) for days in (1, 4)] == [[(3, True)], [(3, True)]], "what was returned is taken after the cut-off too"


def test_late_work_that_is_taken_for_ever_stays_asked_for(session: Session) -> None:
    task = made.assignment()
    me = made.learner(task)
    assert [one.is_late for one in work.to_hand_in(me.person_id, DUE + timedelta(days=97), DUE + timedelta(days=90))] == [True]


def test_nobody_grades_the_work_of_the_same_human(session: Session) -> None:
    """Both handed in before they were found to be one human: the second work stays under the other person row."""
    task = made.assignment()
    stays, gone = ground.person(), ground.person()
    works = [made.hand_in(task, made.learner(task, one), now=NOW) for one in (stays, gone)]
    ground.merge(stays, gone)
    assert [member.person_id for row in works for member in work.submission_by_id(row.id).members] == [stays.id, gone.id]  # type: ignore[union-attr]
    for row in works:
        with pytest.raises(grading.NotGradable, match="自己"):
            made.grade(row, 1000, by=made.acting(stays))
        with pytest.raises(grading.NotGradable, match="自己"):
            grading.override(submission=row, version=None, points_x10=1000, reason="好", by=made.acting(stays), now=NOW)
    lines = [f"{row['alias']},50,,{row['version']}" for row in sheets.rows(task.id)]
    with pytest.raises(sheets.SheetRefused) as refused:
        sheets.take(assignment=task, file=csv(*lines), filename="a.csv", by=made.acting(stays), now=NOW)
    assert ["不能给自己的作业评分" in str(one) for one in refused.value.details] == [True, True]


def test_a_draft_saved_by_another_member_is_not_overwritten(session: Session) -> None:
    task = made.assignment()
    me = made.learner(task)
    row = handing_in.open_draft(assignment=task, person_id=me.person_id, by=SYSTEM, now=NOW)
    seen = row.version
    given = {"assignment": task, "submission": row, "person_id": me.person_id, "by": SYSTEM, "now": NOW}
    handing_in.save_draft(text="甲", version=seen, **given)
    with pytest.raises(Stale):
        handing_in.save_draft(text="乙", version=seen, **given)
    assert row.draft_text == "甲"
    with pytest.raises(handing_in.NotPossible):
        handing_in.save_draft(text="x" * (handing_in.MOST_TEXT + 1), version=None, **given)


def test_files_are_judged_by_content_size_and_number(session: Session) -> None:
    task = made.assignment()
    me = made.learner(task)
    row = handing_in.open_draft(assignment=task, person_id=me.person_id, by=SYSTEM, now=NOW)
    given = {"assignment": task, "submission": row, "person_id": me.person_id, "by": SYSTEM, "now": NOW}
    with pytest.raises(Refused) as refused:
        handing_in.add_file(file=io.BytesIO(b"MZ\x90\x00" + b"\0" * 200), name="报告.pdf", **given)
    assert refused.value.code == "unsafe_type"
    with pytest.raises(TooLarge):
        handing_in.add_file(file=made.pdf(2 << 20), name="大.pdf", **given)
    with pytest.raises(Refused):
        handing_in.add_file(file=io.BytesIO(b"\x89PNG\r\n\x1a\n" + b"0" * 99), name="图.png", **given)
    first = handing_in.add_file(file=made.pdf(), name="一.pdf", **given)
    handing_in.add_file(file=made.pdf(300), name="二.pdf", **given)
    with pytest.raises(handing_in.NotPossible, match="最多上传 2 个"):
        handing_in.add_file(file=made.pdf(), name="三.pdf", **given)
    handing_in.submit(assignment=task, submission=row, enrolment=me, by=SYSTEM, now=NOW)
    handing_in.remove_file(file_id=first.id, **given)
    assert [[f.file.name for f in v.files] for v in work.versions_of(row.id)] == [["一.pdf", "二.pdf"]]
    assert [f.file.name for f in work.draft_files(row.id)] == ["二.pdf"]


def test_nothing_is_no_submission(session: Session) -> None:
    task = made.assignment()
    with pytest.raises(handing_in.NotPossible, match="还没有内容"):
        made.hand_in(task, made.learner(task), "  \n")


def test_marks_are_hidden_until_released_then_progress_and_completion_follow(session: Session) -> None:
    run = make.run()
    task = made.assignment(run, rubric=made.RUBRIC)
    me = made.learner(task)
    row = made.hand_in(task, me)
    assert dict(learning.standing_of(me, make.loaded(run), NOW).missing) == {task.block_id: NotDone.WORK_WAITS}
    with pytest.raises(setup.BadAssignment, match="表达"):
        made.grade(row, {"c1": 600, "c2": 401})
    made.grade(row, {"c1": 600, "c2": 250})
    assert (row.score_x10, row.released_at, me.state) == (850, None, EnrolmentState.ACTIVE)
    assert releasing.release(assignment=task, by=SYSTEM, now=NOW) == 1
    session.refresh(me)
    assert (me.state, me.score_x10) == (EnrolmentState.COMPLETED, 850)
    assert releasing.release(assignment=task, by=SYSTEM, now=NOW) == 0
    assert learning.recompute(enrolment=me, by=SYSTEM, now=NOW) == []


def test_an_override_needs_a_reason_and_replaces_a_released_mark(session: Session) -> None:
    task = made.assignment()
    row = made.hand_in(task, made.learner(task))
    made.grade(row, 500)
    releasing.release(assignment=task, by=SYSTEM, now=NOW)
    with pytest.raises(grading.NotGradable, match="改定"):
        made.grade(row, 600)
    for points, reason in ((700, " "), (1001, "复核"), (-1, "复核")):
        with pytest.raises(grading.NotGradable):
            grading.override(submission=row, version=None, points_x10=points, reason=reason, by=SYSTEM, now=NOW)
    grading.override(submission=row, version=None, points_x10=700, reason="复核", by=SYSTEM, now=NOW)
    assert row.score_x10 == 700
    enrolment = learners.enrolment_of(task.run_id, row.members[0].person_id)
    assert enrolment is not None
    assert learners.states_of(enrolment.id)[task.block_id].score_x10 == 700
    assert [(m.role.value, m.points_x10) for m in work.marks_of(row.id)] == [("first", 500), ("override", 700)]


def test_work_sent_back_is_handed_in_again_whatever_the_number(session: Session) -> None:
    task = made.assignment(versions=1, cutoff_at=DUE)
    me = made.learner(task)
    row = made.hand_in(task, me)
    with pytest.raises(handing_in.NotPossible) as refused:
        made.hand_in(task, me)
    assert refused.value.code == "used_up"
    grading.send_back(submission=row, version=None, reason="请补充计算过程", by=SYSTEM, now=NOW)
    again = made.hand_in(task, me, "补充了", now=DUE + timedelta(days=1))
    assert (again.number, again.queue) == (2, Queue.UNGRADED)
    assert [c.body for c in work.comments_of(row.id)] == ["请补充计算过程"]


def test_two_graders_work_independently_and_a_third_decides(session: Session) -> None:
    task = made.assignment(is_double=True, limit_x10=100)
    row = made.hand_in(task, made.learner(task))
    one, two, three = (made.acting(ground.person()) for _n in range(3))
    made.grade(row, 800, one)
    assert (row.queue, row.score_x10) == (Queue.SECOND_GRADER, None)
    assert [line["comment"] for line in sheets.rows(task.id)] == [""], "the second grader does not read the first one's words in the table"
    made.grade(row, 780, one)  # corrected before the second came
    made.grade(row, 600, two)
    assert (row.queue, row.state) == (Queue.GRADERS_DIFFER, SubmissionState.SUBMITTED)
    with pytest.raises(grading.NotGradable, match="第三位"):
        made.grade(row, 700, one)
    made.grade(row, 690, three)
    assert (row.queue, row.score_x10) == (Queue.NONE, 690)
    other = made.hand_in(task, made.learner(task))
    made.grade(other, 800, one)
    made.grade(other, 700, two)
    assert other.score_x10 == 750
    with pytest.raises(grading.NotGradable):
        made.grade(other, 700, three)


def test_two_graders_at_once_do_not_overwrite_each_other(session: Session) -> None:
    task = made.assignment()
    row = made.hand_in(task, made.learner(task))
    seen = row.version
    grading.grade(submission=row, version=seen, marking=Marking({"points": 800}), by=SYSTEM, now=NOW)
    with pytest.raises(Stale):
        grading.grade(submission=row, version=seen, marking=Marking({"points": 300}), by=SYSTEM, now=NOW)
    assert row.score_x10 == 800


def test_nobody_grades_the_own_work(session: Session) -> None:
    task = made.assignment()
    me = made.learner(task)
    with pytest.raises(grading.NotGradable, match="自己"):
        made.grade(made.hand_in(task, me), 1000, made.acting(me.person_id))


def test_remarks_stand_at_places_that_exist(session: Session) -> None:
    task = made.assignment()
    row = made.hand_in(task, made.learner(task), "一\n\n二")
    remark = grading.add_comment(submission=row, body="好", paragraph=2, by=SYSTEM, now=NOW)
    for given in ({"paragraph": 3}, {"paragraph": 0}, {"file_id": 10**9}, {"number": 9}):
        with pytest.raises(grading.NotGradable):
            grading.add_comment(submission=row, body="好", by=SYSTEM, now=NOW, **given)
    grading.remove_comment(comment=remark, by=SYSTEM, now=NOW)
    assert work.comments_of(row.id) == []


def test_teams_are_taken_from_the_groups_of_a_run_and_then_stand_alone(session: Session) -> None:
    run = make.run()
    task = made.assignment(run, is_group=True)
    people = [made.learner(task).person_id for _n in range(4)]
    red, blue = groups.split(run=run, set_name="实验", number=2, learners=people, seed="s", by=SYSTEM, now=NOW)
    earlier = setup.add_group(run=run, name=red.name, by=SYSTEM, now=NOW)
    outsider = authoring.members_of([blue.id])[blue.id][0]
    setup.put_into_group(run=run, person_id=outsider, group_id=earlier.id, by=SYSTEM, now=NOW)
    assert setup.take_over_groups(run=run, set_name="实验", by=SYSTEM, now=NOW) == 3  # who had a team stays in it
    teams = {team.name: {member.person_id for member in team.members} for team in session.scalars(in_teams.of_run(run.id))}
    assert {name: len(members) for name, members in teams.items()} == {red.name: 3, blue.name: 1}
    assert outsider in teams[red.name]
    assert setup.take_over_groups(run=run, set_name="实验", by=SYSTEM, now=NOW) == 0
    groups.split(run=run, set_name="实验", number=2, learners=people, seed="t", by=SYSTEM, now=NOW)
    assert {team.name: {member.person_id for member in team.members} for team in session.scalars(in_teams.of_run(run.id))} == teams
    with pytest.raises(Refused):
        setup.take_over_groups(run=run, set_name="没有", by=SYSTEM, now=NOW)


def test_a_group_hands_in_once_and_who_leaves_keeps_the_mark(session: Session) -> None:
    run = make.run()
    task = made.assignment(run, is_group=True)
    one, two, three = (made.learner(task) for _n in range(3))
    with pytest.raises(handing_in.NotPossible, match="还没有分组"):
        made.hand_in(task, one)
    assert setup.make_groups(run=run, size=3, by=SYSTEM, now=NOW) == 1
    assert setup.make_groups(run=run, size=3, by=SYSTEM, now=NOW) == 0
    row = made.hand_in(task, one)
    assert {m.person_id for m in row.members} == {e.person_id for e in (one, two, three)}
    assert made.hand_in(task, two, "改过").id == row.id
    setup.put_into_group(run=run, person_id=three.person_id, group_id=None, by=SYSTEM, now=NOW)
    newcomer = made.learner(task)
    setup.put_into_group(run=run, person_id=newcomer.person_id, group_id=row.group_id, by=SYSTEM, now=NOW)
    row = made.hand_in(task, newcomer, "第三版")
    assert len(row.members) == 4  # the one who left stays an author of what was handed in before
    made.grade(row, 900)
    releasing.release(assignment=task, by=SYSTEM, now=NOW)
    assert {learners.states_of(e.id)[task.block_id].score_x10 for e in (one, two, three, newcomer)} == {900}
    with pytest.raises(setup.BadAssignment, match="个人或小组"):
        setup.save(block=task.block, version=None, by=SYSTEM, now=NOW, is_group=False)


def test_a_removed_assignment_takes_nothing_and_keeps_its_marks(session: Session) -> None:
    task = made.assignment()
    me = made.learner(task)
    row = made.hand_in(task, me)
    made.grade(row, 800)
    content.remove(part=task.block, by=SYSTEM, now=NOW)
    with pytest.raises(handing_in.NotPossible) as refused:
        made.hand_in(task, made.learner(task))
    assert refused.value.code == "removed"
    assert releasing.release(assignment=task, by=SYSTEM, now=NOW) == 1
    assert learners.states_of(me.id)[task.block_id].score_x10 == 800
    assert [b.id for b, _a, n in work.of_run(task.run_id) if n["graded"]] == [task.block_id]


def csv(*lines: str) -> io.BytesIO:
    return io.BytesIO(("\ufeff作业编号,得分,评语,版本\r\n" + "\r\n".join(lines)).encode())


def test_a_table_of_marks_comes_back_and_bad_rows_are_named(session: Session) -> None:
    task = made.assignment()
    rows = [made.hand_in(task, made.learner(task)) for _n in range(3)]
    a, b, c = (row.alias for row in rows)
    given = {"assignment": task, "filename": "成绩.csv", "by": SYSTEM, "now": NOW}
    with pytest.raises(sheets.SheetRefused) as refused:
        sheets.take(file=csv(f"{a},-1,,{rows[0].version}", f"{b},100.1,,1", "ZZZZZZ,50,,1", f"{c},五十,,1", f"{b},60,,9"), **given)
    assert [(d["row"], d["column"]) for d in refused.value.details] == [(2, "points"), (3, "points"), (4, "alias"), (5, "points"), (6, "alias")]
    assert session.scalar(select(func.count()).select_from(SubmissionMark)) == 0
    assert sheets.take(file=csv(f"{a},85.5,好,{rows[0].version}", f"{b},,,{rows[1].version}"), **given) == 1
    assert (rows[0].points_x10, rows[1].points_x10) == (855, None)
    old = rows[2].version
    made.grade(rows[2], 700)
    with pytest.raises(sheets.SheetRefused) as refused:
        sheets.take(file=csv(f"{c},10,,{old}"), **given)
    assert refused.value.details[0]["column"] == "version"
    again = [f"{one['alias']},{one['points'] or ''},,{one['version']}" for one in sheets.rows(task.id)]
    assert sheets.take(file=csv(*again), **given) == 0


def test_pressing_submit_twice_makes_two_versions_only_through_two_forms(session: Session) -> None:
    task = made.assignment()
    me = made.learner(task)
    made.hand_in(task, me)
    assert session.scalar(select(func.count()).select_from(SubmissionVersion)) == 1


def test_a_table_of_marks_names_students_by_their_number(session: Session) -> None:
    task, who = made.assignment(), ground.person()
    ground.student(who=who, student_no="S42")
    made.hand_in(task, made.learner(task, who))
    made.hand_in(task, made.learner(task))
    assert [row["student_no"] for row in sheets.rows(task.id)] == ["S42", ""]


def test_whoever_marks_last_counts_a_table_as_well_as_a_teacher(session: Session) -> None:
    task = made.assignment()
    row = made.hand_in(task, made.learner(task))
    given = {"assignment": task, "filename": "成绩.csv", "by": SYSTEM, "now": NOW}
    sheets.take(file=csv(f"{row.alias},50,,{row.version}"), **given)
    made.grade(row, 800)
    assert row.points_x10 == 800
    grading.override(submission=row, version=None, points_x10=300, reason="抄袭复核", by=SYSTEM, now=NOW)
    assert row.points_x10 == 300
    with pytest.raises(sheets.SheetRefused) as refused:  # what was overridden is only changed with a reason
        sheets.take(file=csv(f"{row.alias},40,,{row.version}"), **given)
    assert ("理由" in str(refused.value.details), row.points_x10) == (True, 300)
    assert sheets.take(file=csv(f"{row.alias},40,,{row.version}"), reason="复核后更正", **given) == 1
    assert (row.points_x10, work.marks_of(row.id)[-1].reason) == (400, "复核后更正")
    with pytest.raises(grading.NotGradable, match="改定成绩"):
        made.grade(row, 900)


def test_a_shown_mark_is_changed_by_a_table_with_a_reason_only(session: Session) -> None:
    task = made.assignment()
    row = made.grade(made.hand_in(task, made.learner(task)), 500)
    releasing.release(assignment=task, by=SYSTEM, now=NOW)
    given = {"assignment": task, "filename": "成绩.csv", "by": SYSTEM, "now": NOW}
    with pytest.raises(sheets.SheetRefused) as refused:
        sheets.take(file=csv(f"{row.alias},90,,{row.version}"), reason="  ", **given)
    assert [(d["row"], d["column"]) for d in refused.value.details] == [(2, "points")]
    sheets.take(file=csv(f"{row.alias},90,,{row.version}"), reason="漏看附件", **given)
    assert (row.points_x10, work.marks_of(row.id)[-1].reason) == (900, "漏看附件")


def test_where_two_mark_a_table_gives_the_mark_of_whoever_brings_it(session: Session) -> None:
    """The first or the second one; what both settled is only changed with a reason."""
    task = made.assignment(is_double=True)
    row = made.hand_in(task, made.learner(task))
    one, two = made.acting(ground.person()), made.acting(ground.person())

    def bring(by: Identity, points: int, reason: str = "") -> tuple[int | None, Queue]:
        sheets.take(assignment=task, filename="成绩.csv", file=csv(f"{row.alias},{points},,{row.version}"), by=by, now=NOW, reason=reason)
        return row.points_x10, row.queue

    assert bring(one, 50) == (None, Queue.SECOND_GRADER)
    assert bring(one, 90) == (None, Queue.SECOND_GRADER), "one person is not two"
    assert bring(one, 90) == (None, Queue.SECOND_GRADER)
    assert [mark.points_x10 for mark in work.marks_of(row.id)] == [500, 900], "the same table again changes nothing"
    assert bring(two, 86) == (880, Queue.NONE)
    with pytest.raises(sheets.SheetRefused):
        bring(one, 40)
    assert bring(one, 40, "抄袭复核") == (400, Queue.NONE)
    with pytest.raises(grading.NotGradable, match="改定成绩"):
        made.grade(row, 900)


def test_who_released_by_mistake_lets_the_other_marks_wait(session: Session) -> None:
    task = made.assignment()
    first, second = (made.hand_in(task, made.learner(task)) for _n in range(2))
    made.grade(first, 500)
    releasing.release(assignment=task, by=SYSTEM, now=NOW)
    for _again in range(2):
        releasing.stop(assignment=task, by=SYSTEM, now=NOW)
    made.grade(second, 600)
    assert [row.released_at is not None for row in (first, second)] == [True, False]
    assert releasing.release(assignment=task, by=SYSTEM, now=NOW) == 1
    assert second.released_at is not None


@pytest.mark.parametrize("is_double", [False, True])
def test_a_table_asks_as_often_for_thirty_works(session: Session, count_queries: list[str], is_double: bool) -> None:
    task = made.assignment(is_double=is_double)
    first, second = made.acting(ground.person()), made.acting(ground.person())

    def asked(number: int) -> int:
        rows = [made.hand_in(task, made.learner(task)) for _n in range(number)]
        sheets.take(assignment=task, filename="a.csv", file=csv(*[f"{row.alias},50,,{row.version}" for row in rows]), by=first, now=NOW)
        lines = csv(*[f"{row.alias},51,,{row.version}" for row in rows])
        session.flush()
        count_queries.clear()
        sheets.take(assignment=task, filename="a.csv", file=lines, by=second, now=NOW)
        return sum(one.lstrip().upper().startswith("SELECT") for one in count_queries)

    asked(2)
    assert asked(2) == asked(12)


@pytest.mark.parametrize(("hours", "is_extended", "days"), [(0, False, 0), (30, False, 2), (30, True, 0)])
def test_a_revision_that_was_asked_for_is_as_late_as_what_it_revises(session: Session, hours: int, is_extended: bool, days: int) -> None:
    """An extension meanwhile may make it less late, the time the staff took never later."""
    task = made.assignment(percent_per_day=10)
    me = made.learner(task)
    row = made.hand_in(task, me, now=DUE + timedelta(hours=hours))
    grading.send_back(submission=row, version=None, reason="请补充", by=SYSTEM, now=DUE + timedelta(days=3))
    if is_extended:
        setup.extend(assignment=task, person_id=me.person_id, until_at=DUE + timedelta(days=5), reason="病假", by=SYSTEM, now=NOW)
    made.hand_in(task, me, "改好了", now=DUE + timedelta(hours=96))
    made.grade(row, 900)
    assert (row.late_days, row.penalty_x10) == (days, days * 100)


def test_who_moves_to_another_team_before_anything_was_handed_in_moves_with_the_work(session: Session) -> None:
    run = make.run()
    task = made.assignment(run, is_group=True)
    people = [made.learner(task) for _n in range(4)]
    red, blue = (setup.add_group(run=run, name=name, by=SYSTEM, now=NOW).id for name in ("红", "蓝"))
    for one, team in zip(people, (red, red, blue, blue), strict=True):
        setup.put_into_group(run=run, person_id=one.person_id, group_id=team, by=SYSTEM, now=NOW)
    draft = handing_in.open_draft(assignment=task, person_id=people[0].person_id, by=SYSTEM, now=NOW)
    assert len(draft.members) == 2
    setup.put_into_group(run=run, person_id=people[1].person_id, group_id=blue, by=SYSTEM, now=NOW)
    session.expire_all()  # another request
    row = made.hand_in(task, people[2])
    assert {one.person_id for one in row.members} == {one.person_id for one in people[1:]}
    made.grade(row, 900)
    releasing.release(assignment=task, by=SYSTEM, now=NOW)
    assert learners.states_of(people[1].id)[task.block_id].score_x10 == 900
    assert {one.person_id for one in made.hand_in(task, people[0], "红组的").members} == {people[0].person_id}
    setup.put_into_group(run=run, person_id=people[1].person_id, group_id=red, by=SYSTEM, now=NOW)  # what was handed in stays theirs
    assert people[1].person_id in {one.person_id for one in work.whole([row.id])[row.id].members}


def test_who_joins_a_team_whose_work_is_marked_is_told_that_it_is(session: Session) -> None:
    run = make.run()
    task = made.assignment(run, is_group=True)
    one, late = made.learner(task), made.learner(task)
    team = setup.add_group(run=run, name="红", by=SYSTEM, now=NOW)
    setup.put_into_group(run=run, person_id=one.person_id, group_id=team.id, by=SYSTEM, now=NOW)
    made.grade(made.hand_in(task, one), 900)
    assert handing_in.closed_because(task, None, late.person_id, NOW) == ""
    setup.put_into_group(run=run, person_id=late.person_id, group_id=team.id, by=SYSTEM, now=NOW)
    assert handing_in.closed_because(task, None, late.person_id, NOW) == "joined"
    (row,) = work.handed_in(task.id)
    assert [key for key, _name in in_teams.joined_since(row)] == [late.person_id]
    releasing.release(assignment=task, by=SYSTEM, now=NOW)
    stranger = made.learner(task)
    for nobody in (one.person_id, stranger.person_id):  # an author already; of no team
        with pytest.raises(grading.NotGradable):
            joining.take_in(submission=row, person_id=nobody, by=SYSTEM, now=NOW)
    with pytest.raises(grading.NotGradable, match="自己"):
        joining.take_in(submission=row, person_id=late.person_id, by=made.acting(late.person_id), now=NOW)
    joining.take_in(submission=row, person_id=late.person_id, by=SYSTEM, now=NOW)
    assert learners.states_of(late.id)[task.block_id].score_x10 == 900
    assert (in_teams.joined_since(row), len(work.whole([row.id])[row.id].members)) == ([], 2)


def test_drawing_teams_costs_the_same_for_many(session: Session, count_queries: list[str]) -> None:
    asked = []
    for count in (4, 24):
        run = make.publish(make.run(has_content=True))
        for _n in range(count):
            make.enrolment(run)
        session.flush()
        count_queries.clear()
        assert setup.make_groups(run=run, size=2, by=SYSTEM, now=NOW) == count // 2
        asked.append(len(count_queries))
    assert asked[0] == asked[1]
