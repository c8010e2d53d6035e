"""Capstones of somebody, written or guided or judged, told for the page "my data": each is one select.

Grades, reviews and what a panel noted are told to the student from the day the result is published, and never who reviewed. Who guides or
judges is told what they wrote, and of whose work only the topic.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import case, or_

from enterprises.capstones import labels
from enterprises.capstones.models import (
    Capstone,
    CapstoneGrade,
    CapstonePaper,
    Choice,
    ChoiceRound,
    Conflict,
    DefenceGroup,
    DefenceMember,
    DefenceSlot,
    GuidanceEntry,
    MentorLink,
    PaperComment,
    Reconsideration,
    Review,
    SpotCheck,
    SpotItem,
    SpotOpinion,
    StageExtension,
    Supervision,
    SupervisorWish,
    Team,
    TeamMember,
    ThirdGrade,
    Topic,
)
from enterprises.capstones.types import CapstoneState, TextGrade
from trainhub.identity.queries.owned import Owned, pick, tenths
from trainhub.kernel.files import StoredFile
from trainhub.kernel.i18n import listed
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person, Student
from trainhub.people.queries import same_human

Select = sa.Select[Any]
TOPIC = (Topic.title.label("topic"),)
PUBLISHED = Capstone.state.in_([CapstoneState.PASSED, CapstoneState.FAILED])


def _of_capstone(statement: Select, capstone_id: Any) -> Select:
    return statement.join(Capstone, Capstone.id == capstone_id).outerjoin(Topic, Topic.id == Capstone.topic_id)


def _mine(statement: Select, capstone_id: Any, person_id: int) -> Select:
    return _of_capstone(statement, capstone_id).join(Student, Student.id == Capstone.student_id).where(same_human(Student.person_id, person_id))


def _points(rubric: dict[str, Any]) -> str:
    known = {item.value: label for item, label in labels.RUBRIC.items()}
    return listed(f"{known.get(item, item)} {points}" for item, points in rubric.items())


def _grade(text: str) -> Any:
    return labels.GRADES[TextGrade(text)] if text else ""


# -- topics and choosing ------------------------------------------------------------------------------------------------


def topics(person_id: int) -> Owned:
    """Topics one proposed, or that are kept for one."""
    row = Topic
    columns = (
        row.origin.label("proposed_as"),
        row.source.label("topic_source"),
        row.problem,
        row.state,
        row.reason,
        row.approved_by_enterprise_on,
        row.approved_by_school_on,
        row.created_at,
    )
    statement = pick(row, *TOPIC, Organisation.name.label("enterprise"), *columns).join(Organisation, Organisation.id == row.enterprise_id)
    joined = statement.outerjoin(Student, Student.id == row.reserved_student_id)
    mine = or_(same_human(row.proposed_by_person_id, person_id), same_human(Student.person_id, person_id))
    return Owned(
        joined.where(mine).order_by(row.id), {"proposed_as": labels.ORIGINS, "topic_source": labels.TOPIC_SOURCES, "state": labels.TOPIC_STATES}
    )


def choices(person_id: int) -> Owned:
    """Topics ranked."""
    row = Choice
    statement = pick(row, ChoiceRound.kind, row.rank, *TOPIC, row.saved_at).join(ChoiceRound, ChoiceRound.id == row.round_id)
    joined = statement.join(Topic, Topic.id == row.topic_id).join(Student, Student.id == row.student_id)
    return Owned(joined.where(same_human(Student.person_id, person_id)).order_by(row.round_id, row.rank), {"kind": labels.ROUND_KINDS})


def wishes(person_id: int) -> Owned:
    """Supervisors one wished for."""
    row, wished = SupervisorWish, sa.orm.aliased(Person)
    statement = pick(row, *TOPIC, row.role, row.rank, wished.name.label("supervisor"), row.saved_at).join(wished, wished.id == row.person_id)
    return Owned(_mine(statement, row.capstone_id, person_id).order_by(row.id), {"role": labels.ROLES})


def wished_for(person_id: int) -> Owned:
    """That one was wished for as a supervisor: in which place, without by whom and for what."""
    row = SupervisorWish
    return Owned(pick(row, row.role, row.rank, row.saved_at).where(same_human(row.person_id, person_id)).order_by(row.id), {"role": labels.ROLES})


def teams(person_id: int) -> Owned:
    """Teams of students who work on one topic."""
    row = Team
    leader = sa.orm.aliased(Student)
    is_leader = sa.func.coalesce(same_human(leader.person_id, person_id), sa.false()).label("is_leader")
    statement = pick(row, row.name.label("group"), is_leader, TeamMember.asked_at, TeamMember.accepted_at, row.created_at, row.dissolved_at)
    joined = statement.join(TeamMember, TeamMember.team_id == row.id).join(Student, Student.id == TeamMember.student_id)
    joined = joined.join(leader, leader.id == row.leader_id)
    return Owned(joined.where(same_human(Student.person_id, person_id)).order_by(row.id))


def conflicts(person_id: int) -> Owned:
    """That one stays away from somebody as supervisor or student, and why; who the other is stays untold."""
    row = Conflict
    statement = pick(row, row.reason, row.recorded_at, row.lifted_at).join(Student, Student.id == row.student_id)
    return Owned(statement.where(or_(same_human(row.person_id, person_id), same_human(Student.person_id, person_id))).order_by(row.id))


# -- the student's work -------------------------------------------------------------------------------------------------


def capstones(person_id: int) -> Owned:
    """One's capstones, with the result once it is published."""
    row = Capstone
    result = (case((PUBLISHED, row.score_x10)).label("score"), case((PUBLISHED, row.grade_text)).label("grade"))
    columns = (row.state, row.starts_on, row.ends_on, row.place, StoredFile.name.label("file"), row.submitted_at, *result, row.finished_on, row.note)
    statement = pick(row, *TOPIC, Organisation.name.label("enterprise"), *columns).outerjoin(Topic, Topic.id == row.topic_id)
    joined = statement.outerjoin(Organisation, Organisation.id == row.enterprise_id).outerjoin(StoredFile, StoredFile.id == row.thesis_file_id)
    mine = joined.join(Student, Student.id == row.student_id).where(same_human(Student.person_id, person_id))
    return Owned(mine.order_by(row.id), {"state": labels.CAPSTONE_STATES, "score": tenths, "grade": _grade})


