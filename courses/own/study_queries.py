"""What the room stores about somebody who learns or teaches here, told for the page "my data": each is one select.

A mark that its learner may not see yet is not told here either.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import case, func

from courses.agenda.models import CalendarFeed
from courses.analytics import labels as analytics_labels
from courses.analytics.models import StoredRisk
from courses.analytics.types import Reason
from courses.assessment import labels as quiz_labels
from courses.assessment.models import Attempt, AttemptAnswer, AttemptEvent, Question, QuestionVersion, QuizAllowance
from courses.assessment.queries import hours
from courses.assessment.types import Allowance, AttemptState, QuizSettings, Shown
from courses.catalogue.models import (
    RUN_TITLE,
    Block,
    Course,
    LabLaunch,
    LabReport,
    PollVote,
    Run,
    RunGroup,
    RunGroupMember,
    Unit,
)
from courses.curriculum.models import AssessmentItem, CourseObjective, CourseResult, CurriculumCourse, ItemScore
from courses.gradebook import labels as gradebook_labels
from courses.gradebook.models import Grade, GradeChange, GradeColumn
from courses.learning import labels as learning_labels
from courses.learning import queries as learning
from courses.learning import review_queries
from courses.learning.models import BlockProgress, Enrolment, EnrolmentMark, LearningEvent, MarkSource, Note, RunInvitation
from courses.learning.types import EnrolmentState
from courses.own.words import answer_in_words, events
from courses.paths.models import LearningPath, PathMember
from courses.recognition import labels as claim_labels
from courses.recognition.models import CreditClaim
from courses.teaching.models import Offering, OfferingTaker
from trainhub.identity.queries.owned import Owned, hundredths, pick, share, tenths
from trainhub.kernel import clock
from trainhub.kernel.i18n import listed
from trainhub.people.models import Student
from trainhub.people.queries import same_human

COURSE = (RUN_TITLE.label("course"), Run.code.label("run"))
Select = sa.Select[Any]


def of_run(statement: Select, run_id: Any) -> Select:
    """Join the run that a column names, and its course."""
    return statement.join(Run, Run.id == run_id).join(Course, Course.id == Run.course_id)


def _of_enrolment(statement: Select, enrolment_id: Any, person_id: int) -> Select:
    joined = statement.join(Enrolment, Enrolment.id == enrolment_id)
    return of_run(joined, Enrolment.run_id).where(same_human(Enrolment.person_id, person_id))


def _of_student(statement: Select, student_id: Any, person_id: int) -> Select:
    return statement.join(Student, Student.id == student_id).where(same_human(Student.person_id, person_id))


# -- learning -----------------------------------------------------------------------------------------------------------


def enrolments(person_id: int) -> Owned:
    """Courses joined, with the final score once there is one."""
    row = Enrolment
    score = case((row.state == EnrolmentState.COMPLETED, row.score_x10)).label("score")
    columns = (row.state, row.asked_at, row.enrolled_at, row.withdrawn_at, row.completed_on, score, row.progress_x1000.label("progress"))
    statement = of_run(pick(row, *COURSE, *columns, row.last_active_at, row.note), row.run_id)
    return Owned(
        statement.where(same_human(row.person_id, person_id)).order_by(row.id),
        {"state": learning_labels.STATES, "score": tenths, "progress": share},
    )


def invitations(person_id: int) -> Owned:
    """Invitations to courses."""
    row = RunInvitation
    statement = of_run(pick(row, *COURSE, row.invited_at, row.expires_on), row.run_id)
    return Owned(statement.where(same_human(row.person_id, person_id)).order_by(row.id))


def progress(person_id: int) -> Owned:
    """What was done of each course, piece by piece."""
    row = BlockProgress
    seconds = row.position_x10.label("position_seconds")
    statement = pick(
        row, *COURSE, Unit.title.label("unit"), Block.title.label("item"), row.is_done, row.share_x1000.label("progress"), seconds, row.done_at
    )
    joined = _of_enrolment(statement.join(Block, Block.id == row.block_id).join(Unit, Unit.id == Block.unit_id), row.enrolment_id, person_id)
    return Owned(joined.order_by(row.enrolment_id, row.id), {"progress": share, "position_seconds": tenths})


def activity(person_id: int) -> Owned:
    """The log of learning in sums: what was done in which piece, how often, first and last when."""
    row = LearningEvent
    statement = pick(
        row,
        *COURSE,
        Block.title.label("item"),
        row.kind.label("deed"),
        func.count().label("times"),
        func.min(row.at).label("first_at"),
        func.max(row.at).label("last_at"),
    ).join(Block, Block.id == row.block_id)
    joined = _of_enrolment(statement, row.enrolment_id, person_id)
    return Owned(joined.group_by(RUN_TITLE, Run.code, Block.id, Block.title, row.kind).order_by(func.min(row.at)), {"deed": events()})


def totals(person_id: int) -> Owned:
    """The total of each course so far, where its lecturers show it."""
    row, hides = EnrolmentMark, _hides(person_id)
    score = case((func.coalesce(MarkSource.is_shown, sa.true()), row.score_x10)).label("score_so_far")
    statement = _of_enrolment(pick(row, *COURSE, score, Run.id.label("run_id")), row.enrolment_id, person_id)

    def settled(found: dict[str, Any]) -> dict[str, Any]:
        return found | {"score_so_far": None} if hides(found.pop("run_id")) else found

    return Owned(statement.outerjoin(MarkSource, MarkSource.run_id == Run.id).order_by(Enrolment.id), {"score_so_far": tenths}, settled)


def _hides(person_id: int) -> Callable[[int], bool]:
    """Whether a run that somebody has not completed has a quiz whose marks they may not see yet: from the total they could be reckoned. Asked once, when
    the first row is told."""

    @cache
    def found() -> Collection[int]:
        return review_queries.unshown(person_id, learning.learnt_runs(person_id), clock.now()).keys()

    return lambda run_id: run_id in found()


def risks(person_id: int) -> Owned:
    """What the platform computes of who may need help, with the reasons."""
    row, hides = StoredRisk, _hides(person_id)
    columns = (row.risk, row.reasons, row.progress_x1000.label("progress"), row.expected_x1000.label("expected"), row.overdue, Run.id.label("run_id"))

    def settled(found: dict[str, Any]) -> dict[str, Any]:
        """The mark is told by no reason, and by no risk that rests on it, where its learner may not see it."""
        if not hides(found.pop("run_id")) or Reason.LOW_SCORE not in found["reasons"]:
            return found
        return found | {"risk": None, "reasons": [one for one in found["reasons"] if one != Reason.LOW_SCORE]}

    return Owned(
        _of_enrolment(pick(row, *COURSE, *columns), row.enrolment_id, person_id).order_by(row.enrolment_id),
        {"risk": analytics_labels.RISKS, "reasons": _reasons, "progress": share, "expected": share},
        settled,
    )


def _reasons(codes: list[str]) -> str:
    return listed(analytics_labels.REASONS[Reason(code)] for code in codes)


def notes(person_id: int) -> Owned:
    """One's own notes."""
    row = Note
    statement = pick(row, *COURSE, Unit.title.label("unit"), row.at_seconds, row.body.label("text"), row.written_at, row.changed_at)
    return Owned(_of_enrolment(statement.join(Unit, Unit.id == row.unit_id), row.enrolment_id, person_id).order_by(row.id))


