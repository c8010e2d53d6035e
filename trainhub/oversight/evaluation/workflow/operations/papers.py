"""The documents of the procedure: handed in by whoever makes them, drawn where the system does, frozen when they are sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import IO

from sqlalchemy.orm.attributes import flag_modified

from trainhub.kernel import audit, files, sniff
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.files import StoredFile
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _, format_date
from trainhub.kernel.papers import docx
from trainhub.kernel.papers.blocks import DOCX
from trainhub.oversight.evaluation.documents import visit_form
from trainhub.oversight.evaluation.workflow import queries, words
from trainhub.oversight.evaluation.workflow.models import Application, CaseDocument
from trainhub.oversight.evaluation.workflow.operations import outside
from trainhub.oversight.evaluation.workflow.types import Actor, DocumentKind, Route, State
from trainhub.policy.book import book
from trainhub.programmes.models import Programme

KIND = "evaluation"

_BOTH = (Route.JOINT, Route.EVALUATION_ONLY)
WHEN: Mapping[DocumentKind, tuple[Actor, Mapping[Route, frozenset[State]]]] = {
    DocumentKind.SELF_REPORT: (Actor.PROGRAMME, dict.fromkeys(_BOTH, frozenset([State.PREPARING]))),
    DocumentKind.SUPPLEMENTARY_REPORT: (Actor.PROGRAMME, dict.fromkeys(_BOTH, frozenset([State.PREPARING]))),
    DocumentKind.VISIT_FORM: (Actor.SYSTEM, dict.fromkeys(_BOTH, frozenset([State.VISIT_SCHEDULED]))),
    DocumentKind.ACCREDITATION_VISIT_REPORT: (Actor.VISIT_GROUP, {Route.JOINT: frozenset([State.VISITED])}),
    DocumentKind.ACCREDITATION_CONCLUSION: (
        Actor.ASSOCIATION,
        {Route.JOINT: frozenset([State.AT_ASSOCIATION]), Route.EVALUATION_ONLY: frozenset([State.SUBMITTED, State.VISITED])},
    ),
}
"""Who hands in a document, and while an application of a route stands where. Which reports a route has is the policy's: `is_asked`."""
REPORTS = frozenset([DocumentKind.SELF_REPORT, DocumentKind.SUPPLEMENTARY_REPORT])


class BadDocument(Refused):
    """The document is not handed in now, or is frozen."""

    code = "bad_document"


def is_asked(application: Application, kind: DocumentKind, on: date) -> bool:
    """Whether the route of an application has this document: alone there is only the supplementary report, and no visit for the
    accreditation (PETOE-P14b, 002:223)."""
    if kind in REPORTS:
        return kind.value in book().at(f"petoe.reports_{application.route.value}", on=on).words
    return application.route in WHEN[kind][1]


def demand_open(application: Application, kind: DocumentKind, on: date) -> None:
    """Refuse with words a document that the route does not have, or while the application stands where it is not handed in. Raises BadDocument."""
    if not is_asked(application, kind, on):
        route = words.ROUTES[application.route]
        raise BadDocument(_("这项申请的路线是“%(route)s”，不需要“%(what)s”，没有保存。", route=route, what=words.DOCUMENTS[kind]), field="file")
    if application.state not in WHEN[kind][1][application.route]:
        raise BadDocument(
            _("申请现处于“%(state)s”，不能提交“%(what)s”。", state=words.STATES[application.state], what=words.DOCUMENTS[kind]), field="file"
        )


def hand_in(*, application: Application, kind: DocumentKind, file: IO[bytes], name: str, by: Identity, now: datetime) -> CaseDocument:
    """Hand in a document; a second one is the next edition until it is sent. The same content again changes nothing. Raises BadDocument."""
    if WHEN[kind][0] is Actor.SYSTEM:
        raise BadDocument(_("“%(what)s”由平台根据专家意见生成，不能上传。", what=words.DOCUMENTS[kind]), field="file")
    demand_open(application, kind, local(now).date())
    if outside.is_asked(WHEN[kind][0]):
        outside.check(application, by, local(now).date())
    stored = files.keep(file, name=name, kind=KIND, by=by, now=now, allowed=sniff.EVIDENCE)
    return _add(application, kind, stored, by=by, now=now, is_generated=False)


def check_conclusion(application: Application, concluded_on: date) -> None:
    """Refuse a conclusion of a day before the submission: it belongs to an earlier accreditation, and would be written over. Raises BadDocument."""
    first = local(application.submitted_at).date() if application.submitted_at is not None else None
    if first is not None and concluded_on < first:
        told = _("本次认证结论在 %(day)s 提交报告之后作出；更早的结论已登记在专业点，不能在这里更改。", day=format_date(first))
        raise BadDocument(told, field="concluded_on")


def hand_in_drawn(
    *, application: Application, kind: DocumentKind, data: bytes, name: str, media_type: str, by: Identity, now: datetime
) -> CaseDocument:
    """The same with a document the system drew (the visit form)."""
    demand_open(application, kind, local(now).date())
    stored = files.keep_bytes(data, name=name, kind=KIND, media_type=media_type, by=by, now=now)
    return _add(application, kind, stored, by=by, now=now, is_generated=True)


def hand_in_kept(*, application: Application, kind: DocumentKind, stored: StoredFile, by: Identity, now: datetime) -> CaseDocument:
    """The same with a file that a job has drawn and kept."""
    demand_open(application, kind, local(now).date())
    return _add(application, kind, stored, by=by, now=now, is_generated=True)


def _add(application: Application, kind: DocumentKind, stored: StoredFile, *, by: Identity, now: datetime, is_generated: bool) -> CaseDocument:
    queries.hold(application)
    demand_open(application, kind, local(now).date())  # it may have been sent since
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
    flag_modified(application, "petoe_passage")  # counts the version up: who sends the application has seen this edition, or is told
    session().flush()
    audit.record(
        by=by, did="evaluation.document.handed_in", on=application, data={"kind": kind.value, "edition": row.edition, "sha256": stored.sha256}
    )
    return row


def note_passage(*, application: Application, passage: str, by: Identity, now: datetime, version: int | None = None) -> None:
    """Where the self-report says how the plan of the 卓越计划 attains the accreditation standards (PETOE-P8, 002:213). Raises Stale."""
    queries.hold(application)
    if application.state is not State.PREPARING:
        raise BadDocument(_("报告已提交，位置不能再改。"), field="passage")
    if not is_asked(application, DocumentKind.SELF_REPORT, local(now).date()):
        route = words.ROUTES[application.route]
        raise BadDocument(_("这项申请的路线是“%(route)s”，没有自评报告，不需要填写位置。", route=route), field="passage")
    passage = passage.strip()[:200]
    if application.petoe_passage != passage:
        check_version(application, version)
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
