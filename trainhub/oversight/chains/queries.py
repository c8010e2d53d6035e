"""What the chains rest on, gathered from the ledger for many students in a fixed number of queries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
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


def is_revoked(certificate: Certificate | None) -> bool:
    """Whether somebody revoked it: in its own programme it is issued anew by persons alone, in another one it bars nothing."""
    return certificate is not None and certificate.state is State.REVOKED


def _twins(asked: Sequence[tuple[Programme, Student]]) -> dict[tuple[int, int], list[str]]:
    """By (programme, student): under which names the same human may have the certificate of the same version of the programme by another study row
    (who went elsewhere and began there anew, two persons that were merged). A version is the plan that the cohort follows; without one the programme has none."""
    rows = people.rows_of_humans(student.person_id for _programme, student in asked)
    human = {key: min(of) for of in rows.values() for key in of}
    every = people.studies_of(human)
    count = Counter(human[one.person_id] for one in every)
    several = [one for one in every if count[human[one.person_id]] > 1]
    if not several:
        return {}
    formers = people.former_studies_of(one.id for one in several)
    places = {one.id: {row.programme_id: row.cohort_id for row in formers[one.id]} | {one.programme_id: one.cohort_id} for one in several}
    plans = programmes.plans_of({cohort for of in places.values() for cohort in of.values()})
    found: dict[tuple[int, int], list[str]] = {}
    for programme, student in asked:
        own = places.get(student.id, {}).get(programme.id, 0)
        others = [
            one for one in several if human[one.person_id] == human[student.person_id] and one.id != student.id and programme.id in places[one.id]
        ]
        same = [one for one in others if plans.get(places[one.id][programme.id]) == plans.get(own)]
        found[programme.id, student.id] = [asked_key(programme, one.id) for one in same]
    return found


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


def _rested(certificates: Iterable[Certificate]) -> dict[int, set[str]]:
    """By certificate: the rooms' names of the things it rested on. A mark that was corrected is another row of the same thing."""
    evidence = {one.id: {str(row["id"]) for row in one.evidence if row["kind"] == "milestone"} for one in certificates}
    wanted = sorted({int(key) for of in evidence.values() for key in of})
    names: dict[str, str] = {}
    for start in range(0, len(wanted), PORTION):
        statement = select(Milestone.id, Milestone.key).where(Milestone.id.in_(wanted[start : start + PORTION]))
        names.update({str(key): name for key, name in session().execute(statement)})
    return {key: {names[one] for one in of if one in names} for key, of in evidence.items()}


def _steps(milestones: Sequence[Milestone], source: Source) -> tuple[Step, ...]:
    return tuple(Step(source.value, one.id, one.title, one.reached_on) for one in milestones if one.source is source)


def chains_of(asked: Sequence[tuple[Programme, Student]], *, on: date) -> list[Chain]:
    """The chains of students in programmes, in the order given; the rules are those of the day `on`.

    A chain has one certificate that stands: in the programme in which it was issued, it goes with who changes to another one. One that was revoked
    there, or under another study row of the same human, bars none here. One human has one of a version of a programme, by whichever study row.
    """
    ids = [one.id for _programme, one in asked]
    persons = [one.person_id for _programme, one in asked]
    names = people.names_of(persons)
    milestones = ledger.milestones_of_many(persons)
    weeks = ledger.weeks_of_many(ids)
    spans = _spans(ids)
    studies = studies_of([one for _programme, one in asked])
    twins = _twins(asked)
    keys = {asked_key(one, key) for key, of in studies.items() for one in of}
    known = certificates.by_asked_keys(keys | {asked_key(one, student.id) for one, student in asked} | {key for of in twins.values() for key in of})
    rested_on = _rested(one for one in known.values() if is_revoked(one))
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
        left = [known.get(asked_key(one, student.id)) for one in studies[student.id] if one.id != programme.id]
        twin = [known.get(key) for key in twins.get((programme.id, student.id), ())]
        other = next((one for one in (*left, *twin) if stands(one)), None)
        certificate = known.get(asked_key(programme, student.id)) or other
        revoked = [one for one in (*left, *twin) if one is not None and is_revoked(one)]
        rested = {name for one in revoked for name in rested_on[one.id]}
        passed = (one for one in milestones[student.person_id] if one.source is Source.CAPSTONE and one.programme_id == programme.id)
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
                stands_elsewhere=other.number if other else None,
                revoked_elsewhere=revoked[0].number if revoked else None,
                is_passed_anew=any(one.key not in rested for one in passed),
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