def votes(person_id: int) -> Owned:
    """Answers to polls: the place of the option that was chosen."""
    row = PollVote
    statement = of_run(pick(row, *COURSE, Block.title.label("item"), row.choice, row.voted_at).join(Block, Block.id == row.block_id), Block.run_id)
    return Owned(statement.where(same_human(row.person_id, person_id)).order_by(row.id), {"choice": lambda place: place + 1})


def lab_launches(person_id: int) -> Owned:
    """Laboratories entered."""
    row = LabLaunch
    statement = of_run(pick(row, *COURSE, Block.title.label("item"), row.launched_at).join(Block, Block.id == row.block_id), Block.run_id)
    return Owned(statement.where(same_human(row.person_id, person_id)).order_by(row.id))


def lab_reports(person_id: int) -> Owned:
    """What laboratories reported back."""
    row = LabReport
    statement = pick(row, *COURSE, Block.title.label("item"), row.is_completed, row.score_x10.label("score"), row.received_at)
    joined = statement.join(LabLaunch, LabLaunch.id == row.launch_id).join(Block, Block.id == LabLaunch.block_id)
    return Owned(of_run(joined, Block.run_id).where(same_human(LabLaunch.person_id, person_id)).order_by(row.id), {"score": tenths})


def groups(person_id: int) -> Owned:
    """Groups of a course one was put in."""
    statement = of_run(
        pick(RunGroup, *COURSE, RunGroup.set_name.label("kind"), RunGroup.name.label("group")).join(
            RunGroupMember, RunGroupMember.group_id == RunGroup.id
        ),
        RunGroup.run_id,
    )
    return Owned(statement.where(same_human(RunGroupMember.person_id, person_id)).order_by(RunGroupMember.id))


