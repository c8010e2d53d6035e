"""What the room stores about somebody who is placed, guides or leads a base, told for the page "my data": each is one select."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from enterprises.bases import labels as base_labels
from enterprises.bases.models import BaseLeader
from enterprises.mentors import labels as mentor_labels
from enterprises.mentors.models import Mentor, MentorAddress, MentorAppraisal, MentorConflict, MentorProof
from enterprises.placements import labels
from enterprises.placements.models import (
    AgreementSignature,
    AgreementText,
    DayEntry,
    LogNote,
    LogPhoto,
    MentorLink,
    Placement,
    PlacementEvent,
    PlacementPaper,
    PlanHostSignature,
    Position,
    Preference,
    Priority,
    Rating,
    Round,
    SelfFound,
    Term,
    WeeklyLog,
)
from enterprises.placements.types import LogTag, RaterSide
from enterprises.subsidies import labels as subsidy_labels
from enterprises.subsidies.models import SubsidyClaim, SubsidyItem
from trainhub.identity.models import Account
from trainhub.identity.queries.owned import Owned, pick, tenths, yuan
from trainhub.kernel.files import StoredFile
from trainhub.kernel.i18n import _, clauses, listed
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person, Student
from trainhub.people.queries import same_human
from trainhub.programmes.models import Programme, ProgrammeVersion

Select = sa.Select[Any]
PLACE = (Organisation.name.label("enterprise"), Position.title.label("post"))


def _of_placement(statement: Select, placement_id: Any, person_id: int) -> Select:
    joined = statement.join(Placement, Placement.id == placement_id).join(Student, Student.id == Placement.student_id)
    return _placed(joined).where(same_human(Student.person_id, person_id))


def _placed(statement: Select) -> Select:
    return statement.join(Organisation, Organisation.id == Placement.enterprise_id).join(Position, Position.id == Placement.position_id)


# -- students -----------------------------------------------------------------------------------------------------------


def placements(person_id: int) -> Owned:
    """Every placement with its mentor, insurance, safety training and grade."""
    row, guide = Placement, sa.orm.aliased(Person)
    when = (
        row.state,
        row.starts_on,
        row.ends_on,
        row.rank,
        row.is_by_hand,
        row.explanation,
        row.accepted_on,
        row.started_on.label("begun_on"),
        row.finished_on.label("completed_on"),
    )
    papers = (row.insurance_no, row.insured_from, row.insured_until, row.safety_trained_on)
    grade = (row.mentor_score_x10.label("score"), row.mentor_comment.label("comment"), row.graded_on)
    end = (row.ended_early_on, row.withdrawal_reason, row.withdrawn_by)
    statement = pick(row, *PLACE, Term.title.label("term"), guide.name.label("mentor"), *when, *papers, *grade, *end)
    joined = _placed(statement.join(Student, Student.id == row.student_id).join(Term, Term.id == row.term_id))
    joined = joined.outerjoin(Mentor, Mentor.id == row.mentor_id).outerjoin(guide, guide.id == Mentor.person_id)
    return Owned(
        joined.where(same_human(Student.person_id, person_id)).order_by(row.starts_on, row.id),
        {"state": labels.PLACEMENT_STATES, "score": tenths, "withdrawn_by": labels.WITHDRAWAL_SIDES},
    )


def days(person_id: int) -> Owned:
    """The days entered, and what became of them."""
    row = DayEntry
    said = (row.state, row.note, row.decided_at, row.reason, row.earlier)
    statement = pick(row, *PLACE, row.on.label("on_day"), *said, row.place_distance_m, row.created_at)
    return Owned(_of_placement(statement, row.placement_id, person_id).order_by(row.on, row.id), {"state": labels.DAY_STATES, "earlier": _sent_back})


def _sent_back(rows: list[dict[str, str]] | None) -> str:
    return listed(_("%(note)s（退回：%(reason)s）", note=one["note"] or "—", reason=one["reason"] or "—") for one in rows or [])


def weeks(person_id: int) -> Owned:
    """Weekly logs."""
    row = WeeklyLog
    columns = (row.iso_year.label("year"), row.iso_week.label("week"), row.text, row.tags, row.mentor_comment, row.reviewed_on, row.saved_at)
    return Owned(
        _of_placement(pick(row, *PLACE, *columns), row.placement_id, person_id).order_by(row.iso_year, row.iso_week, row.id), {"tags": _tags}
    )


def _tags(codes: list[str]) -> str:
    return listed(labels.TAGS[LogTag(code)] for code in codes)


def log_notes(person_id: int) -> Owned:
    """What was added to weekly logs later."""
    row = LogNote
    columns = (WeeklyLog.iso_year.label("year"), WeeklyLog.iso_week.label("week"), row.side, row.text, row.written_at)
    statement = pick(row, *PLACE, *columns).join(WeeklyLog, WeeklyLog.id == row.log_id)
    return Owned(_of_placement(statement, WeeklyLog.placement_id, person_id).order_by(row.id), {"side": labels.NOTE_SIDES})


def photos(person_id: int) -> Owned:
    """Photographs beside the days."""
    row = LogPhoto
    statement = pick(row, *PLACE, row.on.label("on_day"), StoredFile.name.label("file"), StoredFile.size, row.created_at).join(
        StoredFile, StoredFile.id == row.file_id
    )
    return Owned(_of_placement(statement, row.placement_id, person_id).order_by(row.id))


def events(person_id: int) -> Owned:
    """Leave, visits, incidents."""
    row = PlacementEvent
    columns = (
        row.kind, row.since, row.until, row.text, row.outcome, row.state, row.reported_by, row.decided_at, row.created_at,
        row.is_open_ended, row.granted_until, row.change_reason, row.set_aside,
    )  # fmt: skip
    return Owned(
        _of_placement(pick(row, *PLACE, *columns), row.placement_id, person_id).order_by(row.id),
        {"kind": labels.EVENT_KINDS, "state": labels.EVENT_STATES, "set_aside": _set_aside},
    )


def _set_aside(rows: list[dict[str, Any]] | None) -> str:
    """The days that waited when leave was granted, with their notes."""
    return clauses(f"{one['on']} {one['note']}".strip() for one in rows or [])


def papers(person_id: int) -> Owned:
    """Papers of the placements."""
    row = PlacementPaper
    statement = pick(row, *PLACE, row.kind, StoredFile.name.label("file"), row.note, row.created_at).join(StoredFile, StoredFile.id == row.file_id)
    return Owned(_of_placement(statement, row.placement_id, person_id).order_by(row.id), {"kind": labels.PAPER_KINDS})


def agreements(person_id: int) -> Owned:
    """The agreements of the placements and how they were changed."""
    row = AgreementText
    statement = pick(row, *PLACE, row.number, row.kind, row.reason, row.is_replaced, row.sent_on)
    return Owned(_of_placement(statement, row.placement_id, person_id).order_by(row.id), {"kind": labels.AGREEMENT_KINDS})


def signatures(person_id: int) -> Owned:
    """Who signed the agreements of one's placements, and what one signed for others."""
    row = AgreementSignature
    statement = pick(row, *PLACE, row.text_no.label("number"), row.party, row.signed_name, row.signed_on).join(
        Placement, Placement.id == row.placement_id
    )
    joined = _placed(statement.join(Student, Student.id == Placement.student_id))
    mine = sa.or_(same_human(Student.person_id, person_id), same_human(row.person_id, person_id))
    return Owned(joined.where(mine).order_by(row.id), {"party": labels.PARTIES})


