"""Evidence comes in with its codes, is renewed by versions, is withdrawn with a reason. Nothing is overwritten."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import IO

from trainhub.kernel import audit, files, sniff
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _
from trainhub.oversight.evaluation.queries.holding import hold_programme
from trainhub.oversight.evaluation.store import catalogue, queries
from trainhub.oversight.evaluation.store.models import EvidenceCode, EvidenceItem, EvidenceVersion, ReportText
from trainhub.programmes.models import Programme

KIND = "evidence"


class BadEvidence(Refused):
    """A fact of a piece of evidence is missing or impossible."""

    code = "bad_evidence"


def _codes(codes: Iterable[str]) -> list[str]:
    wanted = sorted(set(codes))
    if not wanted:
        raise BadEvidence(_("请至少选择一个材料编号。"), field="codes")
    unknown = [code for code in wanted if code not in catalogue.materials()]
    if unknown:
        raise BadEvidence(_("没有编号为 %(code)s 的材料。", code="、".join(unknown)), field="codes")
    return wanted


def _span(valid_from: date | None, valid_until: date | None) -> None:
    if valid_from is not None and valid_until is not None and valid_until < valid_from:
        raise BadEvidence(_("有效期的结束不能早于开始。"), field="valid_until")


def add_evidence(
    *,
    programme: Programme,
    title: str,
    codes: Iterable[str],
    file: IO[bytes],
    name: str,
    by: Identity,
    now: datetime,
    provided_by: str = "",
    valid_from: date | None = None,
    valid_until: date | None = None,
    note: str = "",
) -> EvidenceItem:
    """Enter a piece of evidence with its first version. One file may serve several codes. The same again changes nothing; with other dates it is refused:
    they are changed in the material, where the change is written down. Raises BadEvidence and what `files.keep` raises."""
    title, wanted = title.strip(), _codes(codes)
    if not title:
        raise BadEvidence(_("请填写材料名称。"), field="title")
    _span(valid_from, valid_until)
    stored = files.keep(file, name=name, kind=KIND, by=by, now=now, allowed=sniff.EVIDENCE)
    hold_programme(programme.id)
    for held in queries.held_by(programme.id):
        if held.title == title and held.codes == tuple(wanted) and held.file.sha256 == stored.sha256:
            known = queries.item(held.id)
            assert known is not None
            if (known.valid_from, known.valid_until) != (valid_from, valid_until):
                raise BadEvidence(_("“%(title)s”已登记，有效期不同，没有保存：请在该材料中更新有效期。", title=title), field="valid_until")
            return known
    row = EvidenceItem(
        programme_id=programme.id,
        title=title[:200],
        provided_by=provided_by.strip()[:120],
        valid_from=valid_from,
        valid_until=valid_until,
        created_at=now,
    )
    session().add(row)
    session().flush()
    session().add_all([EvidenceCode(item_id=row.id, code=code) for code in wanted])
    session().add(EvidenceVersion(item_id=row.id, edition=1, file_id=stored.id, note=note.strip()[:300], uploaded_by=by.name[:200], uploaded_at=now))
    session().flush()
    audit.record(by=by, did="evaluation.evidence.added", on=row, data={"programme": programme.id, "codes": wanted, "sha256": stored.sha256})
    return row


def renew(
    *,
    item: EvidenceItem,
    file: IO[bytes],
    name: str,
    by: Identity,
    now: datetime,
    note: str = "",
    valid_from: date | None = None,
    valid_until: date | None = None,
) -> EvidenceVersion:
    """Hand in a new version; what was frozen at a submission keeps the version of then. The same content again is no new version,
    and changes at most until when it holds."""
    _span(valid_from, valid_until)
    queries.hold(item)
    if item.withdrawn_at is not None:
        raise BadEvidence(_("这份材料已撤下，不能再更新。"))
    stored = files.keep(file, name=name, kind=KIND, by=by, now=now, allowed=sniff.EVIDENCE)
    latest, latest_file = queries.versions_of(item.id)[0]
    before, after = (item.valid_from, item.valid_until), (valid_from, valid_until)
    item.valid_from, item.valid_until = after
    validity = {"validity": [before, after]} if before != after else {}
    if latest_file.sha256 == stored.sha256:
        session().flush()
        if validity:
            audit.record(by=by, did="evaluation.evidence.renewed", on=item, data={"edition": latest.edition, **validity})
        return latest
    row = EvidenceVersion(
        item_id=item.id, edition=latest.edition + 1, file_id=stored.id, note=note.strip()[:300], uploaded_by=by.name[:200], uploaded_at=now
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="evaluation.evidence.renewed", on=item, data={"edition": row.edition, "sha256": stored.sha256, **validity})
    return row


def withdraw(*, item: EvidenceItem, reason: str, by: Identity, now: datetime) -> EvidenceItem:
    """Take a piece of evidence out of the store; its versions and what was frozen stay."""
    if not reason.strip():
        raise BadEvidence(_("请写明撤下的理由。"), field="reason")
    queries.hold(item)
    if item.withdrawn_at is None:
        item.withdrawn_at, item.withdrawal_reason = now, reason.strip()[:400]
        session().flush()
        audit.record(by=by, did="evaluation.evidence.withdrawn", on=item, data={"reason": reason})
    return item


def write_section(
    *,
    programme: Programme,
    section: str,
    text: str,
    pointer: str,
    examples: str,
    by: Identity,
    now: datetime,
    version: int | None = None,
) -> ReportText:
    """Save the text of a section of the supplementary report, or where the self-report says it. `version`: what was read, 0 for nothing.

    Raises Stale. The same words again change nothing.
    """
    hold_programme(programme.id)
    row = queries.texts_of(programme.id).get(section)
    values = (text.strip(), pointer.strip()[:200], examples.strip())
    if row is None:
        row = ReportText(programme_id=programme.id, section=section)
        session().add(row)
    else:
        session().refresh(row)
        if (row.text, row.pointer, row.examples) == values:
            return row
        check_version(row, version)
    row.text, row.pointer, row.examples = values
    row.saved_by, row.saved_at = by.name[:200], now
    session().flush()
    audit.record(by=by, did="evaluation.report.written", on=("programme", str(programme.id)), data={"section": section})
    return row
