"""Verbs on the talent databases: nominate, review, recognise, reject, end; the lists of examinations and shortages."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from trainhub.identity.queries import is_same_holder
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import add_once, session
from trainhub.kernel.errors import NotAllowed, Refused
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _
from trainhub.organisations import queries as organisations
from trainhub.organisations.types import OrganisationState
from trainhub.oversight.talents import award_queries, labels, queries, rules
from trainhub.oversight.talents.models import ExamPass, ShortageItem, Talent
from trainhub.oversight.talents.types import OPEN_STATES, STEPS, ExamKind, ExamLevel, Origin, TalentKind, TalentState
from trainhub.people.models import Person
from trainhub.policy.book import book
from trainhub.policy.findings import Finding, Status


class TalentRefused(Refused):
    """An entry that cannot be."""

    code = "talent_refused"


class WrongStep(Refused):
    """The entry is in a state where this cannot happen."""

    code = "wrong_step"
    status = 409


def nominate(
    *,
    person: Person,
    kind: TalentKind,
    merits: str,
    employer_id: int | None = None,
    by_organisation_id: int | None = None,
    by: Identity,
    today: date,
    now: datetime,
    **facts: Any,
) -> Talent:
    """Propose a person for a database, with the reasons; the standing entry is refused. `facts` are columns of `Talent`."""
    merits = merits.strip()
    if not merits:
        raise TalentRefused(_("请写明推荐理由和主要业绩。"), field="merits")
    if person.merged_into_id is not None:
        raise TalentRefused(_("这个人已并入另一人，请推荐合并后的人员。"), field="person")
    if queries.open_of(person.id, kind) is not None:
        raise TalentRefused(
            _("%(name)s 已在%(kind)s中，不能重复推荐。", name=person.name, kind=labels.KINDS[kind]), field="person", code="known_talent"
        )
    facts.setdefault("origin", Origin.FUJIAN)
    _check_ranked(facts.get("rank_year"), facts.get("rank_world") is not None or facts.get("rank_china") is not None, today)
    row = Talent(
        person_id=person.id,
        kind=kind,
        merits=merits,
        employer_id=employer_id,
        nominated_by_org_id=by_organisation_id,
        nominated_on=today,
        nominated_by_id=by.account_id,
        created_at=now,
        **facts,
    )
    add_once(row, lambda: TalentRefused(_("这个人刚刚被推荐过，请刷新页面查看。"), field="person", code="known_talent"))
    audit.record(by=by, did="talents.talent.proposed", on=row, data={"kind": kind})
    return row


def findings_of(row: Talent, on: date) -> list[Finding]:
    """The conditions of FJ-15b for a leading talent; nothing for the other databases, whose standard is not in the documents."""
    if row.kind is not TalentKind.LEADING:
        return []
    held = {key: book().at(key, on=on) for key in rules.PARAMETERS}
    facts = rules.Leading(
        row.rank_world, row.rank_china, row.years_there, row.is_mid_senior, row.project, rank_year=row.rank_year, asked_year=row.nominated_on.year
    )
    return rules.judge_leading(facts, held)


def _check_ranked(rank_year: int | None, is_ranked: bool, today: date) -> None:
    """A ranking is of a year (近三年, 000:741). Raises TalentRefused."""
    if is_ranked and rank_year is None:
        raise TalentRefused(_("请填写排名的年度：原文看近三年的排名。"), field="rank_year")
    if rank_year is not None and rank_year > today.year:
        raise TalentRefused(_("排名的年度不能晚于今年。"), field="rank_year")


def _step(row: Talent, action: str, version: int | None) -> TalentState:
    check_version(row, version)
    step = STEPS[action]
    if row.state not in step.before:
        raise WrongStep(_("这一条现为“%(state)s”，不能这样办理。请刷新页面查看最新进度。", state=labels.STATES[row.state]))
    return step.after


def _text(text: str, field: str) -> str:
    text = text.strip()
    if not text:
        raise TalentRefused(_("请写明意见和依据。"), field=field)
    return text


def review(*, row: Talent, opinion: str, by: Identity, today: date, version: int | None = None) -> Talent:
    """The experts' opinion, which goes to who decides; not from who nominated. Raises Stale, WrongStep, NotAllowed, TalentRefused."""
    state = _step(row, "review", version)
    if is_nominator(row, by):
        raise NotAllowed(_("这一条由你推荐，评审意见须由另一人登记（同一人的另一个账号也不行），没有改动。"))
    row.state = state
    row.review, row.reviewed_on = _text(opinion, "opinion"), today
    session().flush()
    audit.record(by=by, did="talents.talent.reviewed", on=row)
    return row


