"""Registers beside the criteria that a person judges: internationalisation, cases from practice, outputs, appraisal rules, quality reviews."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from courses.curriculum.locking import name_course
from courses.curriculum.models import CurriculumCourse
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _
from trainhub.oversight.evaluation.models import AppraisalScheme, IntlActivity, QualityReview, TeacherOutput, TeachingCase
from trainhub.oversight.evaluation.operations.registers import BadEntry, checked_country, checked_text, keep
from trainhub.oversight.evaluation.queries import registers
from trainhub.oversight.evaluation.queries.holding import hold_programme
from trainhub.oversight.evaluation.register_types import ActivityKind, Dimension, OutputKind
from trainhub.people.models import Teacher
from trainhub.programmes.models import Programme


def add_activity(
    *,
    programme: Programme,
    kind: ActivityKind,
    title: str,
    took_place_on: date,
    description: str,
    by: Identity,
    now: datetime,
    partner: str = "",
    country: str = "",
    evidence: str = "",
) -> IntlActivity:
    """A form of internationalisation; cooperation with enterprises names who and where abroad (PETOE-9.5: 境外, 002:595)."""
    if kind is ActivityKind.INDUSTRY:
        partner = checked_text(partner, "partner", _("请填写合作的境外企业或研发机构。"))
    row = IntlActivity(
        programme_id=programme.id,
        kind=kind,
        title=checked_text(title, "title", _("请填写活动或合作的名称。")),
        partner=partner.strip(),
        country=checked_country(country) if country.strip() or kind is ActivityKind.INDUSTRY else "",
        took_place_on=took_place_on,
        description=checked_text(description, "description", _("请写明做法和效果，供专家判断。")),
        evidence=evidence.strip(),
    )
    return keep(row, "activity", programme.id, by, {"kind": kind.value, "title": row.title})


def add_case(
    *,
    programme: Programme,
    course: CurriculumCourse,
    title: str,
    enterprise: str,
    taken_up_on: date,
    by: Identity,
    now: datetime,
    source: str = "",
) -> TeachingCase:
    """A problem, case or project from practice in a course; the enterprise it comes from is required (002:415). Raises BadEntry and CourseGone."""
    name_course(course)
    row = TeachingCase(
        programme_id=programme.id,
        course_id=course.id,
        title=checked_text(title, "title", _("请填写问题、案例或项目的名称。")),
        enterprise=checked_text(enterprise, "enterprise", _("请填写来源企业。")),
        source=source.strip(),
        taken_up_on=taken_up_on,
    )
    return keep(row, "case", programme.id, by, {"course": course.code, "title": row.title})


def add_output(
    *, programme: Programme, teacher: Teacher, kind: OutputKind, title: str, published_on: date, by: Identity, now: datetime
) -> TeacherOutput:
    """What a teacher brought forth on research-based learning."""
    title = checked_text(title, "title", _("请填写成果名称。"))
    row = TeacherOutput(programme_id=programme.id, teacher_id=teacher.id, kind=kind, title=title, published_on=published_on)
    return keep(row, "output", programme.id, by, {"kind": kind.value, "title": title})


def add_scheme(
    *,
    programme: Programme,
    title: str,
    since: date,
    weights: Mapping[Dimension, int],
    by: Identity,
    now: datetime,
    issued_no: str = "",
) -> AppraisalScheme:
    """The rule of appraisal with the weights of the five dimensions in per cent; the rest of 100 goes to other things. Raises BadEntry."""
    if any(weight < 0 for weight in weights.values()) or not 0 < sum(weights.values()) <= 100:
        raise BadEntry(_("五项的占比合计应大于 0，且不超过 100%。"), field="project_design")
    row = AppraisalScheme(
        programme_id=programme.id,
        title=checked_text(title, "title", _("请填写文件名称。")),
        issued_no=issued_no.strip(),
        since=since,
        weights={one.value: int(weights.get(one, 0)) for one in Dimension},
    )
    return keep(row, "scheme", programme.id, by, {"title": row.title, "weights": row.weights})


def add_review(
    *,
    programme: Programme,
    held_on: date,
    school_members: int,
    enterprise_members: int,
    findings: str,
    by: Identity,
    now: datetime,
    actions: str = "",
    closed_on: date | None = None,
) -> QualityReview:
    """A round of quality assurance of both sides; entered again for the same day it replaces what was said, so that it can be closed.

    Raises BadEntry.
    """
    if school_members < 0 or enterprise_members < 0 or school_members + enterprise_members == 0:
        raise BadEntry(_("请填写校企双方参加的人数。"), field="enterprise_members")
    if closed_on is not None and (closed_on < held_on or not actions.strip()):
        raise BadEntry(_("整改完成须写明改进措施，日期不早于评价日期。"), field="closed_on")
    hold_programme(programme.id)
    row = registers.review_on(programme.id, held_on)
    if row is None:
        row = QualityReview(programme_id=programme.id, held_on=held_on)
        session().add(row)
    row.school_members, row.enterprise_members, row.closed_on = school_members, enterprise_members, closed_on
    row.findings = checked_text(findings, "findings", _("请写明发现的问题；没有问题的，写明结论。"))
    row.actions = actions.strip()
    session().flush()
    data = {"on": held_on, "school": school_members, "enterprise": enterprise_members, "closed_on": closed_on}
    audit.record(by=by, did="evaluation.review.entered", on=programme, data=data)
    return row
