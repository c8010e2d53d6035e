"""Reports in lists."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, or_, select

from trainhub.kernel import audit
from trainhub.kernel.access import Identity, Subject
from trainhub.kernel.db import session
from trainhub.ledger.permissions import SEES_ALL
from trainhub.organisations.models import Organisation
from trainhub.oversight.reports import rules
from trainhub.oversight.reports.models import Report
from trainhub.oversight.reports.permissions import READERS
from trainhub.oversight.reports.types import Later, ReportKind, ReportState


def by_id(report_id: int) -> Report | None:
    """A report by id."""
    return session().get(Report, report_id)


def subject_of(row: Report) -> Subject:
    """What permissions over a report are judged on: the organisation it is about. Of the province: nothing."""
    return Subject.of(organisations=(row.organisation_id,))


def listing(identity: Identity, *, kind: ReportKind | None = None, year: int | None = None) -> Any:
    """The reports an identity may read, the latest first, with the organisation's name."""
    statement: Any = select(Report, Organisation.name).outerjoin(Organisation, Organisation.id == Report.organisation_id).order_by(Report.id.desc())
    if not identity.everywhere(*SEES_ALL):
        own = Report.organisation_id.in_(sorted(identity.organisation_ids(*READERS)))
        statement = statement.where(or_(own, and_(Report.organisation_id.is_(None), Report.state == ReportState.PUBLISHED)))
    if kind is not None:
        statement = statement.where(Report.kind == kind)
    if year is not None:
        statement = statement.where(Report.until.between(date(year, 1, 1), date(year, 12, 31)))
    return statement


def published() -> list[Report]:
    """What everybody may read, the latest first."""
    return list(session().scalars(select(Report).where(Report.state == ReportState.PUBLISHED).order_by(Report.published_on.desc(), Report.id.desc())))


def _is_read() -> Any:
    """Everybody reads it, or once did. Before withdrawn ones kept their day, who had published them still stood."""
    return or_(Report.state == ReportState.PUBLISHED, Report.published_on.is_not(None), Report.published_by_id.is_not(None))


def ever_published(report: Report) -> list[Report]:
    """The other reports of its kind that everybody reads or once did, of days that overlap with its own."""
    overlaps = and_(Report.since <= report.until, Report.until >= report.since)
    statement = select(Report).where(Report.kind == report.kind, Report.id != report.id, Report.document.is_not(None), _is_read(), overlaps)
    return list(session().scalars(statement.order_by(Report.id)))


def ever_read(kinds: Collection[ReportKind]) -> list[tuple[ReportKind, date, datetime, str]]:
    """(kind, last day, moment, title) of the reports of some kinds that everybody reads or once did."""
    statement = select(Report.kind, Report.until, Report.known_at, Report.title).where(Report.kind.in_(kinds), _is_read())
    return [(kind, until, known_at, title) for kind, until, known_at, title in session().execute(statement.order_by(Report.id))]


def hold_kind(kind: ReportKind) -> None:
    """Let others who publish a report of the kind wait until the transaction is over."""
    session().execute(select(Report.id).where(Report.kind == kind).order_by(Report.id).with_for_update()).all()


MOST_LATER = 50


def later_than(moment: datetime, kinds: Collection[str]) -> list[Later]:
    """What was entered after a moment about the things that a report counts (prefixes of the audit log), the latest first."""
    found = [(one, rules.told_changes(one.did, one.data)) for one in audit.since(moment, kinds, most=MOST_LATER)]
    return [Later(one.at, one.actor, one.did, (one.on_kind, one.on_id), changes) for one, changes in found if changes is not None]


def last_until(kind: ReportKind) -> date | None:
    """The last day covered by the latest report of a kind that was made."""
    return session().scalar(select(func.max(Report.until)).where(Report.kind == kind, Report.state.in_((ReportState.MADE, ReportState.PUBLISHED))))
