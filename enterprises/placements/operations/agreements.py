"""The three-party agreement: its text, corrections of one that was sent with a mistake, amendments, signatures."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from enterprises.placements import labels, queries, rules
from enterprises.placements.checklist import parties
from enterprises.placements.models import AgreementSignature, AgreementText, Placement
from enterprises.placements.operations._support import BadPlacement, WrongState, hold
from enterprises.placements.operations.onehuman import demand_one_side
from enterprises.placements.types import AgreementKind, AgreementParty, PlacementState
from trainhub.identity import queries as identities
from trainhub.kernel import audit, files
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.errors import Stale
from trainhub.kernel.i18n import N_, _
from trainhub.notifications.operations import notify, word


def edition_of(agreed: Mapping[str, Any]) -> str:
    """What tells whether the parties would agree on the same as when a page was opened: a digest of what stands above a signature."""
    return hashlib.sha256(json.dumps(agreed, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:16]


def sign_placement(
    *,
    placement: Placement,
    party: AgreementParty,
    signed_name: str,
    signed_on: date,
    by: Identity,
    now: datetime,
    person_id: int | None = None,
    file_id: int | None = None,
    text_no: int | None = None,
    edition: str | None = None,
) -> AgreementSignature:
    """Record one signature under a text (on the page, or a paper one by upload); the known one stays.

    What is signed on the page is signed today; another day needs the scan (`file_id`), and lies between the day on which the
    text was sent and today: days count from the last signature on, so a date is never only a claim.

    Without a number it is the agreement as it stands now. The signature keeps what stood above it: whatever changes afterwards,
    everybody sees what was signed. A paper signature is under the same sheet as the first one.

    `edition`: what the page had shown (`edition_of`): nobody signs on the page what was changed since (Stale).

    Raises WrongState for a text that was replaced, for whoever signed for another side (`demand_one_side`), or when something reads otherwise than
    another party has signed it (then the text is corrected, and all sign the same); BadPlacement.
    """
    if placement.state is PlacementState.WITHDRAWN:
        raise WrongState(_("这项安排已撤销，不能签署协议。"))
    hold(placement)
    texts = queries.texts_of(placement.id)
    standing = {text.number: text for text in texts if not text.is_replaced}
    number = text_no if text_no is not None else min(number for number, text in standing.items() if text.kind is AgreementKind.AGREEMENT)
    if number not in standing:
        raise WrongState(_("这份协议已由更正后的文本代替，请签署新的文本。"), code="text_replaced")
    known_here = sorted((known for known in queries.signatures_of(placement.id) if known.text_no == number), key=lambda one: one.id)
    for known in known_here:
        if known.party is party:
            return known
    if file_id is None:
        demand_one_side(placement, party, standing.keys(), by=by)
    if not signed_name.strip():
        raise BadPlacement(_("请填写签署人姓名。"), field="signed_name")
    if file_id is None and edition is not None and edition != edition_of(queries.agreed_now(placement.id)):
        raise Stale(_("协议的内容（岗位、起止、指导教师等）在你打开之后有变化，没有签署。请重新打开页面，核对现行内容后再签署。"))
    _check_day(placement, number, signed_on, local(now).date(), is_paper=file_id is not None)
    facts, signed = queries.agreed_now(placement.id), rules.signed_facts(known.facts for known in known_here)
    changes = rules.changed_facts(signed, facts) if signed is not None else []
    if changes and file_id is None:
        said = _("；").join(labels.change_words(changes))
        raise WrongState(_("另一方签署之后内容有变更：%(changes)s。请学校先更正文本，各方再签署新的文本。", changes=said), code="facts_changed")
    row = AgreementSignature(
        placement_id=placement.id,
        text_no=number,
        party=party,
        person_id=person_id,
        signed_name=signed_name.strip()[:120],
        signed_on=signed_on,
        file_id=file_id,
        facts=signed if changes else facts,
        recorded_by_id=by.account_id,
    )
    session().add(row)
    session().flush()
    _count_earlier(placement)
    audit.record(
        by=by,
        did="placements.agreement.signed",
        on=placement,
        data={"party": party.value, "signed_on": signed_on, "text": number, "is_paper": file_id is not None},
    )
    return row


def _count_earlier(placement: Placement) -> None:
    """A signature of an earlier day than the one known of that side: days of a placement that runs count from then on, never from later."""
    if placement.state is not PlacementState.STARTED or placement.counts_from is None:
        return
    there = queries.papers_on(placement)
    if there is None or there < placement.counts_from:
        placement.counts_from = there if there is not None and there > placement.starts_on else None
        session().flush()


def _check_day(placement: Placement, number: int, signed_on: date, today: date, *, is_paper: bool) -> None:
    if signed_on > today:
        raise BadPlacement(_("签署日期不能晚于今天。"), field="signed_on")
    if not is_paper:
        if signed_on != today:
            said = _("在页面上签署的，签署日期就是今天（%(day)s）；此前在纸上签署的，请上传扫描件。", day=today)
            raise BadPlacement(said, field="signed_on", code="not_today")
        return
    sent_on = next((row.sent_on for row in queries.text_rows(placement.id) if row.number == number), local(placement.created_at).date())
    if signed_on < sent_on:
        raise BadPlacement(_("这份文本 %(day)s 才发出，签署日期不能更早。", day=sent_on), field="signed_on", code="before_text")


def _lines(changes: Sequence[str]) -> list[str]:
    """What changes, line by line, whole: it is signed as it was written."""
    found = [line.strip() for line in changes if line.strip()]
    if not found:
        raise BadPlacement(_("请逐条写明变更的内容。"), field="changes")
    return found


def amend_agreement(
    *, placement: Placement, changes: Sequence[str], reason: str, by: Identity, now: datetime, file_id: int | None = None
) -> AgreementText:
    """An amendment as a document of its own that lists what changes; the original signers sign it. The same again is the known one
    as long as nothing was sent after it and not all have signed it (the guardian of a minor too); later it is a change again (a mentor who comes back).

    Raises WrongState before the agreement is signed by all (then it is corrected instead), BadPlacement without changes, or with another reason or file
    under the lines that wait (then that text is corrected).
    """
    hold(placement)
    lines, rows = _lines(changes), queries.text_rows(placement.id)
    last = next((row for row in reversed(rows) if not row.is_replaced), None)
    if last is not None and last.kind is AgreementKind.AMENDMENT and last.changes == lines:
        signed = next(text.signed for text in queries.texts_of(placement.id) if text.number == last.number)
        if not signed >= set(parties(placement, [last.number])[last.number]):
            if last.reason == reason.strip()[:400] and files.is_same(last.file_id, file_id):
                return last
            raise BadPlacement(_("内容相同的补充协议正在等待签署；理由或附件有误的，请更正那份文本。"), field="reason", code="amendment_waits")
    if (refused := against_amendment(placement)) is not None:
        raise refused
    return _send(placement, AgreementKind.AMENDMENT, lines, reason, None, file_id, by, now)


def against_amendment(placement: Placement) -> WrongState | None:
    """Why a placement takes no amendment; None when it does. The page asks before it offers one."""
    if placement.state in (PlacementState.WITHDRAWN, PlacementState.FINISHED):
        return WrongState(_("实习已结束或撤销，不能再签补充协议。"))
    standing = next(text for text in queries.texts_of(placement.id) if text.kind is AgreementKind.AGREEMENT and not text.is_replaced)
    if not standing.signed >= set(parties(placement, [standing.number])[standing.number]):
        return WrongState(_("三方协议还没有签齐，请直接更正协议，不必另签补充协议。"), code="agreement_unsigned")
    return None


def correct_text(
    *, placement: Placement, number: int, changes: Sequence[str], reason: str, by: Identity, now: datetime, file_id: int | None = None
) -> AgreementText:
    """Replace a text that was sent with a mistake; its signatures stay as history and everybody signs the new one.

    Raises WrongState when the text was replaced already or the placement is over, BadPlacement without a reason or changes.
    """
    if placement.state in (PlacementState.WITHDRAWN, PlacementState.FINISHED):
        raise WrongState(_("实习已结束或撤销，协议不能再更正。"))
    if not reason.strip():
        raise BadPlacement(_("请写明更正的理由。"), field="reason")
    hold(placement)
    lines, rows = _lines(changes), {row.number: row for row in queries.text_rows(placement.id)}
    if number == 1 and 1 not in rows:
        rows[1] = AgreementText(
            placement_id=placement.id, number=1, kind=AgreementKind.AGREEMENT, changes=[], sent_on=local(placement.created_at).date()
        )
        session().add(rows[1])
    row = rows.get(number)
    if row is None or row.is_replaced:
        raise WrongState(_("这份协议已由更正后的文本代替。"), code="text_replaced")
    row.is_replaced = True
    session().flush()
    return _send(placement, row.kind, lines, reason, number, file_id, by, now)


def _send(
    placement: Placement, kind: AgreementKind, lines: list[str], reason: str, replaces: int | None, file_id: int | None, by: Identity, now: datetime
) -> AgreementText:
    row = AgreementText(
        placement_id=placement.id,
        number=max((one.number for one in queries.text_rows(placement.id)), default=1) + 1,
        kind=kind,
        changes=lines,
        reason=reason.strip()[:400],
        replaces=replaces,
        file_id=file_id,
        sent_on=local(now).date(),
        made_by_id=by.account_id,
    )
    session().add(row)
    session().flush()
    audit.record(
        by=by,
        did="placements.agreement.corrected" if replaces else "placements.agreement.amended",
        on=placement,
        data={"number": row.number, "replaces": replaces, "changes": lines, "reason": row.reason},
    )
    persons = [queries.person_of_student(placement.student_id), queries.person_of_mentor(placement.mentor_id)]
    notify(
        account_ids={
            *identities.accounts_of_persons({one for one in persons if one is not None}).values(),
            *identities.accounts_holding(Role.ENTERPRISE_COORDINATOR, today=local(now).date(), organisation_id=placement.enterprise_id),
        },
        kind="placements.agreement_sent",
        message=N_("“%(title)s”有一份协议等待签署，请查看。"),
        values={"title": word(labels.AGREEMENT_KINDS[kind])},
        url=f"/placements/{placement.id}/agreement",
        unique_key=f"placement:{placement.id}:text:{row.number}",
        now=now,
    )
    return row
