"""Marks of the assessment items, and the conclusions that follow from them: attainment computed from real grades (PETOE-2.5, 002:389)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime

from courses.curriculum import queries, rules
from courses.curriculum.locking import hold_course
from courses.curriculum.models import AssessmentItem, CourseObjective, CurriculumCourse, ItemObjective, ItemScore
from courses.curriculum.operations import BadCourse, count_up, course_to_edit, record_results
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.errors import Stale
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _


def set_shares(
    *,
    course: CurriculumCourse,
    shares: Iterable[tuple[AssessmentItem, CourseObjective, int]],
    by: Identity,
    now: datetime,
    opened_at: int | None = None,
) -> int:
    """Say how much each item tells about each objective (0: nothing); returns how many changed. The conclusions that rest on marks follow
    at once: nobody's is one of other shares. `opened_at`: the version of the course. Raises CourseGone, BadCourse and Stale."""
    hold_course(course)  # a grid of marks is saved before it or after it
    check_version(course, opened_at)
    changed, concerned = 0, set[int]()
    items, objectives = _parts(course), {one.id for one in queries.objectives_of(course.id)}
    for item, objective, share in shares:
        if item.id not in items or objective.id not in objectives:
            raise BadCourse(_("课程目标不属于这门课程。"), field="objective_id")
        if not 0 <= share <= 100:
            raise BadCourse(_("占比应为 0 至 100 的整数。"), field="share")
        row = queries.share(item.id, objective.id)
        if (row.share if row is not None else 0) == share:
            continue
        if row is None:
            session().add(ItemObjective(item_id=item.id, objective_id=objective.id, share=share))
        elif share == 0:
            session().delete(row)
        else:
            row.share = share
        changed += 1
        concerned.add(objective.id)
    session().flush()
    if changed:
        count_up(course)
        audit.record(by=by, did="courses.curriculum.shares_set", on=course, data={"changed": changed})
        _conclude(course, queries.scored_students(course.id), concerned, local(now).date(), by=by, now=now)
    return changed


def remove_assessment(*, item: AssessmentItem, by: Identity, now: datetime) -> None:
    """Take a part of the assessment away, with its shares; what follows from the marks that are left is concluded at once, as by `set_shares`. Raises
    BadCourse when students have marks in it."""
    course = course_to_edit(item.course_id, None)
    if queries.has_scores(item.id):
        raise BadCourse(_("这项考核已有学生成绩，不能删除。"))
    concerned = set()
    for share in queries.shares_of_item(item.id):
        concerned.add(share.objective_id)
        session().delete(share)
    session().flush()
    data = {"kind": item.kind.value, "weight": item.weight_percent}
    audit.record(by=by, did="courses.curriculum.assessment_removed", on=("curriculum_course", str(item.course_id)), data=data)
    session().delete(item)
    count_up(course)
    if concerned:
        _conclude(course, queries.scored_students(course.id), concerned, local(now).date(), by=by, now=now)