def ratings(person_id: int) -> Owned:
    """What the enterprise said of the student and the student of the base."""
    row = Rating
    statement = pick(row, *PLACE, row.side, row.marks, row.comment, row.rated_at)
    return Owned(_of_placement(statement, row.placement_id, person_id).order_by(row.rated_at), {"side": labels.RATER_SIDES}, _rated)


def _rated(row: dict[str, Any]) -> dict[str, Any]:
    topics = labels.RATING_TOPICS[RaterSide(row["side"])]
    return {**row, "marks": listed(f"{topics.get(topic, topic)} {mark}" for topic, mark in row["marks"].items())}


def preferences(person_id: int) -> Owned:
    """Positions ranked in rounds."""
    row = Preference
    statement = (
        pick(row, Round.title.label("round"), row.rank, *PLACE, row.saved_at)
        .join(Round, Round.id == row.round_id)
        .join(Position, Position.id == row.position_id)
        .join(Organisation, Organisation.id == Position.enterprise_id)
        .join(Student, Student.id == row.student_id)
    )
    return Owned(statement.where(same_human(Student.person_id, person_id)).order_by(row.round_id, row.rank))


def priorities(person_id: int) -> Owned:
    """The class in the published order of rounds."""
    row = Priority
    statement = pick(row, Round.title.label("round"), row.rank.label("priority"), Round.priority_rule)
    joined = statement.join(Round, Round.id == row.round_id).join(Student, Student.id == row.student_id)
    return Owned(joined.where(same_human(Student.person_id, person_id)).order_by(row.round_id))


def self_found(person_id: int) -> Owned:
    """Places one found oneself."""
    row = SelfFound
    place = (row.enterprise_name.label("enterprise"), row.enterprise_code, row.title.label("post"), row.address, row.contact, row.text)
    statement = pick(row, Term.title.label("term"), *place, row.state, row.reason, row.decided_at, row.created_at)
    joined = statement.join(Term, Term.id == row.term_id).join(Student, Student.id == row.student_id)
    return Owned(joined.where(same_human(Student.person_id, person_id)).order_by(row.id), {"state": labels.SELF_FOUND_STATES})


