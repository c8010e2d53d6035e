"""Every select of the workflow, the facts its guards ask about, and whom an application belongs to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from trainhub.kernel.access import Identity, Role
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.files import StoredFile
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind
from trainhub.oversight.evaluation.permissions import READERS, CaseSubject
from trainhub.oversight.evaluation.queries import judgements
from trainhub.oversight.evaluation.queries.members import first_graduation as first_graduation
from trainhub.oversight.evaluation.queries.plans import uncovered_standards as uncovered_standards
from trainhub.oversight.evaluation.rules.verdict import standing, valid_until
from trainhub.oversight.evaluation.types import Verdict
from trainhub.oversight.evaluation.workflow import former_queries, rules
from trainhub.oversight.evaluation.workflow.models import (
    Application,
    CaseDocument,
    Consensus,
    Reopening,
    Step,
    VisitExpert,
    VisitItem,
    VisitOpinion,
)
from trainhub.oversight.evaluation.workflow.types import (
    BEFORE_OFFICES,
    HANDLED,
    IN_VISIT,
    TO_DECLARE,
    WITH_EXPERTS,
    Actor,
    DocumentKind,
    Event,
    ExpertFacts,
    Facts,
    State,
    VisitFacts,
)
from trainhub.policy.book import book
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme
from trainhub.programmes.types import AccreditationResult


def application(key: int) -> Application | None:
    """An application by id."""
    return session().get(Application, key)


def hold(row: Application) -> None:
    """One change of an application after the other: who comes second waits, then reads what the first has left."""
    current = session()
    current.refresh(row, with_for_update={"key_share": True})  # who only refers to the row does not wait
    for one in current.identity_map.values():
        if isinstance(one, VisitExpert | CaseDocument):
            current.expire(one)


def applications_of(programme_id: int) -> list[Application]:
    """The applications of a programme, the newest first."""
    return list(session().scalars(select(Application).where(Application.programme_id == programme_id).order_by(Application.id.desc())))


def open_of(programme_id: int) -> Application | None:
    """The open application of a programme."""
    return session().scalar(select(Application).where(Application.open_key == programme_id))


def offices(kind: OrganisationKind) -> frozenset[int]:
    """The organisations of a kind that an expert grant can act for."""
    return frozenset(session().scalars(select(Organisation.id).where(Organisation.kind == kind)))


def _is_office(identity: Identity) -> bool:
    return bool(offices_of(identity))


def visible_to(identity: Identity) -> ColumnElement[bool]:
    """Applications the reader sees: of programmes in scope, all of them for the two offices, and those of one's own visits until the verdict:
    how it ended is not told to who visited (only who passed is published, PETOE-P13)."""
    here = organisations.region_of(Programme.university_id)
    scope = organisations.scope(identity, READERS, organisations=(Programme.university_id,), programmes=(Programme.id,), region=here)
    if _is_office(identity):
        return or_(scope, Application.state.not_in(BEFORE_OFFICES))
    mine = select(VisitExpert.application_id).where(
        VisitExpert.account_id == identity.account_id, VisitExpert.ended_at.is_(None), VisitExpert.has_conflict.is_(False)
    )
    return or_(scope, and_(Application.id.in_(mine), Application.state.in_(WITH_EXPERTS)))


def listing(identity: Identity, states: Collection[State] = ()) -> Any:
    """(application, programme code, programme, university), the latest change first."""
    statement = (
        select(Application, Programme.code, Programme.name, Organisation.name)
        .join(Programme, Programme.id == Application.programme_id)
        .join(Organisation, Organisation.id == Programme.university_id)
        .where(visible_to(identity))
        .order_by(Application.state_since.desc(), Application.id.desc())
    )
    return statement.where(Application.state.in_(list(states))) if states else statement


def offices_of(identity: Identity) -> set[Actor]:
    """The two offices that somebody acts for."""
    ids = identity.organisation_ids(Role.EXPERT)
    kinds = {Actor.ASSOCIATION: OrganisationKind.ASSOCIATION, Actor.WORKING_GROUP: OrganisationKind.EXPERT_GROUP}
    return {actor for actor, kind in kinds.items() if ids & offices(kind)} if ids else set()


def steps_of(application_id: int) -> list[Step]:
    """The history, the latest first."""
    return list(session().scalars(select(Step).where(Step.application_id == application_id).order_by(Step.id.desc())))


def documents_of(application_id: int) -> list[tuple[CaseDocument, StoredFile]]:
    """Every edition of every document with its file, the latest first."""
    statement = (
        select(CaseDocument, StoredFile)
        .join(StoredFile, StoredFile.id == CaseDocument.file_id)
        .where(CaseDocument.application_id == application_id)
        .order_by(CaseDocument.kind, CaseDocument.edition.desc())
    )
    return [(row, file) for row, file in session().execute(statement)]


def document(key: int) -> CaseDocument | None:
    """A document by id."""
    return session().get(CaseDocument, key)


def current_documents(application_id: int) -> dict[DocumentKind, tuple[CaseDocument, StoredFile]]:
    """The edition of each document that holds."""
    found: dict[DocumentKind, tuple[CaseDocument, StoredFile]] = {}
    for row, file in documents_of(application_id):
        found.setdefault(row.kind, (row, file))
    return found


def agenda_of(application_id: int) -> list[VisitItem]:
    """The agenda in order."""
    statement = select(VisitItem).where(VisitItem.application_id == application_id).order_by(VisitItem.on, VisitItem.starts, VisitItem.id)
    return list(session().scalars(statement))


def visit_item(key: int) -> VisitItem | None:
    """An item of an agenda by id."""
    return session().get(VisitItem, key)


def experts_of(application_id: int) -> list[VisitExpert]:
    """The experts who are assigned now, the leader first."""
    statement = (
        select(VisitExpert)
        .where(VisitExpert.application_id == application_id, VisitExpert.ended_at.is_(None))
        .order_by(VisitExpert.is_leader.desc(), VisitExpert.id)
    )
    return list(session().scalars(statement))


def expert(key: int) -> VisitExpert | None:
    """An assignment by id."""
    return session().get(VisitExpert, key)


def assignment(application_id: int, account_id: int | None) -> VisitExpert | None:
    """The assignment of an account, also one that ended."""
    return session().scalar(select(VisitExpert).where(VisitExpert.application_id == application_id, VisitExpert.account_id == account_id))


def is_visiting(one: VisitExpert | None) -> bool:
    """Whether an assignment lets somebody read: declared without a conflict, and not ended."""
    return one is not None and one.ended_at is None and one.declared_at is not None and not one.has_conflict


def opinions_of(application_id: int) -> dict[int, dict[str, VisitOpinion]]:
    """By expert and criterion: the latest opinion. One query."""
    found: dict[int, dict[str, VisitOpinion]] = defaultdict(dict)
    statement = (
        select(VisitOpinion)
        .join(VisitExpert, VisitExpert.id == VisitOpinion.expert_id)
        .where(VisitExpert.application_id == application_id, VisitExpert.ended_at.is_(None))
        .order_by(VisitOpinion.id)
    )
    for row in session().scalars(statement):
        found[row.expert_id][row.criterion] = row
    return dict(found)


def consensus_of(application_id: int) -> dict[str, Consensus]:
    """By criterion: the latest agreement of the group that is now. What was agreed on before the last form came in rests on fewer forms, and what was
    agreed on with the form of somebody who was taken off since rests on theirs, also while they are assigned anew: both are open again."""
    forms = select(func.max(VisitExpert.submitted_at)).where(VisitExpert.application_id == application_id, VisitExpert.ended_at.is_(None))
    last = forms.scalar_subquery()
    moment = Consensus.recorded_at
    had_part = and_(VisitExpert.submitted_at <= moment, VisitExpert.ended_at > moment)
    said = select(VisitOpinion.id).where(VisitOpinion.expert_id == VisitExpert.id, VisitOpinion.said_at <= moment)
    said_before = said.correlate(VisitExpert, Consensus)  # two levels out: it would not be found by itself
    is_back = and_(VisitExpert.assigned_at > moment, said_before.exists())  # see `visiting.assign`
    left = select(VisitExpert.id).where(VisitExpert.application_id == application_id, or_(had_part, is_back))
    statement = select(Consensus).where(Consensus.application_id == application_id, or_(last.is_(None), moment >= last), ~left.exists())
    return {row.criterion: row for row in session().scalars(statement.order_by(Consensus.id))}


def reopenings_of(application_id: int) -> list[Reopening]:
    """The criteria that an office reopened, the latest of each last."""
    return list(session().scalars(select(Reopening).where(Reopening.application_id == application_id).order_by(Reopening.id)))


def readable_by(row: Application, account_id: int | None) -> set[int] | None:
    """Whose opinions somebody reads, by expert; None for everybody's with what the group agreed on.

    Each expert fills the form alone and reads the others' when all are in; nobody else reads any before the visit is over. A visit that was
    broken off by a withdrawal, or called off, never is: who withdraws does not learn what was being written.
    """
    experts = experts_of(row.id)
    mine = next((one for one in experts if one.account_id == account_id), None)
    is_over = any(step.event is Event.END_VISIT for step in steps_of(row.id)) if row.state is State.WITHDRAWN else row.state not in TO_DECLARE
    if is_over:
        return None
    if mine is None:
        return set()
    is_all_in = all(one.submitted_at is not None for one in experts if one.declared_at is not None and not one.has_conflict)
    return None if is_all_in else {mine.id}


def last_verdict_of(programme_id: int) -> Verdict | None:
    """The verdict of the latest evaluation that came to one."""
    statement = select(Application.verdict).where(Application.programme_id == programme_id, Application.verdict.is_not(None))
    return session().scalar(statement.order_by(Application.id.desc()).limit(1))


def clock_of(programme_id: int) -> date | None:
    """The first day of the next application: the latest clock of all applications, so that none is gone around by an older one."""
    return session().scalar(select(func.max(Application.reapply_from)).where(Application.programme_id == programme_id))


def facts_of(
    row: Application, today: date, *, reason: str = "", criteria: Collection[str] = (), verdict: Any = None, undecided: tuple[str, ...] = ()
) -> Facts:
    """What the guards ask on a day. `criteria` are all that need agreement; `verdict` and what keeps it open are handed in where it is derived anew."""
    agenda, experts = agenda_of(row.id), experts_of(row.id)
    opinions = opinions_of(row.id) if experts else {}
    agreed = consensus_of(row.id) if row.state is State.VISIT_SCHEDULED else {}
    accreditation = judgements.accreditation_on(row.programme_id, today)
    conclusion = programmes.accreditation_on(row.programme_id, today)
    other = open_of(row.programme_id)
    visit = None
    if row.visit_starts_on is not None and row.visit_ends_on is not None:
        visit = VisitFacts(
            row.visit_starts_on,
            row.visit_ends_on,
            frozenset(item.kind for item in agenda),
            tuple(f"{item.on} {item.starts}" for item in agenda if not row.visit_starts_on <= item.on <= row.visit_ends_on),
            row.no_centre_reason,
        )
    return Facts(
        today=today,
        route=row.route,
        state=row.state,
        graduated_on=first_graduation(row.programme_id),
        has_prerequisite=row.has_prerequisite,
        has_other_open=other is not None and other.id != row.id,
        accreditation=standing(accreditation, today),
        accreditation_years=accreditation.valid_years if accreditation is not None else None,
        accreditation_until=valid_until(accreditation),
        last_verdict=last_verdict_of(row.programme_id),
        reapply_from=clock_of(row.programme_id),
        reason=reason,
        documents=frozenset(current_documents(row.id)),
        petoe_passage=row.petoe_passage,
        visit=visit,
        experts=tuple(
            ExpertFacts(
                one.name,
                one.declared_at is not None,
                one.has_conflict,
                one.submitted_at is not None,
                len(opinions.get(one.id, {})),
                one.is_leader,
            )
            for one in experts
        ),
        has_former_form=row.state is State.VISIT_SCHEDULED and former_queries.has_former_form(row.id),
        open_criteria=tuple(code for code in criteria if code not in agreed),
        has_new_conclusion=row.submitted_at is not None
        and conclusion is not None
        and conclusion.is_from_association
        and conclusion.concluded_on >= local(row.submitted_at).date(),
        lacks_term=conclusion is not None and conclusion.result is AccreditationResult.PASSED and conclusion.valid_years is None,
        uncovered=uncovered_standards(row.programme_id, today) if row.state is State.PREPARING else (),
        undecided=undecided,
        is_visit_optional=book().at("own.evaluation.visit_optional_evaluation_only", on=today).flag,
        verdict=verdict if verdict is not None else row.verdict,
        is_listed=row.state is State.PUBLISHED,
        numbers={key: book().at(key, on=today).words for key in rules.ASKED},
    )


def subject_of(row: Application, today: date) -> CaseSubject:
    """The programme with its university, the two offices, the experts of the visit."""
    programme = programmes.by_id(row.programme_id)
    assert programme is not None
    return subject_with(programme, [row], today)


def subject_of_programme(programme: Programme, today: date) -> CaseSubject:
    """The same for the pages of a programme: through any of its applications."""
    return subject_with(programme, applications_of(programme.id), today)


def subject_with(programme: Programme, rows: list[Application], today: date) -> CaseSubject:
    """A programme seen through applications. The offices see it once it has applied; experts around their visit."""
    plain = programmes.subject_of(programme)
    if not rows:
        return CaseSubject(plain.organisations, plain.programmes, plain.regions, plain.persons)
    spans = {row.id: reading_days(row, today) if row.state is not State.WITHDRAWN else None for row in rows}
    visitors, assigned, members = set(), set(), set()
    visited = {row.id for row in rows if row.state in IN_VISIT}
    declaring = {row.id for row in rows if row.state in TO_DECLARE}
    has_applied = any(row.state not in BEFORE_OFFICES for row in rows)
    statement = select(VisitExpert).where(VisitExpert.application_id.in_(list(spans)), VisitExpert.ended_at.is_(None))
    for one in session().scalars(statement):
        if one.application_id in declaring and not one.has_conflict:
            assigned.add(one.account_id)
        span = spans[one.application_id]
        if not is_visiting(one):
            continue
        if span is not None and span[0] <= today <= span[1]:
            visitors.add(one.account_id)
        if one.application_id in visited:
            members.add(one.account_id)
    return CaseSubject(
        plain.organisations,
        plain.programmes,
        plain.regions,
        plain.persons,
        offices(OrganisationKind.ASSOCIATION) if has_applied else frozenset(),
        offices(OrganisationKind.EXPERT_GROUP) if has_applied else frozenset(),
        frozenset(visitors),
        frozenset(assigned),
        any(row.state in WITH_EXPERTS for row in rows),
        any(row.state in HANDLED for row in rows),
        any(row.state is State.IN_WORKING_GROUP for row in rows),
        frozenset(members),
    )


def reading_days(row: Application, today: date) -> tuple[date, date] | None:
    """The days on which the experts of the visit see the dossier; None without a visit."""
    if row.visit_starts_on is None or row.visit_ends_on is None:
        return None
    before = book().at("own.evaluation.expert_days_before", on=today).number
    after = book().at("own.evaluation.expert_days_after", on=today).number
    return rules.access_span(row.visit_starts_on, row.visit_ends_on, before=before, after=after)


def judging_days(row: Application, today: date) -> tuple[date, date] | None:
    """The days on which the form is filled: what was seen there, so from the first day of the visit to the last day of reading."""
    span = reading_days(row, today)
    return (row.visit_starts_on, span[1]) if span is not None and row.visit_starts_on is not None else None


def visits_of(account_id: int | None) -> list[tuple[Application, VisitExpert, str]]:
    """(application, assignment, programme) of the visits an expert is assigned to and that are not judged yet."""
    statement = (
        select(Application, VisitExpert, Programme.name)
        .join(VisitExpert, VisitExpert.application_id == Application.id)
        .join(Programme, Programme.id == Application.programme_id)
        .where(
            VisitExpert.account_id == account_id,
            VisitExpert.ended_at.is_(None),
            VisitExpert.submitted_at.is_(None),
            Application.state.in_((State.SUBMITTED, State.VISIT_SCHEDULED)),
        )
        .order_by(Application.visit_starts_on, Application.id)
    )
    return [(row, expert, name) for row, expert, name in session().execute(statement)]