def record_scores(
    *,
    course: CurriculumCourse,
    marks: Iterable[tuple[int, AssessmentItem, int | None]],
    concluded_on: date,
    by: Identity,
    now: datetime,
    opened: Mapping[tuple[int, int], int | None] | None = None,
) -> tuple[int, int]:
    """Enter marks (student, item, tenths) and conclude every objective they complete: (marks changed, conclusions changed).

    None takes a mark away that was entered by mistake, and with it the conclusions that rested on it. A mark again changes
    nothing. An objective without all of its items' marks gets no conclusion. `opened`: the marks of (student, item id) as the
    grid showed them; one that somebody else changed meanwhile is not overwritten. Raises CourseGone, BadCourse and Stale.
    """
    wanted = list(marks)
    students = {student for student, _item, _mark in wanted}
    hold_course(course)  # one grid after the other
    known, changed, shares, items = queries.scores_of(course.id, students), 0, queries.shares_of(course.id), _parts(course)
    taken: list[dict[str, int]] = []
    lapsed: dict[int, set[int]] = {}
    if opened is not None:
        wanted = _still_to_enter(wanted, opened, known)
    for student, item, mark in wanted:
        if item.id not in items:
            raise BadCourse(_("考核方式不属于这门课程。"), field="item_id")
        if mark is not None and not 0 <= mark <= 1000:
            raise BadCourse(_("成绩应在 0 至 100 分之间。"), field="score_x10")
        row = known.get((student, item.id))
        if (row.score_x10 if row is not None else None) == mark:
            continue
        if mark is None:
            assert row is not None
            taken.append({"student": student, "item": item.id, "mark_x10": row.score_x10})
            session().delete(known.pop((student, item.id)))
            lapsed.setdefault(student, set()).update(objective for (one, objective) in shares if one == item.id)
            continue
        if row is None:
            row = ItemScore(item_id=item.id, student_id=student)
            session().add(row)
            known[student, item.id] = row
        row.score_x10, row.recorded_at = mark, now
        changed += 1
    session().flush()
    if changed:
        audit.record(by=by, did="courses.curriculum.scores_recorded", on=course, data={"marks": changed, "on": concluded_on})
    if taken:
        audit.record(by=by, did="courses.curriculum.scores_removed", on=course, data={"marks": taken, "on": concluded_on})
    gone = _withdraw(course, lapsed, by=by) if lapsed else 0
    return changed + len(taken), gone + _conclude(course, students, set(), concluded_on, by=by, now=now)


def _parts(course: CurriculumCourse) -> set[int]:
    """The parts of the assessment that stand, once the course is held: one that is read before may be gone."""
    return {one.id for one in queries.assessments_of(course.id)}


def _conclude(course: CurriculumCourse, students: Collection[int], concerned: Collection[int], on: date, *, by: Identity, now: datetime) -> int:
    """Conclude anew from the marks that stand; of `concerned` objectives what no longer follows from them goes. Returns how many changed."""
    objectives, shares = {one.id: one for one in queries.objectives_of(course.id)}, queries.shares_of(course.id)
    scores: dict[int, dict[int, int]] = {student: {} for student in students}
    for (student, item), row in queries.scores_of(course.id, students).items():
        scores[student][item] = row.score_x10
    found = {student: rules.objective_marks(scores[student], shares, objectives) for student in sorted(students)}
    lapsed = {student: set(concerned) - set(marks) for student, marks in found.items() if set(concerned) - set(marks)}
    gone = _withdraw(course, lapsed, by=by) if lapsed else 0
    concluded = [(student, objectives[key], mark) for student, marks in found.items() for key, mark in marks.items()]
    return gone + record_results(course=course, marks=concluded, concluded_on=on, by=by, now=now)


def _withdraw(course: CurriculumCourse, lapsed: Mapping[int, Collection[int]], *, by: Identity) -> int:
    """Take conclusions away whose marks are no longer there; returns how many."""
    known, gone = queries.results_of_objectives({one for objectives in lapsed.values() for one in objectives}), []
    for student, objectives in sorted(lapsed.items()):
        for objective in sorted(objectives):
            row = known.get((student, objective))
            if row is not None:
                gone.append({"student": student, "objective": objective, "mark_x10": row.score_x10})
                session().delete(row)
    session().flush()
    if gone:
        audit.record(by=by, did="courses.curriculum.results_removed", on=course, data={"conclusions": gone})
    return len(gone)


def _still_to_enter(
    wanted: list[tuple[int, AssessmentItem, int | None]], opened: Mapping[tuple[int, int], int | None], known: Mapping[tuple[int, int], ItemScore]
) -> list[tuple[int, AssessmentItem, int | None]]:
    """The marks that were typed anew; raises Stale when a cell that was typed into holds another mark by now than it showed."""
    typed = [(student, item, mark) for student, item, mark in wanted if opened.get((student, item.id)) != mark]
    stands = {key: row.score_x10 for key, row in known.items()}
    if any(stands.get((student, item.id)) not in (opened.get((student, item.id)), mark) for student, item, mark in typed):
        raise Stale(_("有的成绩刚被其他人修改过，你的修改没有保存，也没有覆盖对方的修改。请重新打开页面，核对后再提交。"))
    return typed