def paths(person_id: int) -> Owned:
    """Learning paths joined."""
    row = PathMember
    statement = pick(row, LearningPath.title.label("item"), row.joined_at).join(LearningPath, LearningPath.id == row.path_id)
    return Owned(statement.where(same_human(row.person_id, person_id)).order_by(row.id))


def calendars(person_id: int) -> Owned:
    """The secret address of one's calendar: since when there is one."""
    row = CalendarFeed
    return Owned(pick(row, row.made_at).where(same_human(row.person_id, person_id)).order_by(row.id))


# -- quizzes ------------------------------------------------------------------------------------------------------------


def _judged(statement: Select) -> Select:
    return statement.add_columns(Block.settings.label("rules"), Attempt.state.label("stage"), Block.id.label("quiz_id"))


HIDDEN = {"score": Shown.MARKS, "share": Shown.MARKS, "points_given": Shown.MARKS, "feedback": Shown.FEEDBACK}


def _hiding(person_id: int) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Marks and feedback only where the review of the quiz shows them now, by this learner's own closing and as long as nobody still sits; the rules themselves
    are not told."""
    now = clock.now()

    @cache
    def seen(quiz_id: int, rules: str) -> frozenset[Shown]:
        settings = QuizSettings.of(json.loads(rules))
        allowance = hours.allowances_of(person_id, [quiz_id]).get(quiz_id, Allowance())
        return settings.review[review_queries.when_of(quiz_id, settings, allowance, now)]

    def settled(row: dict[str, Any]) -> dict[str, Any]:
        rules, stage, quiz_id = json.dumps(row.pop("rules") or {}), row.pop("stage"), row.pop("quiz_id")
        shown = seen(quiz_id, rules) if stage is AttemptState.GRADED else frozenset[Shown]()
        return {name: value if name not in HIDDEN or HIDDEN[name] in shown else None for name, value in row.items()}

    return settled


def attempts(person_id: int) -> Owned:
    """Attempts at quizzes and exams."""
    row = Attempt
    columns = (row.number, row.state, row.started_at, row.due_at, row.submitted_at, row.graded_at, row.score_x10.label("score"))
    statement = of_run(_judged(pick(row, *COURSE, Block.title.label("item"), *columns).join(Block, Block.id == row.block_id)), Block.run_id)
    return Owned(
        statement.where(same_human(row.person_id, person_id)).order_by(row.id), {"state": quiz_labels.STATES, "score": tenths}, _hiding(person_id)
    )


def answers(person_id: int) -> Owned:
    """What was answered, question by question."""
    row, hiding = AttemptAnswer, _hiding(person_id)
    columns = (
        Attempt.number,
        row.position,
        row.response.label("given_answer"),
        row.saved_at,
        row.share_x1000.label("share"),
        row.points_x100.label("points_given"),
        row.feedback,
    )
    statement = (
        pick(row, *COURSE, Block.title.label("item"), *columns, Question.kind.label("question_kind"), QuestionVersion.data.label("question"))
        .join(Attempt, Attempt.id == row.attempt_id)
        .join(Block, Block.id == Attempt.block_id)
        .join(QuestionVersion, QuestionVersion.id == row.version_id)
        .join(Question, Question.id == QuestionVersion.question_id)
    )
    return Owned(
        of_run(_judged(statement), Block.run_id).where(same_human(Attempt.person_id, person_id)).order_by(row.attempt_id, row.position),
        {"question_kind": quiz_labels.KINDS, "share": share, "points_given": hundredths},
        lambda found: hiding(_answered(found)),
    )


def _answered(row: dict[str, Any]) -> dict[str, Any]:
    """The answer in the words of its options."""
    row["given_answer"] = answer_in_words(row.pop("question"), row["given_answer"] or {})
    return row


def attempt_events(person_id: int) -> Owned:
    """What was noted around attempts: begun, left, continued elsewhere."""
    row = AttemptEvent
    statement = pick(row, *COURSE, Block.title.label("item"), Attempt.number, row.kind.label("deed"), row.at).join(
        Attempt, Attempt.id == row.attempt_id
    )
    joined = of_run(statement.join(Block, Block.id == Attempt.block_id), Block.run_id)
    return Owned(joined.where(same_human(Attempt.person_id, person_id)).order_by(row.id), {"deed": quiz_labels.EVENTS})


def allowances(person_id: int) -> Owned:
    """More time or attempts that were granted, and why."""
    row = QuizAllowance
    columns = (row.extra_minutes, row.extra_attempts, row.opens_at, row.closes_at, row.reason, row.given_at)
    statement = of_run(pick(row, *COURSE, Block.title.label("item"), *columns).join(Block, Block.id == row.block_id), Block.run_id)
    return Owned(statement.where(same_human(row.person_id, person_id)).order_by(row.id))


# -- grades and credits -------------------------------------------------------------------------------------------------


def grades(person_id: int) -> Owned:
    """Grades entered by hand, of columns that learners see."""
    row = Grade
    columns = (GradeColumn.title.label("item"), row.kind, row.points_x10.label("score"), row.reason, row.changed_at)
    statement = _of_enrolment(pick(row, *COURSE, *columns).join(GradeColumn, GradeColumn.id == row.column_id), row.enrolment_id, person_id)
    return Owned(statement.where(GradeColumn.is_hidden.is_(False)).order_by(row.id), {"kind": gradebook_labels.KINDS, "score": tenths})


def grade_changes(person_id: int) -> Owned:
    """How those grades were changed."""
    row = GradeChange
    columns = (GradeColumn.title.label("item"), row.kind, row.before, row.after, row.reason, row.at)
    statement = _of_enrolment(pick(row, *COURSE, *columns).join(GradeColumn, GradeColumn.id == row.column_id), row.enrolment_id, person_id)
    return Owned(statement.where(GradeColumn.is_hidden.is_(False)).order_by(row.id), {"kind": gradebook_labels.KINDS})


def plan_scores(person_id: int) -> Owned:
    """Scores in the assessments of courses of the programme."""
    row = ItemScore
    statement = pick(row, CurriculumCourse.name.label("course"), AssessmentItem.title.label("item"), row.score_x10.label("score"), row.recorded_at)
    joined = statement.join(AssessmentItem, AssessmentItem.id == row.item_id).join(CurriculumCourse, CurriculumCourse.id == AssessmentItem.course_id)
    return Owned(_of_student(joined, row.student_id, person_id).order_by(row.recorded_at, row.item_id), {"score": tenths})


def plan_courses(person_id: int) -> Owned:
    """Optional courses of the programme on whose list one is."""
    row = OfferingTaker
    statement = pick(row, CurriculumCourse.name.label("course"), Offering.academic_year, Offering.semester, row.listed_at)
    joined = statement.join(Offering, Offering.id == row.offering_id).join(CurriculumCourse, CurriculumCourse.id == Offering.course_id)
    return Owned(_of_student(joined, row.student_id, person_id).order_by(row.listed_at, row.offering_id))


def plan_results(person_id: int) -> Owned:
    """What was attained of the objectives of courses of the programme."""
    row = CourseResult
    columns = (CourseObjective.text.label("objective"), row.score_x10.label("score"), row.is_attained, row.concluded_on)
    statement = (
        pick(row, CurriculumCourse.name.label("course"), *columns)
        .join(CurriculumCourse, CurriculumCourse.id == row.course_id)
        .outerjoin(CourseObjective, CourseObjective.id == row.objective_id)
    )
    return Owned(_of_student(statement, row.student_id, person_id).order_by(row.id), {"score": tenths})


def claims(person_id: int) -> Owned:
    """Credits applied for, with what was decided."""
    row = CreditClaim
    told = (row.evidence, row.title.label("item"), row.provider, row.number.label("document_no"), row.completed_on, row.score_x10.label("score"))
    asked = (row.statement, row.asked_x10.label("credits_asked"), row.credits_x10.label("credits"), row.state, row.asked_at)
    decided = (row.decided_at, row.decided_by, row.reason, row.appeal, row.appealed_at, row.appeal_reason)
    statement = pick(row, CurriculumCourse.name.label("course"), *told, *asked, *decided)
    joined = _of_student(statement.join(CurriculumCourse, CurriculumCourse.id == row.target_id), row.student_id, person_id)
    return Owned(
        joined.order_by(row.id),
        {"evidence": claim_labels.EVIDENCE, "state": claim_labels.STATES, "score": tenths, "credits_asked": tenths, "credits": tenths},
    )