def is_nominator(row: Talent, by: Identity) -> bool:
    """Whether this human proposed the entry: who did neither reviews nor recognises it, nor decides money for it, as nobody decides an award they applied for (ADR 14)."""
    return is_same_holder(by.account_id, row.nominated_by_id)


def _another_person(row: Talent, by: Identity) -> None:
    if is_nominator(row, by):
        raise NotAllowed(_("这一条由你推荐，认定须由另一人办理（同一人的另一个账号也不行），没有改动。"))


def move(*, row: Talent, employer_id: int, reason: str, by: Identity, version: int | None = None) -> Talent:
    """Register who employs the person now (换了工作单位), with the reason: whose credit is asked before money is decided and paid. The same employer again
    changes nothing. Not while money is under way, which was decided and published for the employer of then. Raises Stale, WrongStep for an entry that has ended,
    TalentRefused."""
    award_queries.hold(row.id)  # a decision of the same moment is seen
    session().refresh(row)
    check_version(row, version)
    if row.state not in OPEN_STATES:
        raise WrongStep(_("这一条现为“%(state)s”，不能这样办理。请刷新页面查看最新进度。", state=labels.STATES[row.state]))
    reason = reason.strip()
    if not reason or len(reason) > 400:
        raise TalentRefused(_("请写明变更的依据，例如劳动合同、社保记录（不超过400字）。"), field="reason")
    if row.employer_id == employer_id:
        return row
    employer = organisations.by_id(employer_id)
    if employer is None or employer.state is OrganisationState.CLOSED:
        raise TalentRefused(_("请选择现在的工作单位：停用的单位不能选择。"), field="employer")
    if award_queries.is_under_way(row):
        raise TalentRefused(_("这名人才有资金支持正在办理，公示的是原工作单位：请先办结，或由主管部门撤销后再变更，重新决定。"), field="employer")
    before, row.employer_id = row.employer_id, employer_id
    session().flush()
    gone = organisations.by_id(before) if before else None
    data = {"from": gone.name if gone is not None else "", "to": employer.name, "reason": reason}
    audit.record(by=by, did="talents.talent.moved", on=row, data=data)
    return row


def recognise(
    *, row: Talent, decision: str, document: str = "", valid_until: date | None = None, by: Identity, today: date, version: int | None = None
) -> Talent:
    """Recognise (入库). A leading talent whose conditions are not met is refused with what is missing; what a person judges the decision says. Not by who
    nominated."""
    after = _step(row, "recognise", version)
    _another_person(row, by)
    missing = [finding for finding in findings_of(row, today) if not finding.met and finding.status is not Status.JUDGE]
    if missing:
        raise TalentRefused(
            _("条件不具备：%(names)s。", names="；".join(f"{f.required}" for f in missing)),
            code="not_eligible",
            details=[{"column": f.code, "value": str(f.found), "problem": f"{f.required}（{f.clause.cite}）"} for f in missing],
        )
    if valid_until is not None and valid_until <= today:
        raise TalentRefused(_("有效期须晚于今天。"), field="valid_until")
    row.state, row.decision, row.document = after, _text(decision, "decision"), document.strip()[:200]
    row.decided_on, row.valid_until = today, valid_until
    session().flush()
    audit.record(by=by, did="talents.talent.recognised", on=row, data={"document": row.document, "valid_until": valid_until})
    return row


