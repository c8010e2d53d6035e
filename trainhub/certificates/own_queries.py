"""Certificates of somebody, told for the page "my data": each is one select."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from trainhub.certificates import labels
from trainhub.certificates.models import Certificate, CertificateEvent, CertificateShare, IssueBatch, IssueItem, PrintItem, PrintRun
from trainhub.certificates.types import State
from trainhub.identity.queries.owned import Owned, pick
from trainhub.organisations.models import Organisation
from trainhub.people.queries import same_human


def certificates(person_id: int) -> Owned:
    """Every certificate with its number and the code by which it is verified; of what waits to be issued the holder learns when it is."""
    row = Certificate
    columns = (row.kind, row.number.label("document_no"), row.edition, row.code, row.holder, row.state, row.state_on, row.issued_on)
    statement = pick(row, *columns, Organisation.name.label("issuer")).join(Organisation, Organisation.id == row.issuer_id)
    mine = statement.where(same_human(row.person_id, person_id), row.state != State.DRAFT)
    return Owned(mine.order_by(row.id), {"kind": labels.KINDS, "state": labels.STATES})


def _of_certificate(statement: sa.Select[Any], certificate_id: Any, person_id: int) -> sa.Select[Any]:
    return statement.join(Certificate, Certificate.id == certificate_id).where(same_human(Certificate.person_id, person_id))


def events(person_id: int) -> Owned:
    """What happened to the certificates."""
    row = CertificateEvent
    statement = pick(row, Certificate.number.label("document_no"), row.event.label("deed"), row.state, row.reason, row.document, row.at)
    return Owned(_of_certificate(statement, row.certificate_id, person_id).order_by(row.id), {"deed": labels.EVENTS, "state": labels.STATES})


def shares(person_id: int) -> Owned:
    """Addresses under which one shares a certificate."""
    row = CertificateShare
    statement = pick(row, Certificate.number.label("document_no"), row.made_at, row.closed_at)
    return Owned(_of_certificate(statement, row.certificate_id, person_id).order_by(row.made_at))


def prints(person_id: int) -> Owned:
    """That a certificate was put on a run of the printer."""
    row = PrintItem
    statement = pick(row, Certificate.number.label("document_no"), row.base, row.class_name, PrintRun.asked_at).join(
        PrintRun, PrintRun.id == row.run_id
    )
    return Owned(_of_certificate(statement, row.certificate_id, person_id).order_by(row.run_id, row.position))


def drafts(person_id: int) -> Owned:
    """Certificates prepared in batches, also those never issued."""
    row = IssueItem
    statement = pick(row, IssueBatch.kind, IssueBatch.title.label("item"), IssueBatch.state, IssueBatch.asked_at, IssueBatch.decided_at)
    joined = statement.join(IssueBatch, IssueBatch.id == row.batch_id).where(same_human(row.person_id, person_id))
    return Owned(joined.order_by(row.batch_id, row.position), {"kind": labels.KINDS, "state": labels.BATCHES})
