"""What the chains rest on, gathered from the ledger for many students in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select

from trainhub.certificates import queries as certificates
from trainhub.certificates.models import Certificate
from trainhub.certificates.types import State
from trainhub.kernel.db import session
from trainhub.ledger import queries as ledger
from trainhub.ledger.models import ConfirmedDay, Milestone
from trainhub.ledger.types import Source
from trainhub.oversight.chains import rules
from trainhub.oversight.chains.types import Chain, ChainFacts, Step
from trainhub.people import queries as people
from trainhub.people.models import Student
from trainhub.people.types import StudentState
from trainhub.policy.book import book
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme

COUNTED = (StudentState.ENROLLED, StudentState.SUSPENDED, StudentState.GRADUATED)
"""A student who left without graduating has no chain."""
PORTION = 500


def asked_key(programme: Programme, student_id: int) -> str:
    """The stable name of a student's programme certificate."""
    return f"programme:{programme.code}:student:{student_id}"


def studies_of(students: Sequence[Student]) -> dict[int, list[Programme]]:
    """Every programme in which students study or studied under one row, by student: that of now first, then the latest."""
    formers = people.former_studies_of(one.id for one in students)
    ids = {one.id: list(dict.fromkeys([one.programme_id, *(row.programme_id for row in reversed(formers[one.id]))])) for one in students}
    found = {one.id: one for one in programmes.by_ids({key for of in ids.values() for key in of})}
    return {student_id: [found[key] for key in of] for student_id, of in ids.items()}


def held_of(student: Student) -> list[tuple[Programme, Certificate]]:
    """The programme certificates of a student, also of a programme that was left since."""
    studies = studies_of([student])[student.id]
    known = certificates.by_asked_keys(asked_key(one, student.id) for one in studies)
    return [(one, known[key]) for one in studies if (key := asked_key(one, student.id)) in known]


def stands(certificate: Certificate | None) -> bool:
    """Whether it attests the chain, or may again: then no other programme certificate does so a second time."""
    return certificate is not None and certificate.state not in (State.REVOKED, State.SUPERSEDED)


def bars(certificate: Certificate | None) -> bool:
    """Whether a rule issues no other one to its holder: it stands, or somebody revoked it, and whether there is a new one is for a person to say."""
    return stands(certificate) or (certificate is not None and certificate.state is State.REVOKED)


def _spans(student_ids: Sequence[int]) -> dict[int, tuple[date, date]]:
    """The first and the last confirmed day by student."""
    found: dict[int, tuple[date, date]] = {}
    for start in range(0, len(student_ids), PORTION):
        statement = (
            select(ConfirmedDay.student_id, func.min(ConfirmedDay.on), func.max(ConfirmedDay.on))
            .where(ConfirmedDay.student_id.in_(student_ids[start : start + PORTION]), ConfirmedDay.withdrawn_at.is_(None))
            .group_by(ConfirmedDay.student_id)
        )
        found.update({key: (first, last) for key, first, last in session().execute(statement)})
    return found


def _steps(milestones: Sequence[Milestone], source: Source) -> tuple[Step, ...]:
    return tuple(Step(source.value, one.id, one.title, one.reached_on) for one in milestones if one.source is source)


def chains_of(asked: Sequence[tuple[Programme, Student]], *, on: date) -> list[Chain]:
    """The chains of students in programmes, in the order given; the rules are those of the day `on`.

    A chain has one certificate: it stands in the programme in which it was issued, and goes with who changes to another one.
    """
    ids = [one.id for _programme, one in asked]
    persons = [one.person_id for _programme, one in asked]
    names = people.names_of(persons)
    milestones = ledger.milestones_of_many(persons)
    weeks = ledger.weeks_of_many(ids)
    spans = _spans(ids)
    studies = studies_of([one for _programme, one in asked])
    known = certificates.by_asked_keys(asked_key(one, key) for key, of in studies.items() for one in of)
    needed = book().at("own.certificate.programme_facts", on=on)
    weeks_asked, days_asked = book().at("petoe.enterprise_weeks", on=on), book().at("own.weeks.days_required", on=on)
    chains = []
    for programme, student in asked:
        total, span = weeks[student.id], spans.get(student.id, (None, None))
        mine = {None, programme.id, *(one.id for one in studies[student.id])}  # who changed the programme keeps the capstone
        facts = ChainFacts(
            courses=_steps(milestones[student.person_id], Source.COURSE),
            capstones=_steps([one for one in milestones[student.person_id] if one.programme_id in mine], Source.CAPSTONE),
            credited_days=total.credited_days,
            credited_weeks=total.credited_weeks,
            first_day=span[0],
            last_day=span[1],
        )
        elsewhere = (known.get(asked_key(one, student.id)) for one in studies[student.id])
        certificate = known.get(asked_key(programme, student.id)) or next((one for one in elsewhere if bars(one)), None)
        chains.append(
            Chain(
                student_id=student.id,
                person_id=student.person_id,
                student_no=student.student_no,
                name=names.get(student.person_id, ""),
                class_name=student.class_name,
                facts=facts,
                findings=rules.judge(facts, asked=needed, weeks=weeks_asked, days=days_asked),
                certificate_number=certificate.number if certificate else None,
                certificate_state=certificate.state.value if certificate else None,
            )
        )
    return chains


def chains_of_programme(programme: Programme, *, on: date, cohort_id: int | None = None) -> list[Chain]:
    """The chains of a programme's students (or of one cohort) in the order of their numbers."""
    students = people.students_of_programme(programme.id, cohort_id=cohort_id, states=COUNTED)
    return chains_of([(programme, one) for one in students], on=on)


def chain_of_student(programme: Programme, student: Student, *, on: date) -> Chain:
    """The chain of one student."""
    return chains_of([(programme, student)], on=on)[0]
