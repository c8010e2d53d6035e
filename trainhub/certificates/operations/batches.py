"""Issuing many at once: prepared by one person, decided by another, issued in portions that are whole or not there.

Preparing checks everything that can be checked (characters, missing facts, what was issued before) and numbers nothing. A portion
takes its serials by one statement and writes its certificates, their first events and one audit entry in one transaction; a batch
that was killed goes on with the items that have no certificate yet.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, update

from trainhub.certificates import chain, labels, queries
from trainhub.certificates.facts import told_apart, untold
from trainhub.certificates.layouts.fitting import labels_of
from trainhub.certificates.layouts.model import Field, Layout
from trainhub.certificates.models import Certificate, CertificateEvent, IssueBatch, IssueItem
from trainhub.certificates.numbers import KIND_DIGITS, compose, new_code
from trainhub.certificates.operations._support import clean_evidence, clean_facts, obstacles_told, printed_name, tell_holders, why_not_printable
from trainhub.certificates.operations.correcting import carry_out
from trainhub.certificates.operations.issuing import CannotIssue, clock_stands, template_for
from trainhub.certificates.operations.numbering import PROVINCE, hold_counter, next_serials, unit_of
from trainhub.certificates.operations.portions import note_portion
from trainhub.certificates.operations.remembering import note_given
from trainhub.certificates.operations.renewing import renew
from trainhub.certificates.operations.telling import tell_of_batch
from trainhub.certificates.rules import asked_key, differing
from trainhub.certificates.types import BatchSource, BatchState, Event, Kind, Number, State
from trainhub.identity.queries import is_same_holder
from trainhub.kernel import audit, jobs
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused, Stale
from trainhub.kernel.i18n import N_, _, clauses, listed, say
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people

MOST_ITEMS = 50_000
PORTION = 500
TOLD_EVERY = 1_000
MOST_TITLE = 200
MOST_TOLD = 5
"""Persons with contradictions who are named; the others are counted."""
TASK = "certificates.issue"
TITLE = N_("签发证书：%(title)s")


class CannotDecide(Refused):
    """The batch is decided already, or by the one who prepared it."""

    code = "cannot_decide"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One certificate that is asked for: whose, with which facts, resting on what (see `clean_evidence`)."""

    person_id: int
    facts: Mapping[str, Any]
    evidence: Sequence[Any] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """The items of a batch, each once, and how many of them would be printed wrong from this template."""

    template: str
    version: int
    items: Sequence[Mapping[str, Any]]
    waiting: int