# -- mentors and leaders ------------------------------------------------------------------------------------------------


def mentorships(person_id: int) -> Owned:
    """Memberships in the pool of mentors."""
    row = Mentor
    columns = (row.post, row.title, row.skills, row.years_experience, row.load_limit, row.is_shared, row.since, row.until, row.trained_on)
    statement = pick(row, Organisation.name.label("enterprise"), *columns).join(Organisation, Organisation.id == row.enterprise_id)
    return Owned(statement.where(same_human(row.person_id, person_id)).order_by(row.id), {"skills": listed})


def guided(person_id: int) -> Owned:
    """Placements one guides or guided, with the names of the students."""
    student = sa.orm.aliased(Person)
    columns = (student.name.label("student"), Placement.state, Placement.starts_on, Placement.ends_on, Placement.graded_on)
    statement = pick(Placement, *PLACE, *columns).join(Mentor, Mentor.id == Placement.mentor_id).join(Student, Student.id == Placement.student_id)
    joined = _placed(statement.join(student, student.id == Student.person_id))
    return Owned(joined.where(same_human(Mentor.person_id, person_id)).order_by(Placement.id), {"state": labels.PLACEMENT_STATES})


def appraisals(person_id: int) -> Owned:
    """How one's work as a mentor was judged, year by year."""
    row = MentorAppraisal
    statement = pick(row, row.year, row.grade.label("result"), row.text, row.appraised_at).join(Mentor, Mentor.id == row.mentor_id)
    return Owned(statement.where(same_human(Mentor.person_id, person_id)).order_by(row.year), {"result": mentor_labels.GRADES})


def conflicts(person_id: int) -> Owned:
    """That one stays away from somebody as mentor or student, and why; who the other is stays untold."""
    row = MentorConflict
    statement = pick(row, row.reason, row.declared_at).join(Mentor, Mentor.id == row.mentor_id).join(Student, Student.id == row.student_id)
    mine = sa.or_(same_human(Mentor.person_id, person_id), same_human(Student.person_id, person_id))
    return Owned(statement.where(mine).order_by(row.declared_at))


def plan_signatures(person_id: int) -> Owned:
    """Training plans one signed for an enterprise."""
    row = PlanHostSignature
    statement = (
        pick(row, Organisation.name.label("enterprise"), Programme.name.label("programme"), ProgrammeVersion.label.label("plan"),
             row.signed_name, row.signed_on)
        .join(ProgrammeVersion, ProgrammeVersion.id == row.version_id)
        .join(Programme, Programme.id == ProgrammeVersion.programme_id)
        .outerjoin(Organisation, Organisation.id == row.organisation_id)
    )  # fmt: skip
    return Owned(statement.where(same_human(row.person_id, person_id)).order_by(row.id))


def mentor_links(person_id: int) -> Owned:
    """One-time addresses by which a mentor confirmed days."""
    row = MentorLink
    statement = pick(row, row.made_at, row.expires_at, row.used_at).join(Mentor, Mentor.id == row.mentor_id)
    return Owned(statement.where(same_human(Mentor.person_id, person_id)).order_by(row.id))


def account_proofs(person_id: int) -> Owned:
    """Codes by which a school proved who holds an account that an enterprise opened."""
    row = MentorProof
    statement = pick(row, row.code_made_at, row.proven_at).join(Account, Account.id == row.account_id)
    return Owned(statement.where(same_human(Account.person_id, person_id)).order_by(row.id))


def addresses(person_id: int) -> Owned:
    """Who vouched for one's addresses as a mentor, and how it was known."""
    row = MentorAddress
    return Owned(pick(row, row.how, row.vouched_at).where(same_human(row.person_id, person_id)).order_by(row.id))


def led_bases(person_id: int) -> Owned:
    """Bases one leads for a side."""
    row = BaseLeader
    statement = pick(row, Organisation.name.label("base"), row.side, row.post, row.since, row.until).join(
        Organisation, Organisation.id == row.base_id
    )
    return Owned(statement.where(same_human(row.person_id, person_id)).order_by(row.id), {"side": base_labels.SIDES})


def subsidies(person_id: int) -> Owned:
    """Subsidies that a training organisation claimed for one's trainings."""
    row = SubsidyItem
    columns = (row.course, row.amount_fen.label("amount_yuan"), row.state, row.is_sampled, row.is_confirmed, row.note, row.checked_at)
    statement = (
        pick(row, Organisation.name.label("organisation"), *columns, row.clawed_back_on, row.recovered_on)
        .join(SubsidyClaim, SubsidyClaim.id == row.claim_id)
        .join(Organisation, Organisation.id == SubsidyClaim.organisation_id)
    )
    return Owned(statement.where(same_human(row.person_id, person_id)).order_by(row.id), {"amount_yuan": yuan, "state": subsidy_labels.ITEMS})
