"""What partners do over a year: inspections with findings that are closed, interest for a year, reminders of agreements that end."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, datetime, timedelta

from flask import current_app

from enterprises.bases import queries
from enterprises.bases.models import BaseInspection, EnterpriseInterest, InspectionFinding
from enterprises.bases.operations.errors import BadBase
from enterprises.bases.types import Conclusion, InspectionKind, Refusal
from trainhub.identity import queries as identities
from trainhub.kernel import audit, files
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import N_, _
from trainhub.kernel.retention import months_before
from trainhub.notifications.operations import notify
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import SCHOOLS, OrganisationKind
from trainhub.policy.book import book

FINDING_MOST = 400
"""Characters of a finding that are kept."""


def record_inspection(
    *,
    base: Organisation,
    kind: InspectionKind,
    on: date,
    inspectors: str,
    conclusion: Conclusion,
    by: Identity,
    now: datetime,
    text: str = "",
    findings: Sequence[str] = (),
    due_on: date | None = None,
    file_id: int | None = None,
) -> BaseInspection:
    """Record an inspection or review with what it found; the same again is the known one, with another finding, text or file it is one more.

    Who answers for the base is told what has to be mended. Raises BadBase in the future, without inspectors, for a finding longer than is kept, or
    when it passed with conditions that are not named.
    """
    if on > local(now).date():
        raise BadBase(_("日期不能晚于今天。"), field="on")
    if not inspectors.strip():
        raise BadBase(_("请填写检查人员。"), field="inspectors")
    lines = [line.strip() for line in findings if line.strip()]
    for number, line in enumerate(lines, start=1):
        if len(line) > FINDING_MOST:
            said = _(
                "第 %(n)d 条问题有 %(k)d 个字，每条最多 %(most)d 个字。请拆成几条，或把详情写在“检查情况”里。",
                n=number,
                k=len(line),
                most=FINDING_MOST,
            )
            raise BadBase(said, field="findings")
    if conclusion is Conclusion.CONDITIONAL and not lines:
        raise BadBase(_("整改后通过的，请逐条写明需要整改的问题。"), field="findings")
    known_findings, head = queries.findings_of(base.id), (kind, on, inspectors.strip()[:200], conclusion, text.strip()[:4000])
    for known in queries.inspections_of(base.id):
        is_same = (known.kind, known.on, known.inspectors, known.conclusion, known.text) == head and files.is_same(known.file_id, file_id)
        if is_same and [(one.text, one.due_on) for one in known_findings.get(known.id, ())] == [(line, due_on) for line in lines]:
            return known
    row = BaseInspection(
        base_id=base.id,
        kind=kind,
        on=on,
        inspectors=inspectors.strip()[:200],
        conclusion=conclusion,
        text=text.strip()[:4000],
        file_id=file_id,
        recorded_by_id=by.account_id,
        recorded_at=now,
    )
    session().add(row)
    session().flush()
    session().add_all([InspectionFinding(inspection_id=row.id, text=line, due_on=due_on) for line in lines])
    session().flush()
    audit.record(
        by=by,
        did="bases.inspection.recorded",
        on=("base", str(base.id)),
        data={"kind": kind.value, "on": on, "conclusion": conclusion.value, "findings": lines},
    )
    if lines or conclusion is Conclusion.FAILED:
        _tell_keepers(
            base,
            "bases.inspected",
            N_("“%(name)s”%(day)s的检查没有通过，有 %(n)d 项问题需要整改，请查看。")
            if conclusion is Conclusion.FAILED
            else N_("“%(name)s”%(day)s的检查有 %(n)d 项问题需要整改，请查看并按期填报整改措施。"),
            f"inspection:{row.id}:recorded",
            by,
            now,
            day=on.isoformat(),
            n=len(lines),
        )
    return row


def _tell_keepers(base: Organisation, kind: str, message: str, key: str, by: Identity, now: datetime, **values: object) -> None:
    """Tell those who answer for a unit, but for who did it."""
    notify(
        account_ids=_keepers(base.id, local(now).date(), _nobody) - {by.account_id},
        kind=kind,
        message=message,
        values={"name": base.name, **values},
        url=f"/bases/{base.code}",
        unique_key=key,
        now=now,
    )


def report_measure(*, finding: InspectionFinding, base: Organisation, measure: str, by: Identity, now: datetime) -> InspectionFinding:
    """The base says how it mended something found; who inspects closes it, and is told. The same again changes nothing. Raises BadBase once it is closed."""
    if not measure.strip():
        raise BadBase(_("请写明整改措施。"), field="measure")
    if finding.closed_on is not None:
        raise BadBase(_("这个问题已核实整改，不用再报。"), field="measure")
    if finding.measure != measure.strip()[:400]:
        finding.measure = measure.strip()[:400]
        session().flush()
        audit.record(by=by, did="bases.finding.reported", on=("base", str(base.id)), data={"finding": finding.id, "measure": finding.measure})
        inspection = queries.inspection(finding.inspection_id)
        if inspection is not None and inspection.recorded_by_id is not None:
            notify(
                account_ids={inspection.recorded_by_id} - {by.account_id},
                kind="bases.finding_reported",
                message=N_("“%(name)s”填报了整改措施，请核实：%(text)s"),
                values={"name": base.name, "text": finding.text},
                url=f"/bases/{base.code}",
                unique_key=f"finding:{finding.id}:reported:{now.isoformat()}",
                now=now,
            )
    return finding


def close_finding(*, finding: InspectionFinding, base: Organisation, measure: str, on: date, by: Identity, now: datetime) -> InspectionFinding:
    """Who inspects has seen that something found was mended: what was done, or what the base reported. Doing it again changes nothing."""
    if finding.closed_on is not None:
        return finding
    if not (measure.strip() or finding.measure):
        raise BadBase(_("请写明整改措施。"), field="measure")
    finding.closed_on, finding.measure, finding.closed_by_id = on, measure.strip()[:400] or finding.measure, by.account_id
    session().flush()
    audit.record(by=by, did="bases.finding.closed", on=("base", str(base.id)), data={"finding": finding.id, "measure": finding.measure})
    message = N_("“%(name)s”的一项整改已核实办结：%(text)s")
    _tell_keepers(base, "bases.finding_closed", message, f"finding:{finding.id}:closed", by, now, text=finding.text)
    return finding


DECLINED = "enterprises.bases.declined_a_year"
"""Rooms above do what follows when an enterprise says that it takes nobody in a year: functions (enterprise id, year, by, now)."""


def state_interest(
    *,
    enterprise: Organisation,
    year: int,
    is_interested: bool,
    by: Identity,
    now: datetime,
    seats: int | None = None,
    reasons: Iterable[Refusal | str] = (),
    text: str = "",
    version: int | None = None,
) -> EnterpriseInterest:
    """Say whether an enterprise takes students in a year, and how many or why not; may be changed later. Raises BadBase, Stale."""
    if enterprise.kind is not OrganisationKind.ENTERPRISE:
        raise BadBase(_("“%(name)s”不是企业。", name=enterprise.name))
    if not 2010 <= year <= local(now).year + 2:
        raise BadBase(_("请填写今后两年以内的年份。"), field="year")
    wanted = sorted({Refusal(one).value for one in reasons})
    if not is_interested and not wanted:
        raise BadBase(_("不接收时请至少选择一个原因。"), field="reasons")
    if seats is not None and not 0 <= seats <= 100_000:
        raise BadBase(_("人数应为 0 或正整数。"), field="seats")
    row = queries.interest(enterprise.id, year)
    if row is None:
        row = EnterpriseInterest(enterprise_id=enterprise.id, year=year, is_interested=is_interested, reasons=[], stated_at=now)
        session().add(row)
    else:
        check_version(row, version)
    row.is_interested, row.seats, row.reasons = is_interested, seats if is_interested else None, [] if is_interested else wanted
    row.text, row.stated_by_id, row.stated_at = text.strip()[:2000], by.account_id, now
    session().flush()
    audit.record(
        by=by,
        did="bases.interest.stated",
        on=("enterprise", str(enterprise.id)),
        data={"year": year, "yes": is_interested, "seats": seats, "reasons": row.reasons},
    )
    if not is_interested:
        for follow in current_app.extensions.get(DECLINED, []):
            follow(enterprise.id, year, by=by, now=now)
    return row


Schools = Callable[[int], Collection[int]]
"""The schools that an enterprise offers seats to: for posts at no base they answer for what they saw and signed there."""


def _nobody(_unit_id: int) -> Collection[int]:
    return ()


def _keepers(base_id: int, today: date, schools: Schools, *, school: int | None = None) -> set[int]:
    """The accounts of those who answer for a base: its leaders, and coordinators and universities that host it; of an enterprise
    the schools that its seats are offered to. With `school`, which signed an agreement: that one of the schools that only send students, and of a base
    that it builds with other schools, which sign their own, those others not, unless they lead it."""
    found: set[int] = set()
    units = {base_id, *organisations.host_ids(base_id), *(schools(base_id) if school is None else ())}
    if school is not None and school in units:
        leads = {one.id for host, one in organisations.hosts_of(base_id) if host.is_lead and host.until is None}
        units = {key for key, row in organisations.by_ids(units).items() if row.kind not in SCHOOLS or key in leads}
    units |= {school} if school is not None else set()
    for host in units:
        found.update(
            identities.accounts_holding(Role.CENTRE_LEADER, Role.ENTERPRISE_COORDINATOR, Role.UNIVERSITY_ADMIN, today=today, organisation_id=host)
        )
    return found


def remind_of_inspections(*, today: date, now: datetime, schools: Schools = _nobody) -> int:
    """Tell those who answer for a base of an on-site inspection that runs out within own.warning.agreement_days (or has), and of
    findings whose day has passed, each once; how many things."""
    days, months = (int(book().at(key, on=today).number) for key in ("own.warning.agreement_days", "own.placement.inspection_valid_months"))
    told = 0
    for base_id, code, name, last in queries.last_inspections(today):
        if last >= months_before(today + timedelta(days=days), months):
            continue
        told += 1
        notify(
            account_ids=_keepers(base_id, today, schools),
            kind="bases.inspection_ends",
            message=N_("“%(name)s”上次实地考察是 %(day)s，%(months)s 个月内有效，请及时安排考察，否则学生不能开始实习。"),
            values={"name": name, "day": last.isoformat(), "months": months},
            url=f"/bases/{code}",
            unique_key=f"inspection:{base_id}:{last.isoformat()}",
            now=now,
        )
    for row, base_id, code, name in queries.overdue_findings(today):
        told += 1
        notify(
            account_ids=_keepers(base_id, today, schools),
            kind="bases.finding_overdue",
            message=N_("“%(name)s”有一项整改已过期限（%(day)s）：%(text)s"),
            values={"name": name, "day": row.due_on.isoformat() if row.due_on else "", "text": row.text},
            url=f"/bases/{code}",
            unique_key=f"finding:{row.id}:overdue",
            now=now,
        )
    return told


def remind_of_agreements(*, today: date, now: datetime, schools: Schools = _nobody) -> int:
    """Tell both sides of agreements that end within own.warning.agreement_days and have no successor, once; how many agreements. Of the schools at a unit
    the one that signed it is told: it counts for that one alone. Where an agreement names none, all are."""
    days = book().at("own.warning.agreement_days", on=today).number
    ending = queries.ending_agreements(None, on=today, until=today + timedelta(days=days))
    for row, name in ending:
        base = organisations.by_id(row.base_id)
        school = organisations.by_id(row.university_id) if row.university_id is not None else None
        notify(
            account_ids=_keepers(row.base_id, today, schools, school=row.university_id),
            kind="bases.agreement_ends",
            message=N_("“%(name)s”与%(school)s的合作教育文本将于 %(day)s 到期，请及时续签。")
            if school is not None
            else N_("“%(name)s”的合作教育文本将于 %(day)s 到期，请及时续签。"),
            values={"name": name, "day": row.until.isoformat(), **({"school": school.name} if school is not None else {})},
            url=f"/bases/{base.code}" if base is not None else "/bases/",
            unique_key=f"agreement:{row.id}:ends:{row.until.isoformat()}",
            now=now,
        )
    return len(ending)