def papers(person_id: int) -> Owned:
    """Papers of one's capstones, stage by stage."""
    row = CapstonePaper
    columns = (row.stage, StoredFile.name.label("file"), row.note, row.handed_in_at, row.similarity_x10.label("similarity"), row.similarity_reason)
    statement = pick(row, *TOPIC, *columns, row.returned_at, row.return_reason).join(StoredFile, StoredFile.id == row.file_id)
    return Owned(
        _mine(statement, row.capstone_id, person_id).order_by(row.id), {"stage": labels.STAGES, "similarity": lambda value: f"{value / 10:g}%"}
    )


def comments_received(person_id: int) -> Owned:
    """What was written on one's papers."""
    row = PaperComment
    statement = pick(row, *TOPIC, CapstonePaper.stage, row.text, row.at).join(CapstonePaper, CapstonePaper.id == row.paper_id)
    return Owned(_mine(statement, CapstonePaper.capstone_id, person_id).order_by(row.id), {"stage": labels.STAGES})


def guidance_received(person_id: int) -> Owned:
    """Guidance one received."""
    row, supervisor = GuidanceEntry, sa.orm.aliased(Person)
    columns = (row.role, supervisor.name.label("supervisor"), row.on.label("on_day"), row.content.label("text"), row.confirmed_at, row.created_at)
    statement = pick(row, *TOPIC, *columns).join(supervisor, supervisor.id == row.person_id)
    return Owned(_mine(statement, row.capstone_id, person_id).order_by(row.on, row.id), {"role": labels.ROLES})


def supervisors(person_id: int) -> Owned:
    """Who supervises one's capstones."""
    row, supervisor = Supervision, sa.orm.aliased(Person)
    statement = pick(row, *TOPIC, row.role, supervisor.name.label("supervisor"), row.since, row.until).join(
        supervisor, supervisor.id == row.person_id
    )
    return Owned(_mine(statement, row.capstone_id, person_id).order_by(row.id), {"role": labels.ROLES})