def reject(*, row: Talent, decision: str, by: Identity, today: date, version: int | None = None) -> Talent:
    """Reject with a reason that who nominated reads; the person may be nominated again."""
    row.state = _step(row, "reject", version)
    row.decision, row.decided_on = _text(decision, "decision"), today
    session().flush()
    audit.record(by=by, did="talents.talent.rejected", on=row, data={"reason": row.decision[:400]})
    return row


def end(*, row: Talent, decision: str, by: Identity, today: date, version: int | None = None) -> Talent:
    """Take out of the database (出库), with a reason; the row stays. An entry that had run out keeps the day until which it held."""
    row.state = _step(row, "end", version)
    row.decision, row.valid_until = _text(decision, "decision"), min(row.valid_until or today, today)
    session().flush()
    audit.record(by=by, did="talents.talent.ended", on=row, data={"reason": row.decision[:400]})
    return row


def add_pass(
    *,
    exam: ExamKind,
    level: ExamLevel,
    subject: str,
    certificate_no: str,
    name: str,
    id_number_hash: str,
    id_mask: str,
    person_id: int | None,
    passed_on: date,
    now: datetime,
) -> ExamPass:
    """One line of a pass list; the import has checked it."""
    row = ExamPass(
        exam=exam,
        level=level,
        subject=subject,
        certificate_no=certificate_no,
        name=name,
        id_number_hash=id_number_hash,
        id_mask=id_mask,
        person_id=person_id,
        passed_on=passed_on,
        imported_at=now,
    )
    session().add(row)
    session().flush()
    return row


def withdraw_pass(*, line: ExamPass, reason: str, by: Identity, now: datetime) -> ExamPass:
    """Take back a line that a pass list brought wrongly, with a reason; it stays, and its number may come in again. Safe to repeat. Raises TalentRefused."""
    if not reason.strip():
        raise TalentRefused(_("请写明理由。"), field="reason")
    session().refresh(line, with_for_update={"of": ExamPass})
    if line.withdrawn_at is None:
        line.withdrawn_at, line.withdrawn_by_id, line.withdrawn_reason = now, by.account_id, reason.strip()[:400]
        session().flush()
        audit.record(by=by, did="talents.exam.withdrawn", on=line, data={"reason": line.withdrawn_reason})
    return line


def list_shortage(
    *,
    year: int,
    code: str,
    post: str,
    urgency: int,
    wanted: int,
    key_field_no: int | None = None,
    requirement: str = "",
    source: str = "",
    by: Identity,
    now: datetime,
) -> ShortageItem:
    """Put a post into the catalogue of a year; one that was taken out comes back under its code, with what is said of it now. Raises TalentRefused for
    a code that stands."""
    code, post = code.strip()[:40], post.strip()
    known = queries.shortage_by_code(year, code)
    if known is not None and not known.is_withdrawn:
        raise TalentRefused(_("%(year)s 年目录中已有代码 %(code)s。", year=year, code=code), field="code")
    row = known if known is not None else ShortageItem(year=year, code=code, created_at=now)
    row.is_withdrawn, row.post, row.urgency, row.wanted, row.key_field_no = False, post[:120], urgency, wanted, key_field_no
    row.requirement, row.source = requirement.strip()[:400], source.strip()[:200]
    session().add(row)
    session().flush()
    audit.record(by=by, did="talents.shortage.added", on=row, data={"year": year, "code": row.code, "again": known is not None})
    return row


def withdraw_shortage(*, item: ShortageItem, by: Identity) -> ShortageItem:
    """Take a post out of the catalogue; doing it twice changes nothing."""
    if not item.is_withdrawn:
        item.is_withdrawn = True
        session().flush()
        audit.record(by=by, did="talents.shortage.removed", on=item, data={"year": item.year, "code": item.code})
    return item
