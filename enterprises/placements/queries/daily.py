"""The daily work around placements: agreement texts, events, photos, notes, links of mentors, ratings."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, and_, case, func, or_, select

from enterprises.bases import queries as bases
from enterprises.mentors.models import Mentor
from enterprises.permissions import SCHOOL
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
    Position,
    PositionSeats,
    Rating,
    WeeklyLog,
)
from enterprises.placements.queries.hosting import open_seats
from enterprises.placements.queries.placing import DECIDED, HELD, placement_view, school_side, visible_to
from enterprises.placements.rules import parties_needed
from enterprises.placements.types import (
    AgreementKind,
    AgreementParty,
    DayState,
    EventKind,
    EventState,
    Ground,
    PlacementState,
    RaterSide,
    TextState,
)
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.db import session
from trainhub.kernel.files import StoredFile
from trainhub.ledger import queries as ledger
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people
from trainhub.people.models import Person, Student

# -- agreement texts ----------------------------------------------------------------------------------------------------
_TEXTS = select(AgreementText).where(AgreementText.placement_id == sa.bindparam("placement_id")).order_by(AgreementText.number)
_SIGNED = select(AgreementSignature.text_no, AgreementSignature.party).where(AgreementSignature.placement_id == sa.bindparam("placement_id"))


def text_rows(placement_id: int) -> list[AgreementText]:
    """The texts that were sent to signature, in order; none: only the agreement itself, as it stands on the page."""
    return list(session().scalars(_TEXTS, {"placement_id": placement_id}))


def agreed_now(placement_id: int) -> dict[str, Any]:
    """What the parties agree on as it stands now, in the order of the page: what a signature keeps."""
    row = placement_view(placement_id)
    return {
        "student": row.student,
        "student_no": row.student_no,
        "programme": row.programme,
        "university": row.university,
        "enterprise": row.enterprise,
        "base": row.base,
        "position": row.position,
        "starts_on": row.starts_on.isoformat(),
        "ends_on": row.ends_on.isoformat(),
        "mentor": row.mentor,
    }


def texts_of(placement_id: int) -> list[TextState]:
    """Every text with who signed it; the agreement is there from the beginning."""
    signed: dict[int, set[Any]] = {}
    for number, party in session().execute(_SIGNED, {"placement_id": placement_id}):
        signed.setdefault(number, set()).add(party)
    rows = text_rows(placement_id)
    found = [TextState(row.number, row.kind, row.is_replaced, frozenset(signed.get(row.number, ()))) for row in rows]
    if all(row.number != 1 for row in rows):
        found.insert(0, TextState(1, AgreementKind.AGREEMENT, False, frozenset(signed.get(1, ()))))
    return found


def papers_on(placement: Placement, *, trained_on: date | None = None) -> date | None:
    """Since when the three parties (and a guardian who signed) had signed the agreement, in whatever form stood then, and the
    student was trained in safety (`trained_on`: had it been on that day); None: nothing of that is known."""
    agreements = {text.number for text in texts_of(placement.id) if text.kind is AgreementKind.AGREEMENT}
    first: dict[AgreementParty, date] = {}
    statement = select(AgreementSignature).where(AgreementSignature.placement_id == placement.id).order_by(AgreementSignature.signed_on)
    for row in session().scalars(statement):
        if row.text_no in agreements:
            first.setdefault(row.party, row.signed_on)
    days = [first.get(party) for party in parties_needed(is_minor=True)] + [trained_on or placement.safety_trained_on]
    return max((day for day in days if day is not None), default=None)


def ground_of(placement: Placement) -> Ground:
    """What the days of a placement stand on."""
    insured = (placement.insured_from, placement.insured_until)
    campus = bases.campus_on(placement.base_id) if placement.base_id is not None else _nowhere
    student = session().get_one(Student, placement.student_id)
    suspended = tuple((row.since, row.until) for row in people.suspensions_of(student.id))
    return Ground(placement.counts_from, insured, campus, student.left_on, suspended)


def returned(placement: Placement, entries: Collection[DayEntry]) -> list[DayEntry]:
    """Those of the entries that wait again or were sent back or corrected, and may be put right. When a placement was withdrawn what
    nobody had confirmed is given back for good; what had been confirmed and was corrected by mistake is not lost with it."""
    found = [entry for entry in entries if entry.state is not DayState.APPROVED]
    if placement.state is not PlacementState.WITHDRAWN or not found:
        return found
    days = ledger.confirmed_on(placement.student_id, placement.enterprise_id, [entry.on for entry in found], stands=False)
    return [entry for entry in found if entry.on in days]


def _nowhere(_day: date) -> bool:
    return False


# -- events -------------------------------------------------------------------------------------------------------------
def event(event_id: int) -> PlacementEvent | None:
    """An event by id."""
    return session().get(PlacementEvent, event_id)


def events_of(placement_id: int) -> list[PlacementEvent]:
    """What happened in a placement, the latest first."""
    statement = select(PlacementEvent).where(PlacementEvent.placement_id == placement_id)
    return list(session().scalars(statement.order_by(PlacementEvent.since.desc(), PlacementEvent.id.desc())))


def readable_events(identity: Identity, ids: Iterable[int]) -> set[int]:
    """Of the events those whose words the reader may read; of the others hosts see that there is one, when, and whether it is settled.

    School and student read everything. An incident or the findings of a visit may concern the mentor and the enterprise: they read what they
    reported themselves and what the school has shown them. A reason for leave is read by the mentor, who decides on it.
    """
    clauses = [school_side(identity), PlacementEvent.shared_at.is_not(None)]
    if identity.account_id is not None:
        clauses.append(PlacementEvent.reported_by_id == identity.account_id)
    if identity.person_id is not None and identity.has(Role.MENTOR):
        mine = select(Mentor.id).where(Mentor.person_id == identity.person_id)
        clauses.append(and_(PlacementEvent.kind.in_([EventKind.ABSENCE, EventKind.INTERRUPTION]), Placement.mentor_id.in_(mine)))
    statement = (
        select(PlacementEvent.id)
        .join(Placement, Placement.id == PlacementEvent.placement_id)
        .join(Student, Student.id == Placement.student_id)
        .where(PlacementEvent.id.in_(set(ids)), or_(*clauses))
    )
    return set(session().scalars(statement))


def absences_of(placement_id: int) -> list[tuple[date, date]]:
    """The spans of approved absences and interruptions."""
    statement = select(PlacementEvent.since, PlacementEvent.until).where(
        PlacementEvent.placement_id == placement_id,
        PlacementEvent.kind.in_([EventKind.ABSENCE, EventKind.INTERRUPTION]),
        PlacementEvent.state == EventState.APPROVED,
    )
    return [(since, until) for since, until in session().execute(statement.order_by(PlacementEvent.since))]


def events_listing(identity: Identity, *, kind: EventKind | None = None, only_open: bool = False) -> Any:
    """Events of the placements that the reader may see, what is open first."""
    statement: Any = (
        select(PlacementEvent, Person.name.label("student"), Organisation.name.label("enterprise"), Position.title.label("position"), Placement.state)
        .join(Placement, Placement.id == PlacementEvent.placement_id)
        .join(Student, Student.id == Placement.student_id)
        .join(Person, Person.id == Student.person_id)
        .join(Organisation, Organisation.id == Placement.enterprise_id)
        .join(Position, Position.id == Placement.position_id)
        .where(visible_to(identity))
    )
    if kind is not None:
        statement = statement.where(PlacementEvent.kind == kind)
    if only_open:
        statement = statement.where(PlacementEvent.state == EventState.OPEN)
    return statement.order_by(PlacementEvent.state != EventState.OPEN, PlacementEvent.since.desc(), PlacementEvent.id.desc())


def last_confirmed(placement_ids: Iterable[int]) -> dict[int, date]:
    """By placement its last confirmed day; without those that have none."""
    statement = select(DayEntry.placement_id, func.max(DayEntry.on)).where(
        DayEntry.placement_id.in_(set(placement_ids)), DayEntry.state == DayState.APPROVED
    )
    return {key: day for key, day in session().execute(statement.group_by(DayEntry.placement_id))}


def confirmed_to(on: date | None = None) -> Any:
    """SQL: the last confirmed day of a placement, up to a day where one is given; null without any."""
    statement = select(func.max(DayEntry.on)).where(DayEntry.placement_id == Placement.id, DayEntry.state == DayState.APPROVED)
    return (statement.where(DayEntry.on <= on) if on is not None else statement).correlate(Placement).scalar_subquery()


def broken_off(on: date | None = None) -> ColumnElement[bool]:
    """SQL: whether a placement was withdrawn while it ran: what was learnt until then counts, is graded and certified, to its last confirmed day."""
    return and_(Placement.state == PlacementState.WITHDRAWN, confirmed_to(on).is_not(None))


def last_day(on: date | None = None) -> Any:
    """SQL: the last day of a placement; of one that was withdrawn the last confirmed one (`broken_off`)."""
    return case((Placement.state == PlacementState.WITHDRAWN, confirmed_to(on)), else_=Placement.ends_on)


def confirmed_outside(placement_id: int, since: date, until: date) -> list[date]:
    """The confirmed days of a placement before and after a span, in time."""
    statement = select(DayEntry.on).where(DayEntry.placement_id == placement_id, DayEntry.state == DayState.APPROVED)
    return list(session().scalars(statement.where(or_(DayEntry.on < since, DayEntry.on > until)).order_by(DayEntry.on)))


def mentors_waited_for(due: date, *, today: date) -> list[tuple[int, int]]:
    """Persons of mentors in office for whom days up to `due` still wait, with how many. Whose office is over may confirm none: another has to be named."""
    statement = (
        select(Mentor.person_id, func.count(DayEntry.id))
        .join(Placement, Placement.mentor_id == Mentor.id)
        .join(DayEntry, DayEntry.placement_id == Placement.id)
        .where(DayEntry.state == DayState.PENDING, DayEntry.on <= due, Placement.state.in_(DECIDED))
        .where(or_(Mentor.until.is_(None), Mentor.until >= today))
        .group_by(Mentor.person_id)
        .order_by(Mentor.person_id)
    )
    return [(person_id, count) for person_id, count in session().execute(statement)]


# -- logs ---------------------------------------------------------------------------------------------------------------
def log(log_id: int) -> WeeklyLog | None:
    """A weekly log by id."""
    return session().get(WeeklyLog, log_id)


def notes_of(log_ids: Collection[int]) -> dict[int, list[LogNote]]:
    """By weekly log what was written under it, in time."""
    found: dict[int, list[LogNote]] = {}
    for row in session().scalars(select(LogNote).where(LogNote.log_id.in_(list(log_ids))).order_by(LogNote.id)):
        found.setdefault(row.log_id, []).append(row)
    return found


def papers_of(placement_id: int) -> list[PlacementPaper]:
    """The papers kept with a placement, the latest first."""
    statement = select(PlacementPaper).where(PlacementPaper.placement_id == placement_id)
    return list(session().scalars(statement.order_by(PlacementPaper.kind, PlacementPaper.id.desc())))


def papers_with_files(placement_id: int) -> list[tuple[PlacementPaper, StoredFile]]:
    """The papers of a placement with what is stored, by kind, the latest first."""
    statement = select(PlacementPaper, StoredFile).join(StoredFile, StoredFile.id == PlacementPaper.file_id)
    statement = statement.where(PlacementPaper.placement_id == placement_id).order_by(PlacementPaper.kind, PlacementPaper.id.desc())
    return [(row, kept) for row, kept in session().execute(statement)]


def paper(paper_id: int) -> PlacementPaper | None:
    """A paper by id."""
    return session().get(PlacementPaper, paper_id)


def photo(photo_id: int) -> LogPhoto | None:
    """A photo by id."""
    return session().get(LogPhoto, photo_id)


def photos_between(placement_id: int, since: date, until: date) -> list[tuple[LogPhoto, StoredFile]]:
    """The photos of a span, in time."""
    statement = (
        select(LogPhoto, StoredFile)
        .join(StoredFile, StoredFile.id == LogPhoto.file_id)
        .where(LogPhoto.placement_id == placement_id, LogPhoto.on >= since, LogPhoto.on <= until)
        .order_by(LogPhoto.on, LogPhoto.id)
    )
    return [(row, kept) for row, kept in session().execute(statement)]


def decided_alike(placement_id: int, ids: Collection[int], *, state: DayState, reason: str, by_id: int | None) -> bool:
    """Whether an account has decided all of these entries in just this way already."""
    if not ids or by_id is None:
        return False
    statement = select(func.count(DayEntry.id)).where(
        DayEntry.placement_id == placement_id,
        DayEntry.id.in_(list(ids)),
        DayEntry.state == state,
        DayEntry.reason == reason,
        DayEntry.decided_by_id == by_id,
    )
    return session().scalar(statement) == len(ids)


def logs_to_review(identity: Identity, until: date | None = None) -> Any:
    """Weekly logs (of the week of a day at the latest) that no supervisor has reviewed yet and that the reader may review, the oldest first; also of
    placements that are finished: the last weeks' are written then."""
    reviews = organisations.scope(
        identity, [*SCHOOL, Role.SCHOOL_SUPERVISOR], organisations=(Student.university_id,), programmes=(Student.programme_id,)
    )
    statement: Any = (
        select(WeeklyLog, Person.name.label("student"), Student.student_no, Organisation.name.label("enterprise"))
        .join(Placement, Placement.id == WeeklyLog.placement_id)
        .join(Student, Student.id == Placement.student_id)
        .join(Person, Person.id == Student.person_id)
        .join(Organisation, Organisation.id == Placement.enterprise_id)
        .where(reviews, WeeklyLog.reviewed_on.is_(None), Placement.state.in_(HELD))
    )
    if until is not None:
        statement = statement.where(sa.tuple_(WeeklyLog.iso_year, WeeklyLog.iso_week) <= sa.tuple_(*until.isocalendar()[:2]))
    return statement.order_by(WeeklyLog.iso_year, WeeklyLog.iso_week, Person.pinyin, WeeklyLog.id)