def extensions(person_id: int) -> Owned:
    """More time that was granted, and why."""
    row = StageExtension
    statement = pick(row, *TOPIC, row.stage, row.until, row.reason, row.granted_at)
    return Owned(_mine(statement, row.capstone_id, person_id).order_by(row.id), {"stage": labels.WINDOWS})


def grades_received(person_id: int) -> Owned:
    """Grades of both sides, once published."""
    row = CapstoneGrade
    statement = pick(
        row, *TOPIC, row.role, row.rubric.label("marks"), row.score_x10.label("score"), row.comment, row.signed_at, row.replaced_at, row.reason
    )
    published = _mine(statement, row.capstone_id, person_id).where(PUBLISHED, row.signed_at.is_not(None))
    return Owned(published.order_by(row.id), {"role": labels.ROLES, "marks": _points, "score": tenths})


def third_grades_received(person_id: int) -> Owned:
    """The grade of a third person, once published."""
    row = ThirdGrade
    statement = pick(row, *TOPIC, row.rubric.label("marks"), row.score_x10.label("score"), row.comment, row.signed_at)
    published = _mine(statement, row.capstone_id, person_id).where(PUBLISHED, row.signed_at.is_not(None))
    return Owned(published.order_by(row.id), {"marks": _points, "score": tenths})


def reviews_received(person_id: int) -> Owned:
    """What reviewers said of one's thesis, once the result is published, without who they are."""
    row = Review
    statement = pick(row, *TOPIC, row.kind, row.score_x10.label("score"), row.verdict, row.comment, row.signed_at)
    published = _mine(statement, row.capstone_id, person_id).where(PUBLISHED, row.signed_at.is_not(None), row.cancelled_at.is_(None))
    return Owned(published.order_by(row.id), {"kind": labels.REVIEW_KINDS, "score": tenths, "verdict": labels.VERDICTS})


def defences(person_id: int) -> Owned:
    """One's defence: where and when, and what was noted once the result is published."""
    row, panel = DefenceSlot, DefenceGroup
    noted = (case((PUBLISHED, row.questions)).label("text"), case((PUBLISHED, row.score_x10)).label("score"))
    verdict = case((PUBLISHED, row.verdict)).label("verdict")
    statement = pick(row, *TOPIC, panel.name.label("group"), panel.room, panel.on.label("on_day"), *noted, verdict).join(
        panel, panel.id == row.group_id
    )
    joined = _mine(statement, row.capstone_id, person_id).where(panel.published_at.is_not(None))
    return Owned(joined.order_by(row.id), {"score": tenths, "verdict": labels.VERDICTS})


def reconsiderations(person_id: int) -> Owned:
    """Appeals against the result, and moderation once it was decided."""
    row = Reconsideration
    columns = (
        row.kind,
        row.reason,
        row.before_x10.label("before"),
        row.opened_at,
        row.decision,
        row.after_x10.label("after"),
        row.note,
        row.decided_at,
    )
    statement = _mine(pick(row, *TOPIC, *columns), row.capstone_id, person_id).where(PUBLISHED)
    return Owned(statement.order_by(row.id), {"kind": labels.REASON_KINDS, "before": tenths, "after": tenths, "decision": labels.DECISIONS})


def spot_checks(person_id: int) -> Owned:
    """Spot checks of one's thesis by the province, with the outcome; those that were declared void say since when."""
    row = SpotItem
    statement = pick(row, *TOPIC, SpotCheck.year, row.outcome.label("result"), SpotCheck.drawn_at, SpotCheck.voided_at)
    statement = statement.join(SpotCheck, SpotCheck.id == row.check_id)
    return Owned(_mine(statement, row.capstone_id, person_id).order_by(row.id), {"result": labels.SPOT_OUTCOMES})


# -- guiding and judging ------------------------------------------------------------------------------------------------


def supervisions(person_id: int) -> Owned:
    """Capstones one supervises, with the names of the students."""
    row, student = Supervision, sa.orm.aliased(Person)
    statement = pick(row, *TOPIC, student.name.label("student"), row.role, row.since, row.until)
    joined = _of_capstone(statement, row.capstone_id).join(Student, Student.id == Capstone.student_id).join(student, student.id == Student.person_id)
    return Owned(joined.where(same_human(row.person_id, person_id)).order_by(row.id), {"role": labels.ROLES})


