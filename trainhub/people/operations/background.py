"""Stays outside the mainland and degrees of a person, and their verification by somebody else: only what was verified counts (PETOE-9.1, M9.1).

A row that was verified stays as it is, until its verification is withdrawn with a reason; a wrong one that nobody verified is removed and entered anew.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy.orm.attributes import flag_modified

from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotAllowed, Refused
from trainhub.kernel.files import StoredFile
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.parsers import parse_country
from trainhub.people import queries
from trainhub.people.models import Person, PersonDegree, PersonStay
from trainhub.people.types import Degree, StayKind
from trainhub.programmes import holds

Background = PersonStay | PersonDegree
Row = TypeVar("Row", PersonStay, PersonDegree)
MAINLAND = "CN"


class BadBackground(Refused):
    """A stay or a degree is impossible, or lacks its proof."""

    code = "bad_background"


def add_stay(
    *, person: Person, kind: StayKind, organisation_name: str, region: str, since: date, until: date, by: Identity, now: datetime
) -> PersonStay:
    """Note a span of study or work outside the mainland. It counts after `verify_background`, for the days that have passed. The same span again is
    returned as it is. Raises BadBackground: the mainland is not 境外; Hong Kong, Macao and Taiwan are (requirements.md 8.2, 23)."""
    name, code = _name(organisation_name, "organisation_name"), _region(region)
    if code == MAINLAND:
        raise BadBackground(_("境外经历的国家或地区不能是中国内地；港澳台填 HK、MO、TW。"), field="region")
    if until < since:
        raise BadBackground(_("结束日期不能早于开始日期。"), field="until")
    for known in queries.stays_of([person.id])[person.id]:
        if (known.kind, known.organisation_name, known.region, known.since, known.until) == (kind, name, code, since, until):
            return known
    row = PersonStay(person_id=person.id, kind=kind, organisation_name=name, region=code, since=since, until=until)
    return _added(row, person, by, since=since, until=until)


def add_degree(
    *, person: Person, degree: Degree, university_name: str, region: str, awarded_on: date, by: Identity, now: datetime, field: str = ""
) -> PersonDegree:
    """Note a degree. A doctorate from abroad (国外) counts after `verify_background`. The same again is returned as it is. Raises BadBackground."""
    name, code = _name(university_name, "university_name"), _region(region)
    if awarded_on > local(now).date():
        raise BadBackground(_("授予日期不能晚于今天。"), field="awarded_on")
    for known in queries.degrees_of([person.id])[person.id]:
        if (known.degree, known.university_name, known.region, known.awarded_on) == (degree, name, code, awarded_on):
            return known
    row = PersonDegree(person_id=person.id, degree=degree, university_name=name, region=code, field=field.strip()[:120], awarded_on=awarded_on)
    return _added(row, person, by, degree=degree.value, awarded_on=awarded_on)


def remove_background(*, row: Background, by: Identity, now: datetime) -> None:
    """Remove a row entered by mistake, while nobody has verified it; one that is gone changes nothing. Raises BadBackground.

    Who verifies it at the same moment is waited for; who looked at it before is told that it is gone (the person's version moves)."""
    person = session().get_one(Person, row.person_id)
    session().refresh(person, with_for_update={"of": Person})  # before the row, as verifying writes them: two orders would be a deadlock
    held = session().get(type(row), row.id, populate_existing=True, with_for_update={"of": type(row)})
    if held is None:
        return
    flag_modified(person, "name")
    if row.verified_at is not None:
        raise BadBackground(_("已核实的不能删除。确有错误的，请先撤销核实。"), code="background_verified")
    _note("removed", row, by)
    session().delete(row)
    session().flush()


def verify_background(
    *, row: Background, by: Identity, now: datetime, evidence_file: StoredFile | None = None, basis: str = "", opened_at: int | None = None
) -> None:
    """Confirm a row by a file or by naming what was seen. Doing it again changes nothing. `opened_at`: the version of its person when it was looked at.

    Raises NotAllowed for one's own row and to who entered it, BadBackground without any proof, Stale.
    """
    if row.verified_at is not None:
        return
    _not_oneself(row, by)
    if holds.is_same(by.account_id, row.entered_by_id):
        raise NotAllowed(_("登记的人不能自己核实，请由本单位的另一名管理员核实。"))
    person = session().get_one(Person, row.person_id)
    check_version(person, opened_at)
    if evidence_file is None and not basis.strip():
        raise BadBackground(_("请上传证明材料，或写明核实的依据。"), field="evidence")
    row.verified_by_id, row.verified_at, row.verified_basis = by.account_id, now, basis.strip()[:200]
    row.evidence_file_id = evidence_file.id if evidence_file is not None else None
    flag_modified(person, "name")
    session().flush()
    _note("verified", row, by, file=row.evidence_file_id, basis=row.verified_basis)


def withdraw_background(*, row: Background, reason: str, by: Identity, now: datetime) -> None:
    """Take a verification back: the row no longer counts and may be removed. Doing it again changes nothing.

    Raises NotAllowed for one's own row, BadBackground without a reason. The evidence file stays in the store.
    """
    if row.verified_at is None:
        return
    _not_oneself(row, by)
    if not reason.strip():
        raise BadBackground(_("请写明撤销核实的理由。"), field="reason")
    before = {"basis": row.verified_basis, "file": row.evidence_file_id, "verified_at": row.verified_at}
    row.verified_by_id = row.verified_at = row.evidence_file_id = None
    row.verified_basis = ""
    session().flush()
    _note("withdrawn", row, by, reason=reason.strip()[:500], **before)


def _added(row: Row, person: Person, by: Identity, **told: Any) -> Row:
    row.entered_by_id = by.account_id
    session().add(row)
    flag_modified(person, "name")
    session().flush()
    _note("added", row, by, region=row.region, **told)
    return row


def _note(deed: str, row: Background, by: Identity, **data: Any) -> None:
    thing = "stay" if isinstance(row, PersonStay) else "degree"
    audit.record(by=by, did=f"people.{thing}.{deed}", on=("person", str(row.person_id)), data={thing: row.id, **data})


def _name(text: str, field: str) -> str:
    name = " ".join(text.split())[:200]
    if not name:
        raise BadBackground(_("请填写学校或单位名称。"), field=field)
    return name


def _region(text: str) -> str:
    try:
        return parse_country(text.strip())
    except ValueError as wrong:
        raise BadBackground(str(wrong), field="region") from wrong


def _not_oneself(row: Background, by: Identity) -> None:
    if queries.is_same_human(by.person_id, row.person_id):
        raise NotAllowed(_("不能核实自己的经历，请由本单位的其他管理员核实。"))
