"""Selects on guidance, papers and grades."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import and_, func, or_, select, union
from sqlalchemy.orm import aliased

from enterprises.capstones.impartiality import Office
from enterprises.capstones.machine import MACHINE
from enterprises.capstones.models import Capstone, CapstoneGrade, CapstonePaper, DefenceSlot, GuidanceEntry, Review, Supervision
from enterprises.capstones.queries.impartiality import barred_among
from enterprises.capstones.types import CONCLUDED, Action, CapstoneState, Stage, SupervisorRole
from trainhub.kernel.db import session
from trainhub.kernel.files import StoredFile
from trainhub.people.models import Person, Student
from trainhub.people.types import StudentState


def reports_to_check(person_id: int) -> frozenset[int]:
    """The capstones whose latest similarity report nobody has compared with what was typed, among those somebody supervises for the school.

    Not of who has left, and not where a conflict of interest that is known by now keeps the supervisor from saying anything.
    """
    later = aliased(CapstonePaper)
    newer = select(later.id).where(later.capstone_id == CapstonePaper.capstone_id, later.stage == Stage.SIMILARITY, later.id > CapstonePaper.id)
    statement = (
        select(Capstone.id, Capstone.student_id)
        .join(CapstonePaper, CapstonePaper.capstone_id == Capstone.id)
        .join(Student, Student.id == Capstone.student_id)
        .join(Supervision, and_(Supervision.capstone_id == Capstone.id, Supervision.role == SupervisorRole.SCHOOL, Supervision.until.is_(None)))
        .where(
            Supervision.person_id == person_id,
            Student.state != StudentState.WITHDRAWN,
            CapstonePaper.stage == Stage.SIMILARITY,
            CapstonePaper.similarity_checked_at.is_(None),
            Capstone.state.in_(MACHINE[Action.CHECK_REPORT].states),
            ~newer.exists(),
        )
    )
    rows = {key: student_id for key, student_id in session().execute(statement)}
    barred = barred_among(rows, Office.SCHOOL) if rows else {}
    return frozenset(key for key in rows if person_id not in barred.get(key, ()))


def to_conclude(cohort_id: int) -> dict[str, list[int]]:
    """By deed the capstones of a cohort, in the order of numbers: `finish` those that are graded, `archive` those that are concluded and open."""
    mine = select(Capstone.id).join(Student, Student.id == Capstone.student_id).where(Student.cohort_id == cohort_id)
    mine = mine.order_by(Student.student_no, Capstone.id)
    return {
        "finish": list(session().scalars(mine.where(Capstone.state == CapstoneState.GRADED))),
        "archive": list(session().scalars(mine.where(Capstone.state.in_(CONCLUDED), Capstone.archived_at.is_(None)))),
    }


def capstones_by_id(ids: Collection[int]) -> dict[int, Capstone]:
    """Some capstones by id; one query."""
    return {row.id: row for row in session().scalars(select(Capstone).where(Capstone.id.in_(list(ids))))}


def entries_of(capstone_id: int) -> list[tuple[GuidanceEntry, str]]:
    """Every guidance with the supervisor's name, the latest first."""
    statement = (
        select(GuidanceEntry, Person.name)
        .join(Person, Person.id == GuidanceEntry.person_id)
        .where(GuidanceEntry.capstone_id == capstone_id)
        .order_by(GuidanceEntry.on.desc(), GuidanceEntry.id.desc())
    )
    return [(row, name) for row, name in session().execute(statement)]


def entry(entry_id: int) -> GuidanceEntry | None:
    """A guidance by id."""
    return session().get(GuidanceEntry, entry_id)


def entry_on(capstone_id: int, role: SupervisorRole, on: date) -> GuidanceEntry | None:
    """The guidance of one side on a day."""
    return session().scalar(select(GuidanceEntry).where(GuidanceEntry.capstone_id == capstone_id, GuidanceEntry.role == role, GuidanceEntry.on == on))


def papers_of(capstone_id: int) -> list[tuple[CapstonePaper, StoredFile]]:
    """Every version of every paper with its file, the latest first."""
    statement = (
        select(CapstonePaper, StoredFile)
        .join(StoredFile, StoredFile.id == CapstonePaper.file_id)
        .where(CapstonePaper.capstone_id == capstone_id)
        .order_by(CapstonePaper.handed_in_at.desc(), CapstonePaper.id.desc())
    )
    return [(row, file) for row, file in session().execute(statement)]


def paper(capstone_id: int, paper_id: int) -> StoredFile | None:
    """The file of a paper of this capstone."""
    return session().scalar(
        select(StoredFile)
        .join(CapstonePaper, CapstonePaper.file_id == StoredFile.id)
        .where(CapstonePaper.id == paper_id, CapstonePaper.capstone_id == capstone_id)
    )


def size_of_files(capstone_id: int, *, and_file: int = 0) -> int:
    """Bytes of all papers of a capstone, those without names too, and of what is attached to reviews and records of defences, together with one more file if asked.

    The same content counts once.
    """
    kept = (CapstonePaper.file_id, CapstonePaper.anonymous_file_id, Review.file_id, DefenceSlot.file_id)
    mine = union(*(select(one).where(one.class_.capstone_id == capstone_id, one.is_not(None)) for one in kept))
    files = select(StoredFile.sha256, func.max(StoredFile.size).label("size")).where(
        or_(StoredFile.id.in_(mine.scalar_subquery()), StoredFile.id == and_file)
    )
    return int(session().scalar(select(func.coalesce(func.sum(files.group_by(StoredFile.sha256).subquery().c.size), 0))) or 0)


def grades_of(capstone_id: int) -> dict[SupervisorRole, CapstoneGrade]:
    """The grades that hold, by side."""
    statement = select(CapstoneGrade).where(CapstoneGrade.capstone_id == capstone_id, CapstoneGrade.replaced_at.is_(None))
    return {row.role: row for row in session().scalars(statement)}


def grade_by_id(grade_id: int) -> CapstoneGrade | None:
    """A grade by id."""
    return session().get(CapstoneGrade, grade_id)


def grade_history(capstone_id: int) -> list[tuple[CapstoneGrade, str]]:
    """Every grade ever signed with who signed it, in order."""
    statement = (
        select(CapstoneGrade, Person.name)
        .join(Person, Person.id == CapstoneGrade.person_id)
        .where(CapstoneGrade.capstone_id == capstone_id)
        .order_by(CapstoneGrade.id)
    )
    return [(row, name) for row, name in session().execute(statement)]
