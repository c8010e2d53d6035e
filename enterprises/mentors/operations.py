"""What can be done with mentors: take into the pool, describe, release."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from flask import current_app

from enterprises.mentors import queries
from enterprises.mentors.models import Mentor, MentorAppraisal, MentorConflict
from enterprises.mentors.types import AppraisalGrade
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind
from trainhub.people.models import Person, Student

EDITABLE = frozenset(["post", "title", "skills", "years_experience", "load_limit", "is_shared", "since", "until", "trained_on"])
DECLARED = "enterprises.mentors.conflict_declared"
"""Rooms above do what follows from a conflict: functions (mentor, student, by, now)."""
TERM_CHANGED = "enterprises.mentors.term_changed"
"""Rooms above do what follows from another first or last day of a mentor: functions (person id, by, now), called in the same transaction."""


class BadMentor(Refused):
    """A fact of a mentor is impossible."""

    code = "bad_mentor"


def add_mentor(
    *,
    person: Person,
    enterprise: Organisation,
    since: date,
    by: Identity,
    now: datetime,
    skills: Iterable[str] = (),
    post: str = "",
    title: str = "",
    years_experience: int = 0,
    load_limit: int = 5,
    is_shared: bool = False,
    trained_on: date | None = None,
    until: date | None = None,
) -> Mentor:
    """Take a person of an enterprise into the mentor pool; a mentor it has already is returned as they are, their term included.

    Raises BadMentor when the organisation is no enterprise, a number is impossible, or the person is mentor elsewhere.
    """
    if enterprise.kind is not OrganisationKind.ENTERPRISE:
        raise BadMentor(_("“%(name)s”不是企业，不能登记企业指导教师。", name=enterprise.name), field="enterprise")
    known = queries.of_person(person.id)
    for row in known:
        if row.enterprise_id == enterprise.id:
            return row
    if any(row.until is None or row.until >= since for row in known):
        raise BadMentor(_("%(name)s 正在另一家企业担任指导教师，请先结束原来的聘任。", name=person.name), field="name")
    row = Mentor(person_id=person.id, enterprise_id=enterprise.id, skills=[], since=since, created_at=now)
    _set(
        row,
        {
            "skills": list(skills),
            "post": post,
            "title": title,
            "years_experience": years_experience,
            "load_limit": load_limit,
            "is_shared": is_shared,
            "trained_on": trained_on,
            "until": until,
        },
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="mentors.mentor.added", on=row, data={"person": person.id, "enterprise": enterprise.code, "since": since})
    return row


def _set(row: Mentor, values: dict[str, Any]) -> dict[str, list[Any]]:
    values = {key: value.strip() if isinstance(value, str) else value for key, value in values.items()}
    if "skills" in values:
        values["skills"] = list(dict.fromkeys(text.strip()[:40] for text in values["skills"] if text.strip()))[:20]
    for key in ("load_limit", "years_experience"):
        if values.get(key) is not None and not 0 <= values[key] <= 99:
            raise BadMentor(_("应为 0 至 99 的整数。"), field=key)
    since, until = values.get("since", row.since), values.get("until", row.until)
    if until is not None and since is not None and until < since:
        raise BadMentor(_("结束日期不能早于开始日期。"), field="until")
    changed = {key: [getattr(row, key), value] for key, value in values.items() if getattr(row, key) != value}
    for key, (_before, after) in changed.items():
        setattr(row, key, after)
    return changed


def change_mentor(*, mentor: Mentor, by: Identity, now: datetime, version: int | None = None, **fields: Any) -> dict[str, list[Any]]:
    """Change facts of a mentor; returns {field: [before, after]}. Raises Stale, BadMentor."""
    check_version(mentor, version)
    unknown = sorted(set(fields) - EDITABLE)
    if unknown:
        raise TypeError(f"change_mentor() got unexpected fields {unknown}")
    changed = _set(mentor, fields)
    if changed:
        session().flush()
        audit.record(by=by, did="mentors.mentor.changed", on=mentor, data=audit.changes(changed, told=EDITABLE))
    if not changed.keys().isdisjoint(("since", "until")):
        for follow in current_app.extensions.get(TERM_CHANGED, []):
            follow(mentor.person_id, by, now)
    return changed


def appraise_mentor(*, mentor: Mentor, year: int, grade: AppraisalGrade, text: str, by: Identity, now: datetime) -> MentorAppraisal:
    """Appraise a mentor's year; one a year, may be changed. Raises BadMentor for a year that has not come or lies before the office."""
    if not mentor.since.year <= year <= local(now).year:
        raise BadMentor(_("年份应在聘任年份与今年之间。"), field="year")
    row = queries.appraisal(mentor.id, year)
    if row is None:
        row = MentorAppraisal(mentor_id=mentor.id, year=year, grade=grade, appraised_at=now)
        session().add(row)
    row.grade, row.text, row.appraised_by_id, row.appraised_at = grade, text.strip()[:2000], by.account_id, now
    session().flush()
    audit.record(by=by, did="mentors.appraisal.recorded", on=mentor, data={"year": year, "grade": grade.value})
    return row


def declare_conflict(*, mentor: Mentor, student: Student, reason: str, by: Identity, now: datetime) -> MentorConflict:
    """Say that a mentor must not guide a student (a relative, a business tie), and who guides them now stops; the known one stays. Raises BadMentor without a reason."""
    known = queries.conflict(mentor.id, student.id)
    if known is not None:
        return known
    if not reason.strip():
        raise BadMentor(_("请写明回避的原因。"), field="reason")
    row = MentorConflict(mentor_id=mentor.id, student_id=student.id, reason=reason.strip()[:200], declared_by_id=by.account_id, declared_at=now)
    session().add(row)
    session().flush()
    for follow in current_app.extensions.get(DECLARED, []):
        follow(mentor, student, by=by, now=now)
    audit.record(by=by, did="mentors.conflict.declared", on=mentor, data={"student": student.student_no, "reason": row.reason})
    return row


def withdraw_conflict(*, mentor: Mentor, student: Student, reason: str, by: Identity, now: datetime) -> bool:
    """Take a declared conflict back, with a reason: the mentor may be given again, and nobody is given by this. Whether there was one.

    The declaration and its withdrawal stay in the audit log, where nothing is changed or removed. Raises BadMentor without a reason.
    """
    known = queries.conflict(mentor.id, student.id)
    if known is None:
        return False
    why = reason.strip()
    if not why:
        raise BadMentor(_("请写明撤回回避的理由。"), field="reason")
    if len(why) > 200:
        raise BadMentor(_("理由最多 %(most)d 字，现在有 %(n)d 字。", most=200, n=len(why)), field="reason")
    data = {"student": student.student_no, "declared": known.reason, "declared_on": local(known.declared_at).date(), "reason": why}
    session().delete(known)
    session().flush()
    audit.record(by=by, did="mentors.conflict.withdrawn", on=mentor, data=data)
    return True
