"""The documents of the procedure: handed in by whoever makes them, drawn where the system does, frozen when they are sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import IO

from trainhub.kernel import audit, files, sniff
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.files import StoredFile
from trainhub.kernel.i18n import _
from trainhub.kernel.papers import docx
from trainhub.kernel.papers.blocks import DOCX
from trainhub.oversight.evaluation.documents import visit_form
from trainhub.oversight.evaluation.workflow import queries, words
from trainhub.oversight.evaluation.workflow.models import Application, CaseDocument
from trainhub.oversight.evaluation.workflow.types import Actor, DocumentKind, State
from trainhub.programmes.models import Programme

KIND = "evaluation"

WHEN: Mapping[DocumentKind, tuple[Actor, frozenset[State]]] = {
    DocumentKind.SELF_REPORT: (Actor.PROGRAMME, frozenset([State.PREPARING])),
    DocumentKind.SUPPLEMENTARY_REPORT: (Actor.PROGRAMME, frozenset([State.PREPARING])),
    DocumentKind.VISIT_FORM: (Actor.SYSTEM, frozenset([State.VISIT_SCHEDULED])),
    DocumentKind.ACCREDITATION_VISIT_REPORT: (Actor.VISIT_GROUP, frozenset([State.VISITED])),
    DocumentKind.ACCREDITATION_CONCLUSION: (Actor.ASSOCIATION, frozenset([State.AT_ASSOCIATION, State.SUBMITTED, State.VISITED])),
}
"""Who hands in a document, and while the application stands where."""


class BadDocument(Refused):
    """The document is not handed in now, or is frozen."""

    code = "bad_document"


def demand_open(application: Application, kind: DocumentKind) -> None:
    """Refuse with words while the application stands where this document is not handed in. Raises BadDocument."""
    if application.state not in WHEN[kind][1]:
        raise BadDocument(
            _("申请现处于“%(state)s”，不能提交“%(what)s”。", state=words.STATES[application.state], what=words.DOCUMENTS[kind]), field="file"
        )


def hand_in(*, application: Application, kind: DocumentKind, file: IO[bytes], name: str, by: Identity, now: datetime) -> CaseDocument:
    """Hand in a document; a second one is the next edition until it is sent. The same content again changes nothing. Raises BadDocument."""
    demand_open(application, kind)
    stored = files.keep(file, name=name, kind=KIND, by=by, now=now, allowed=sniff.EVIDENCE)
    return _add(application, kind, stored, by=by, now=now, is_generated=False)


def hand_in_drawn(
    *, application: Application, kind: DocumentKind, data: bytes, name: str, media_type: str, by: Identity, now: datetime
) -> CaseDocument:
    """The same with a document the system drew (the visit form)."""
    demand_open(application, kind)
    stored = files.keep_bytes(data, name=name, kind=KIND, media_type=media_type, by=by, now=now)
    return _add(application, kind, stored, by=by, now=now, is_generated=True)


def hand_in_kept(*, application: Application, kind: DocumentKind, stored: StoredFile, by: Identity, now: datetime) -> CaseDocument:
    """The same with a file that a job has drawn and kept."""
    demand_open(application, kind)
    return _add(application, kind, stored, by=by, now=now, is_generated=True)


def _add(application: Application, kind: DocumentKind, stored: StoredFile, *, by: Identity, now: datetime, is_generated: bool) -> CaseDocument:
    known = queries.current_documents(application.id).get(kind)
    if known is not None and known[0].frozen_at is not None:
        raise BadDocument(_("“%(what)s”已随申请送出，内容已固定，不能更换。", what=words.DOCUMENTS[kind]), field="file")
    if known is not None and known[1].sha256 == stored.sha256:
        return known[0]
    row = CaseDocument(
        application_id=application.id,
        kind=kind,
        edition=known[0].edition + 1 if known is not None else 1,
        file_id=stored.id,
        is_generated=is_generated,
        handed_in_by=by.name[:200],
        handed_in_at=now,
    )
    session().add(row)
    session().flush()
    audit.record(
        by=by, did="evaluation.document.handed_in", on=application, data={"kind": kind.value, "edition": row.edition, "sha256": stored.sha256}
    )
    return row


def note_passage(*, application: Application, passage: str, by: Identity, now: datetime) -> None:
    """Where the self-report says how the plan of the 卓越计划 attains the accreditation standards (PETOE-P8, 002:213)."""
    if application.state is not State.PREPARING:
        raise BadDocument(_("报告已提交，位置不能再改。"), field="passage")
    passage = passage.strip()[:200]
    if application.petoe_passage != passage:
        application.petoe_passage = passage
        session().flush()
        audit.record(by=by, did="evaluation.passage.noted", on=application, data={"passage": passage})


def freeze(application: Application, kinds: Iterable[DocumentKind], *, now: datetime) -> None:
    """The editions that hold are sent: from here on they stay as they are."""
    held = queries.current_documents(application.id)
    for kind in kinds:
        if kind in held and held[kind][0].frozen_at is None:
            held[kind][0].frozen_at = now
    session().flush()


def draw_form(application: Application, *, programme: Programme, by: Identity, today: date, now: datetime) -> CaseDocument:
    """Draw the visit form from what the group agreed on, as DOCX."""
    content = visit_form.content(application, programme, today)
    return hand_in_drawn(
        application=application,
        kind=DocumentKind.VISIT_FORM,
        data=docx.draw(content),
        name=f"现场考查评价表-{programme.code}.docx",
        media_type=DOCX,
        by=by,
        now=now,
    )