def check(
    *,
    kind: Kind,
    issuer: Organisation,
    rows: Sequence[Wanted],
    template: str | None = None,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> Checked:
    """Look at every fact and every character of what is asked for; reads only. See `prepare` for what is refused.

    `tell` is told how far it is and may commit: for a long list it is the bar that somebody watches.
    """
    if kind is Kind.PROGRAMME:
        raise CannotIssue(_("培养证书只能在“培养链条”中签发：课程、企业学习、毕业设计三项须先由平台核实齐全。"))
    must_be_a_batch(len(rows))
    template = template_for(issuer, kind, template)
    layout = queries.layout_of(template)
    names = people.standing_names(row.person_id for row in rows)
    issuer_id, shared, humans = issuer.id, _shared(issuer), people.humans_of(names)
    items: dict[str, dict[str, Any]] = {}
    unlike: dict[str, list[dict[str, Any]]] = {}
    waiting = 0
    for place, row in enumerate(rows):
        if place % TOLD_EVERY == 0:
            tell(place, len(rows))
        if row.person_id not in names:
            raise CannotIssue(_("名单中有人已不存在，请重新选择。"))
        facts = told_apart(kind, layout, clean_facts(row.facts))
        if lacking := untold(kind, layout, facts):
            raise CannotIssue(_untold(lacking))
        key = asked_key(kind, issuer_id, humans[row.person_id], facts)
        if key not in items:
            note = why_not_printable(layout, {**facts, **shared, "name": printed_name(names[row.person_id])})
            waiting += bool(note)
            items[key] = {"person_id": row.person_id, "asked_key": key, "facts": facts, "note": note, "evidence": clean_evidence(row.evidence)}
        elif facts == items[key]["facts"]:
            items[key]["evidence"] += [one for one in clean_evidence(row.evidence) if one not in items[key]["evidence"]]
        else:
            unlike.setdefault(key, [items[key]["facts"]]).append(facts)
    if unlike:
        raise CannotIssue(_contradictions({names[items[key]["person_id"]]: those for key, those in unlike.items()}, layout))
    return Checked(template, layout.version, list(items.values()), waiting)


def must_be_a_batch(count: int) -> None:
    """CannotIssue for nobody, and for more than a batch holds."""
    if not count:
        raise CannotIssue(_("没有选择任何人，没有建立签发批次。"))
    if count > MOST_ITEMS:
        raise CannotIssue(_("一批最多签发%(most)d张，请分批。", most=MOST_ITEMS))


def _untold(lacking: Sequence[Field]) -> str:
    return _(
        "缺少%(fields)s，没有建立批次：同一人的两张证书靠它区分，模板不印也须写明。", fields=listed(str(labels.of_field(one)) for one in lacking)
    )


def _contradictions(unlike: Mapping[str, Sequence[Mapping[str, Any]]], layout: Layout) -> str:
    """Whose records contradict each other and in what, in words: 张三（学时 48、64）."""
    told = []
    for name, facts in list(unlike.items())[:MOST_TOLD]:
        fields = list(dict.fromkeys(field for other in facts[1:] for field in differing(facts[0], other)))
        values = [listed(dict.fromkeys(str(one.get(field) or _("空")) for one in facts)) for field in fields]
        said = listed(f"{label} {value}" for label, value in zip(labels_of(layout, fields), values, strict=True))
        told.append(_("%(name)s（%(said)s）", name=name, said=said))
    return _(
        "有 %(n)d 人的同一张证书内容互相矛盾，没有建立批次：%(who)s。请在来源中更正，或不选这些人。",
        n=len(unlike),
        who=clauses(told),
    )


def prepare(
    *,
    title: str,
    kind: Kind,
    source: BatchSource,
    issuer: Organisation,
    by: Identity,
    now: datetime,
    rows: Sequence[Wanted] = (),
    checked: Checked | None = None,
    template: str | None = None,
    digest: str = "",
    job_id: int | None = None,
) -> IssueBatch:
    """Put a batch together for a second person to decide. Nothing is numbered or issued.

    Who is named twice with the same facts is taken once, on the evidence of both; without a template the issuer's own is used, in the version of now. A long list is
    `checked` before, so that nobody who writes waits for it; `job_id` is the job that did. `digest` is the SHA-256 of the
    file the rows were read from; without one that of the rows themselves is kept (`queries.table_of`). Raises CannotIssue for none,
    for too many, for records of one person that contradict each other, a template the issuer may not use, and programme certificates: they rest on the verified chain, not on a list.
    """
    title = title.strip()
    if not title or len(title) > MOST_TITLE:
        raise CannotIssue(_("请给出批次名称，不超过%(most)d个字。", most=MOST_TITLE), field="title")
    found = checked or check(kind=kind, issuer=issuer, rows=rows, template=template)
    items = found.items
    batch = IssueBatch(
        title=title,
        kind=kind,
        template=found.template,
        template_version=found.version,
        source=source,
        issuer_id=issuer.id,
        count=len(items),
        waiting=found.waiting,
        digest=digest or hashlib.sha256(chain.table((one["person_id"], one["facts"], one["evidence"]) for one in items)).hexdigest(),
        job_id=job_id,
        asked_by_id=by.account_id,
        asked_at=now,
    )
    session().add(batch)
    session().flush()
    session().execute(insert(IssueItem), [{"batch_id": batch.id, "position": place, **one} for place, one in enumerate(items, 1)])
    data = {"title": title, "kind": kind.value, "count": len(items), "digest": batch.digest}
    audit.record(by=by, did="certificates.batch.prepared", on=batch, data=data)
    tell_of_batch(batch, by=by, now=now)
    session().flush()
    return batch


def _shared(issuer: Organisation) -> dict[str, Any]:
    return clean_facts({"issuer": issuer.name, "issuer_en": issuer.name_en})


def _printed(facts: Mapping[str, Any], issuer: Organisation, name: str) -> dict[str, Any]:
    return {**facts, **_shared(issuer), "name": printed_name(name)}


def why_waiting(item: IssueItem, layout: Layout, issuer: Organisation, name: str) -> str:
    """What is wrong with an item of a batch on a page of this layout: characters, fields and how much of them is too much, and its row in the list."""
    told = obstacles_told(layout, _printed(item.facts, issuer, name))
    row = next((one["id"] for one in item.evidence if one["kind"] == "roster"), "")
    return _("名单第%(row)s行，%(told)s", row=row, told=told) if row and told else told


def decide(*, batch: IssueBatch, is_approved: bool, reason: str, by: Identity, today: date, now: datetime) -> IssueBatch:
    """Approve or send back. Four eyes: nobody approves what they prepared; the one who prepared may take it back. Nobody decides on their own
    certificate: a correction of it, or a list that names them.

    Approving asks for the job that issues; a correction or renewal, a batch of one, is carried out at once. Raises CannotDecide, and for a
    correction CannotChange when the certificate was changed since.
    """
    reason = reason.strip()
    if is_approved and batch.asked_by_id is None:
        raise CannotDecide(
            _("不知道由谁建立了这个批次，不能确认审核的是另一人：请退回，再由具名账号重新建立（命令行用 trainhub certificates issue --as 账号）。")
        )
    if is_approved and is_same_holder(by.account_id, batch.asked_by_id):
        raise CannotDecide(_("签发须由另一人审核：建立批次的人不能审核自己的批次，请另一位负责人处理。"))
    is_preparer = batch.asked_by_id is not None and is_same_holder(by.account_id, batch.asked_by_id)
    if not is_preparer and queries.is_named_in(batch.id, by.person_id):
        raise CannotDecide(_("名单中有你自己的证书，须由与此无关的另一位负责人审核。"))
    if not is_approved and not reason:
        raise CannotDecide(_("退回时请写明理由。"), field="reason")
    if is_approved and batch.source not in (BatchSource.CORRECTION, BatchSource.RENEWAL) and not queries.is_usable(batch):
        message = _("这份名单所用的模板“%(code)s”已经停用或不再可用：请退回，用现行模板重新建立批次。", code=batch.template)
        raise CannotDecide(message, code="template_gone")
    moved = session().execute(
        update(IssueBatch)
        .where(IssueBatch.id == batch.id, IssueBatch.state == BatchState.PREPARED)
        .values(state=BatchState.APPROVED if is_approved else BatchState.REJECTED, decided_by_id=by.account_id, decided_at=now, reason=reason[:400])
        .execution_options(synchronize_session=False)
    )
    if not moved.rowcount:  # type: ignore[attr-defined]
        raise CannotDecide(_("这个批次已经审核过，不能再次审核。"))
    session().refresh(batch)
    if is_approved and batch.source is BatchSource.CORRECTION:
        carry_out(batch=batch, by=by, today=today, now=now)
        batch.state, batch.finished_at = BatchState.ISSUED, now
    elif is_approved and batch.source is BatchSource.RENEWAL:
        renew(batch=batch, by=by, today=today, now=now)
        batch.state, batch.finished_at = BatchState.ISSUED, now
    elif is_approved:
        batch.job_id = jobs.ask(TASK, by=by, title=say(TITLE, title=batch.title), unique_key=f"{TASK}:{batch.id}", batch=batch.id).id
    did = "certificates.batch.approved" if is_approved else "certificates.batch.rejected"
    audit.record(by=by, did=did, on=batch, data={"reason": reason, "count": batch.count})
    session().flush()
    return batch


def go_on(*, batch: IssueBatch, by: Identity) -> None:
    """Ask for the issuing of an approved batch once more after its job failed; what is issued stays. Raises Stale when none failed."""
    job = queries.job_by_id(batch.job_id)
    if batch.state is not BatchState.APPROVED or (job is not None and job.state in (jobs.JobState.QUEUED, jobs.JobState.RUNNING)):
        raise Stale(_("这个批次正在签发或已经签发完，无需重新开始；后台进程中断时，最迟半分钟后自动继续。"))
    batch.job_id = jobs.ask(TASK, by=by, title=say(TITLE, title=batch.title), unique_key=f"{TASK}:{batch.id}:after:{batch.job_id}", batch=batch.id).id
    audit.record(by=by, did="certificates.batch.resumed", on=batch, data={"left": queries.count_open_items(batch.id)})
    session().flush()


def issue_portion(*, batch: IssueBatch, by: Identity, today: date, now: datetime) -> int:
    """Issue the next items of an approved batch; returns how many are left. Harmless to repeat.

    What was issued for the same thing before, by a rule, another list or to a person merged since, is linked, not issued again (also when
    it was revoked: that is counted beforehand, see `queries.revoked_in`). The last portion ends the batch.
    """
    if batch.state is not BatchState.APPROVED:
        return 0
    clock_stands()
    issuer = organisations.by_id(batch.issuer_id)
    assert issuer is not None
    hold_counter(issuer, batch.kind, today.year)  # a rule may be issuing the same at this moment
    items = queries.open_items(batch.id, PORTION)
    known = queries.known_of(batch, [item.position for item in items])
    humans = people.humans_of(item.person_id for item in items)
    # Two whom the batch names may have turned out to be one since: they are issued one.
    things = {item.position: asked_key(batch.kind, batch.issuer_id, humans[item.person_id], item.facts) for item in items}
    fresh = {things[item.position]: item for item in reversed(items) if item.position not in known}
    made = _write(batch, list(fresh.values())[::-1], by=by, today=today, now=now) if fresh else {}
    links = [
        {"batch_id": batch.id, "position": one.position, "certificate_id": known.get(one.position) or made[fresh[things[one.position]].asked_key]}
        for one in items
    ]
    if links:
        session().execute(update(IssueItem).execution_options(synchronize_session=False), links)
    left = queries.count_open_items(batch.id)
    if not left:
        batch.state, batch.finished_at = BatchState.ISSUED, now
        audit.record(by=by, did="certificates.batch.issued", on=batch, data={"count": batch.count})
    session().flush()
    return left


def _write(batch: IssueBatch, items: Sequence[IssueItem], *, by: Identity, today: date, now: datetime) -> dict[str, int]:
    """The certificates of a portion; returns their ids by what was asked."""
    issuer = organisations.by_id(batch.issuer_id)
    assert issuer is not None
    layout = queries.layout_of(batch.template, batch.template_version)  # what was decided on, not what was approved since
    humans = people.humans_of(item.person_id for item in items)
    names = people.standing_names(humans)  # one merged since the list was drawn up bears the name of who stands for it
    programmes = queries.programmes_of(humans.values())
    unit, province = unit_of(issuer.id), (issuer.region_code or "")[:2] or PROVINCE
    first = next_serials(province, unit, batch.kind, today.year, len(items))
    rows = []
    for serial, item in enumerate(items, first):
        name = printed_name(names[item.person_id])
        issued = {"name": name, "issuer": issuer.name, "issuer_en": issuer.name_en, "issued_on": today}
        facts = clean_facts({**item.facts, **issued})
        note = why_not_printable(layout, facts)
        number = compose(Number(province, unit, KIND_DIGITS[batch.kind], today.year, serial))
        holder_id = humans[item.person_id]
        rows.append(_row(batch, item, layout, number, name, facts, note, holder_id, programmes.get(holder_id), by=by, today=today, now=now))
    made = {key: made_id for made_id, key in session().execute(insert(Certificate).returning(Certificate.id, Certificate.asked_key), rows)}
    hashes = _note(rows, made, by=by, today=today, now=now)
    drafts = sum(row["state"] is State.DRAFT for row in rows)
    note_portion([row["number"] for row in rows], list(made.values()), hashes, batch_id=batch.id, drafts=drafts, by=by)
    return made


def _row(
    batch: IssueBatch,
    item: IssueItem,
    layout: Layout,
    number: str,
    name: str,
    facts: dict[str, Any],
    note: str,
    holder_id: int,
    programme_id: int | None,
    *,
    by: Identity,
    today: date,
    now: datetime,
) -> dict[str, Any]:
    state = State.DRAFT if note else State.ISSUED
    return {
        "number": number,
        "edition": 1,
        "code": new_code(secrets.choice),
        "kind": batch.kind,
        "state": state,
        "state_on": today,
        "note": note,
        "person_id": holder_id,
        "holder": name,
        "issuer_id": batch.issuer_id,
        "programme_id": programme_id,
        "asked_key": item.asked_key,
        "is_current": True,
        "template": batch.template,
        "template_version": layout.version,
        "facts": facts,
        "evidence": [*item.evidence, {"kind": "batch", "id": str(batch.id), "text": batch.title}],
        "issued_on": today,
        "issued_at": now,
        "issued_by_id": by.account_id,
    }


def _note(rows: Sequence[Mapping[str, Any]], made: Mapping[str, int], *, by: Identity, today: date, now: datetime) -> list[str]:
    """The first event of each issued certificate, and a notice for each holder who has an account; returns the hashes in the order of the rows."""
    if not (issued := [row for row in rows if row["state"] is State.ISSUED]):
        return []
    fields: dict[str, Any] = {"event": Event.ISSUE.value, "state": State.ISSUED.value, "reason": "", "document": "", "on": today, "at": now}
    events = []
    for row in issued:
        own = {"number": row["number"], "edition": 1, "facts": row["facts"], "code": row["code"]}
        said = {name: row[name] for name in ("template", "template_version", "issuer_id", "person_id", "evidence")}
        issued_as = chain.issued_as(kind=row["kind"].value, **said)
        digest = chain.digest(chain.GENESIS, by_account_id=by.account_id, issued=issued_as, **own, **fields)
        events.append(
            {
                "certificate_id": made[row["asked_key"]],
                "event": Event.ISSUE,
                "state": State.ISSUED,
                "reason": "",
                "document": "",
                "on": today,
                "at": now,
                "by_account_id": by.account_id,
                "before_hash": chain.GENESIS,
                "hash": digest,
            }
        )
    session().execute(insert(CertificateEvent), events)
    note_given([str(row["number"]) for row in issued], max(made[row["asked_key"]] for row in issued))
    tell_holders([made[row["asked_key"]] for row in issued], now=now)
    return [str(event["hash"]) for event in events]
