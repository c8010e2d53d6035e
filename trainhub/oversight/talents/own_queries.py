"""What the talent databases hold of somebody, told for the page "my data": each is one select."""

from __future__ import annotations

from enterprises.awards.labels import STATES as AWARD_STATES
from trainhub.identity.queries.owned import Owned, pick, yuan
from trainhub.organisations.models import Organisation
from trainhub.oversight.talents import labels, queries
from trainhub.oversight.talents.award_models import TalentAward
from trainhub.oversight.talents.models import ExamPass, Talent
from trainhub.people.queries import same_human


def talents(person_id: int) -> Owned:
    """Nominations and recognitions. What is said between the nomination and the decision is told once it is decided."""
    row = Talent
    work = (row.post, row.title, row.origin.label("came_from"), row.former_employer, row.project, row.merits)
    course = (row.state, row.nominated_on, row.decided_on, row.decision, row.document, row.valid_until)
    statement = pick(row, row.kind, Organisation.name.label("organisation"), *work, *course).outerjoin(
        Organisation, Organisation.id == row.employer_id
    )
    return Owned(
        statement.where(same_human(row.person_id, person_id)).order_by(row.id),
        {"kind": labels.KINDS, "state": labels.STATES, "came_from": labels.ORIGINS},
    )


def exams(person_id: int) -> Owned:
    """State examinations passed, as the list of the province has them; of a line that was withdrawn when and why."""
    row = ExamPass
    columns = (row.exam.label("kind"), row.level, row.subject, row.certificate_no.label("document_no"), row.name, row.id_mask.label("id_number"))
    statement = pick(row, *columns, row.passed_on, row.imported_at, row.withdrawn_at, row.withdrawn_reason.label("reason")).where(
        queries.passed_by(person_id)
    )
    return Owned(statement.order_by(row.id), {"kind": labels.EXAMS, "level": labels.LEVELS})


def awards(person_id: int) -> Owned:
    """Money given to a recognised talent; what is put before the conference is told once it is decided."""
    row = TalentAward
    columns = (
        Talent.kind,
        row.year,
        row.state,
        row.amount_fen.label("amount_yuan"),
        row.decided_on,
        row.published_on.label("notice_on"),
        row.paid_on,
        row.reason,
    )
    statement = (
        pick(row, *columns).join(Talent, Talent.id == row.talent_id).where(same_human(Talent.person_id, person_id), row.decided_on.is_not(None))
    )
    return Owned(statement.order_by(row.id), {"kind": labels.KINDS, "state": AWARD_STATES, "amount_yuan": yuan})