# -- links --------------------------------------------------------------------------------------------------------------
def mentor_link(token_hash: str) -> MentorLink | None:
    """The link with this hash."""
    return session().scalar(select(MentorLink).where(MentorLink.token_hash == token_hash))


def live_links(mentor_id: int, made_by_id: int | None, now: datetime) -> list[MentorLink]:
    """Links of a mentor that somebody made (None: the weekly reminder) and that still open."""
    statement = select(MentorLink).where(MentorLink.mentor_id == mentor_id, MentorLink.used_at.is_(None), MentorLink.expires_at > now)
    statement = statement.where(MentorLink.made_by_id.is_(None) if made_by_id is None else MentorLink.made_by_id == made_by_id)
    return list(session().scalars(statement.order_by(MentorLink.id)))


def links_since(mentor_id: int, since: datetime) -> list[MentorLink]:
    """Links that were made for a mentor since an instant."""
    return list(session().scalars(select(MentorLink).where(MentorLink.mentor_id == mentor_id, MentorLink.made_at >= since).order_by(MentorLink.id)))


def handed_links(mentor_id: int, university_id: int, now: datetime) -> list[MentorLink]:
    """Links that still work and open the students of one school alone, because the enterprise hands them on or only it vouches for where they were sent:
    the school makes their codes."""
    statement = select(MentorLink).where(
        MentorLink.mentor_id == mentor_id,
        MentorLink.university_id == university_id,
        MentorLink.used_at.is_(None),
        MentorLink.expires_at > now,
    )
    return list(session().scalars(statement.order_by(MentorLink.id)))