def guidance_given(person_id: int) -> Owned:
    """Guidance one gave; what a student wrote down stands with the guidance they received."""
    row = GuidanceEntry
    statement = pick(row, *TOPIC, row.role, row.on.label("on_day"), row.content.label("text"), row.confirmed_at, row.created_at)
    return Owned(
        _of_capstone(statement, row.capstone_id).where(same_human(row.person_id, person_id)).order_by(row.on, row.id), {"role": labels.ROLES}
    )


def comments_written(person_id: int) -> Owned:
    """What one wrote on papers."""
    row = PaperComment
    statement = pick(row, *TOPIC, CapstonePaper.stage, row.text, row.at).join(CapstonePaper, CapstonePaper.id == row.paper_id)
    joined = _of_capstone(statement, CapstonePaper.capstone_id)
    return Owned(joined.where(same_human(row.person_id, person_id)).order_by(row.id), {"stage": labels.STAGES})


def grades_given(person_id: int) -> Owned:
    """Grades one gave."""
    row = CapstoneGrade
    statement = pick(
        row, *TOPIC, row.role, row.rubric.label("marks"), row.score_x10.label("score"), row.comment, row.signed_at, row.replaced_at, row.reason
    )
    joined = _of_capstone(statement, row.capstone_id)
    return Owned(joined.where(same_human(row.person_id, person_id)).order_by(row.id), {"role": labels.ROLES, "marks": _points, "score": tenths})


def third_grades_given(person_id: int) -> Owned:
    """Grades one gave as the third person."""
    row = ThirdGrade
    statement = pick(row, *TOPIC, row.asked_at, row.rubric.label("marks"), row.score_x10.label("score"), row.comment, row.signed_at)
    joined = _of_capstone(statement, row.capstone_id)
    return Owned(joined.where(same_human(row.person_id, person_id)).order_by(row.id), {"marks": _points, "score": tenths})


def reviews_written(person_id: int) -> Owned:
    """Reviews one was asked for and wrote."""
    row = Review
    columns = (row.kind, row.asked_at, row.due_on, row.score_x10.label("score"), row.verdict, row.comment, row.signed_at, row.cancelled_at)
    joined = _of_capstone(pick(row, *TOPIC, *columns), row.capstone_id)
    return Owned(
        joined.where(same_human(row.person_id, person_id)).order_by(row.id),
        {"kind": labels.REVIEW_KINDS, "score": tenths, "verdict": labels.VERDICTS},
    )


def panels(person_id: int) -> Owned:
    """Panels one sits on or writes the record of."""
    row = DefenceGroup
    is_chair = sa.func.coalesce(DefenceMember.is_chair, sa.false()).label("is_chair")
    is_secretary = sa.func.coalesce(same_human(row.secretary_id, person_id), sa.false()).label("is_secretary")
    statement = pick(row, row.name.label("group"), row.room, row.on.label("on_day"), is_chair, is_secretary)
    joined = statement.outerjoin(DefenceMember, sa.and_(DefenceMember.group_id == row.id, same_human(DefenceMember.person_id, person_id)))
    mine = or_(DefenceMember.id.is_not(None), same_human(row.secretary_id, person_id))
    return Owned(joined.where(mine).order_by(row.id))


def spot_opinions(person_id: int) -> Owned:
    """Opinions one gave in spot checks."""
    row = SpotOpinion
    statement = pick(row, *TOPIC, row.stage.label("number"), row.verdict, row.comment, row.asked_at, row.signed_at).join(
        SpotItem, SpotItem.id == row.item_id
    )
    joined = _of_capstone(statement, SpotItem.capstone_id)
    return Owned(joined.where(same_human(row.person_id, person_id)).order_by(row.id), {"verdict": labels.SPOT_VERDICTS})


def links(person_id: int) -> Owned:
    """One-time addresses one got for guiding or grading."""
    row = MentorLink
    joined = _of_capstone(pick(row, *TOPIC, row.purpose.label("kind"), row.made_at, row.expires_at, row.used_at, row.revoked_at), row.capstone_id)
    return Owned(joined.where(same_human(row.person_id, person_id)).order_by(row.id), {"kind": labels.LINK_PURPOSES})
