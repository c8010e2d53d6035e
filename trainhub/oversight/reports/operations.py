"""Verbs on reports: ask, make, recount, publish. A report keeps its document; it is never made again over the old one."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime, timedelta
from typing import Any

from trainhub.kernel import audit, jobs
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import hold, session
from trainhub.kernel.errors import NotAllowed, Refused
from trainhub.kernel.i18n import N_, _, in_language, listed, say
from trainhub.kernel.kept import for_minutes
from trainhub.organisations.models import Organisation
from trainhub.oversight.reports import rules
from trainhub.oversight.reports.building.registry import RECIPES, build, changes_since
from trainhub.oversight.reports.labels import KINDS, LANGUAGES
from trainhub.oversight.reports.models import Report
from trainhub.oversight.reports.permissions import OWN, PROVINCE
from trainhub.oversight.reports.queries import reports
from trainhub.oversight.reports.types import Asked, Document, Recount, ReportKind, ReportState, document_from
from trainhub.oversight.surveys import queries as surveys
from trainhub.oversight.surveys.models import Survey
from trainhub.policy.book import book

TASK = "reports.make"
LONGEST_DAYS = 366 * 5


class ReportRefused(Refused):
    """A report that cannot be asked for, or published."""

    code = "report_refused"


def ask(
    *,
    kind: ReportKind,
    since: date,
    until: date,
    organisation: Organisation | None = None,
    language: str = "zh",
    by: Identity,
    today: date,
    now: datetime,
) -> Report:
    """Ask for a report over a span of days, written in a language (`labels.LANGUAGES`); a job makes it. Raises ReportRefused and NotAllowed."""
    recipe = RECIPES[kind]
    if language not in LANGUAGES:
        raise ReportRefused(_("报告可以用中文（zh）或英文（en）生成。"), field="language")
    if until < since:
        raise ReportRefused(_("截止日不能早于起始日。"), field="until")
    if until > today:
        raise ReportRefused(_("截止日不能晚于今天。"), field="until")
    if (until - since).days > LONGEST_DAYS:
        raise ReportRefused(_("一份报告最多覆盖五年。"), field="since")
    if recipe.of is None:
        organisation = None
    elif organisation is None or organisation.kind is not recipe.of:
        raise ReportRefused(_("请选择报告所属的企业或基地。"), field="organisation")
    if not may_ask(by, kind, organisation):
        raise NotAllowed(_("全省报告由省级部门生成；企业和基地可以生成本单位的报告。"))
    if kind is ReportKind.CSR and not by.everywhere(*PROVINCE) and not is_of_whole_months(since, until):
        # One's own points of a single day tell how many the largest host took on that day.
        said = _("本单位的责任专章按完整的月份生成：从某月 1 日到某月最后一日。")
        raise ReportRefused(said, field="since" if since.day != 1 else "until", code="whole_months")
    row = Report(
        kind=kind,
        since=since,
        until=until,
        organisation_id=organisation.id if organisation else None,
        known_at=now,
        language=language,
        asked_by_id=by.account_id,
        asked_at=now,
    )
    session().add(row)
    session().flush()
    job = jobs.ask(TASK, by=by, title=say(N_("生成%(kind)s"), kind=KINDS[kind]), report_id=row.id)
    row.job_id = job.id
    audit.record(
        by=by,
        did="reports.report.asked",
        on=row,
        data={"kind": kind, "since": since, "until": until, "organisation": row.organisation_id, "language": language},
    )
    return row


def is_of_whole_months(since: date, until: date) -> bool:
    """Whether a span begins with a month and ends with one."""
    return since.day == 1 and (until + timedelta(days=1)).day == 1


def may_ask(by: Identity, kind: ReportKind, organisation: Organisation | None) -> bool:
    """Departments any report; an enterprise or base its own."""
    if by.everywhere(*PROVINCE):
        return True
    return RECIPES[kind].of is not None and organisation is not None and organisation.id in by.organisation_ids(*OWN)


def asked_of(row: Report) -> Asked:
    """What a report was asked to show."""
    return Asked(row.kind, row.since, row.until, row.known_at, row.organisation_id)


def counted(report: Report) -> Document:
    """The document of what a report was asked to show, as it was known then. Writes nothing: it is counted before anybody has to wait."""
    with in_language(report.language):
        return build(asked_of(report))


def make(*, report: Report, by: Identity, now: datetime, document: Document | None = None) -> Report:
    """Keep the document that was `counted`, or count it. Making a report that is made changes nothing, also at the same moment."""
    session().refresh(report, with_for_update={"of": Report})
    if report.state is not ReportState.ASKED:
        return report
    document = document or counted(report)
    data = document.as_dict()
    report.document, report.sha256 = json.loads(json.dumps(data, ensure_ascii=False)), digest(data)
    report.title, report.state, report.made_at = document.title[:200], ReportState.MADE, now
    session().flush()
    audit.record(by=by, did="reports.report.made", on=report, data={"sha256": report.sha256})
    return report


def digest(data: dict[str, Any]) -> str:
    """SHA-256 of a document's canonical JSON."""
    return hashlib.sha256(json.dumps(data, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def kept(report: Report) -> Document:
    """The document of a report that was made. Raises ReportRefused before."""
    if report.document is None:
        raise ReportRefused(_("报告还没有生成，请稍后再试。"), code="not_made")
    return document_from(report.document)


def public(report: Report, now: datetime) -> Document:
    """The document as everybody may read it: without its small groups (own.reports.small_cell_min) and what few enterprises told
    (own.reports.enterprises_min). Departments read the whole."""
    document = kept(report)
    if changes_since(document.recipe):
        with in_language(report.language):
            document = for_minutes(("reports.marked", report.id, report.sha256), now, lambda: rules.marked(document, build(asked_of(report))))
    return _public(document, report)


def _public(document: Document, report: Report) -> Document:
    least, tellers = (book().at(f"own.reports.{key}", on=report.until).number for key in ("small_cell_min", "enterprises_min"))
    with in_language(report.language):
        note = _("公开的版本：少于 %(n)s 人的单元，以及能由合计推出它们的单元，以“*”隐去；图中略去这些单元。", n=least)
    return rules.public(document, least, str(note), tellers=tellers)


def recount(report: Report) -> Recount:
    """Count again what the report was asked to show, as it was known then, and compare. Writes nothing.

    Where something differs, what was entered since the moment of the report about the things it counts is named, and what changed in the way of counting.
    """
    now, document = counted(report), kept(report)
    found = rules.differences(document, now)
    if not found:
        return Recount()
    later = reports.later_than(report.known_at, RECIPES[report.kind].counts)
    return Recount(found, later, changes_since(document.recipe), _forgotten(report))


def publish(*, report: Report, by: Identity, today: date, now: datetime) -> Report:
    """Show a report to everybody; publishing twice changes nothing. Only reports of the province are published, one of a kind over the same days
    at a time, and of a survey only what was counted when it was closed: of two that differ by a day or an answer who has both would read the
    answer of one person. Raises ReportRefused."""
    if report.state is ReportState.PUBLISHED:
        return report
    if report.state is not ReportState.MADE:
        raise ReportRefused(_("只有已生成的报告可以发布。"))
    if report.organisation_id is not None:
        raise ReportRefused(_("单个企业或基地的报告由该单位自行使用，不在平台发布。"))
    _refuse_open(report)
    _refuse_beside(report, now)
    report.state, report.published_on, report.published_by_id = ReportState.PUBLISHED, today, by.account_id
    session().flush()
    audit.record(by=by, did="reports.report.published", on=report, data={"title": report.title})
    return report


def _survey_open_at(report: Report) -> Survey | None:
    """The survey whose answers a report tells, where they could still change at its moment."""
    of = RECIPES[report.kind].survey
    survey = surveys.latest(of, report.until, report.known_at) if of is not None else None
    return survey if survey is not None and local(report.known_at).date() <= survey.closes_on else None


def told_of(survey_id: int) -> str:
    """The title of a report that rests on a survey and that everybody reads, or once did; empty: none (`surveys.types.TOLD`)."""
    kinds = {kind: recipe.survey for kind, recipe in RECIPES.items() if recipe.survey is not None}
    for kind, until, known_at, title in reports.ever_read(kinds.keys()):
        found = surveys.latest(kinds[kind], until, known_at)
        if found is not None and found.id == survey_id:
            return title
    return ""


def _forgotten(report: Report) -> str:
    """The survey of which only the figures of its closing are left (own.retention.survey_answer_months), of a report that was made before; empty: none."""
    survey = _survey_open_at(report)
    return survey.title if survey is not None and survey.figures is not None else ""


def _refuse_open(report: Report) -> None:
    """Raises ReportRefused: the answers that the report tells could still change at its moment."""
    of = RECIPES[report.kind].survey
    rests_on = surveys.latest(of, report.until, report.known_at) if of is not None else None
    if rests_on is not None:
        hold(f"survey:{rests_on.id}", is_shared=True)  # who moves its days comes before, or finds the report published
        session().refresh(rests_on)
    survey = _survey_open_at(report)
    if survey is not None:
        raise ReportRefused(
            _(
                "“%(survey)s”到 %(day)s 截止，这份报告在截止之前统计：先后公布的两份相减就是其间个别人的答卷。请在截止之后重新生成，再发布。",
                survey=survey.title,
                day=survey.closes_on.isoformat(),
            ),
            code="survey_open",
        )


def _refuse_beside(report: Report, now: datetime) -> None:
    """Raises ReportRefused: another report of the kind tells, or told, of some of the same days. The same numbers in another language may stand beside."""
    reports.hold_kind(report.kind)
    least = book().at("own.reports.small_cell_min", on=report.until).number
    document, withdrawn, is_beside = kept(report), [], False
    for other in reports.ever_published(report):
        are_same_days = (other.since, other.until) == (report.since, report.until)
        is_same = other.language != report.language and are_same_days and rules.is_translation(document, kept(other))
        if other.state is not ReportState.PUBLISHED:
            withdrawn += [] if is_same else [other]
        elif is_same:
            is_beside = True
        else:
            raise ReportRefused(
                _(
                    "已经公布了时段重叠的同类报告“%(title)s”（%(since)s 至 %(until)s）：两份相减会显出个别人。请先撤下那一份。",
                    title=other.title,
                    since=other.since.isoformat(),
                    until=other.until.isoformat(),
                ),
                code="published_beside",
            )
    if is_beside:
        return  # every number of it is read already
    for other in withdrawn:
        if rows := rules.few_between(_as_read(other, report.language, now), public(report, now), least):
            raise ReportRefused(
                _(
                    "与曾经公布的“%(title)s”（%(since)s 至 %(until)s）相比，%(rows)s 只差不到 %(n)s 人，读过那一份的人相减就会认出个别人，因此不能发布。",
                    title=other.title,
                    since=other.since.isoformat(),
                    until=other.until.isoformat(),
                    rows=listed(dict.fromkeys(rows[:5])),
                    n=least,
                ),
                code="published_before",
            )


def _as_read(other: Report, wanted: str, now: datetime) -> Document:
    """What everybody read of a report, in a language: of another one it is made again. Raises ReportRefused: not the same numbers come out, so that it can
    be compared in its own language only."""
    if other.language == wanted:
        return public(other, now)
    with in_language(wanted):
        again = build(asked_of(other))
    if not rules.is_translation(again, kept(other)):
        raise ReportRefused(
            _(
                "曾经公布的“%(title)s”（%(since)s 至 %(until)s）重新核算不一致，无法用这种语言与它逐项比较。请先发布与它同一种语言的报告，再发布这一份。",
                title=other.title,
                since=other.since.isoformat(),
                until=other.until.isoformat(),
            ),
            code="published_before",
        )
    return _public(again, other)


def withdraw(*, report: Report, reason: str, by: Identity) -> Report:
    """Take a published report back from the public page, with a reason."""
    reason = reason.strip()
    if not reason:
        raise ReportRefused(_("请写明撤下的理由。"), field="reason")
    if report.state is ReportState.PUBLISHED:
        report.state = ReportState.MADE  # the day stays: what was once read is compared with what is published later
        session().flush()
        audit.record(by=by, did="reports.report.withdrawn", on=report, data={"reason": reason[:400]})
    return report