def mentor_person(mentor_id: int) -> Person:
    """The person of a mentor."""
    return session().execute(select(Person).join(Mentor, Mentor.person_id == Person.id).where(Mentor.id == mentor_id)).scalar_one()


# -- ratings ------------------------------------------------------------------------------------------------------------
def ratings_of(placement_id: int) -> dict[RaterSide, Rating]:
    """The ratings of a placement by side."""
    return {row.side: row for row in session().scalars(select(Rating).where(Rating.placement_id == placement_id))}


def rows_of_days(placement_id: int, since: date, until: date, state: DayState) -> int:
    """How many days of a span are in a state."""
    statement = select(func.count(DayEntry.id)).where(
        DayEntry.placement_id == placement_id, DayEntry.on >= since, DayEntry.on <= until, DayEntry.state == state
    )
    return session().scalar(statement) or 0


def base_place(base_id: int | None) -> tuple[int, int] | None:
    """Where a base stands, in degrees times 100,000; None when it is not known."""
    profile = bases.profile(base_id) if base_id is not None else None
    if profile is None or profile.latitude_e5 is None or profile.longitude_e5 is None:
        return None
    return profile.latitude_e5, profile.longitude_e5


def other_positions(placement: Placement) -> list[tuple[int, str]]:
    """Approved positions with a seat left in a placement's term, for a change of base."""
    base = sa.orm.aliased(Organisation)
    statement = (
        select(Position.id, Organisation.name, Position.title, base.name)
        .join(PositionSeats, PositionSeats.position_id == Position.id)
        .join(Organisation, Organisation.id == Position.enterprise_id)
        .outerjoin(base, base.id == Position.base_id)
        .where(
            PositionSeats.term_id == placement.term_id,
            PositionSeats.taken < PositionSeats.seats,
            open_seats(),
            Position.id != placement.position_id,
        )
        .order_by(Organisation.pinyin, Position.title, Position.id)
    )
    return [(key, f"{name} · {title}" + (f"（{where}）" if where else "")) for key, name, title, where in session().execute(statement)]
