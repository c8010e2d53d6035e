"""The work of persons in enterprises, and its verification by somebody else (M5.3): only what was verified counts.

A span that was verified stays as it is: it may only be shortened, or its verification withdrawn with a reason; then it can be
corrected or removed.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy.orm.attributes import flag_modified

from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotAllowed, Refused
from trainhub.kernel.files import StoredFile
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind
from trainhub.people import queries
from trainhub.people.models import Employment, Person
from trainhub.people.operations.days import work_told
from trainhub.programmes import holds


class BadEmployment(Refused):
    """A span of work is impossible, or lacks its proof."""

    code = "bad_employment"


def add_employment(
    *,
    person: Person,
    post: str,
    since: date,
    by: Identity,
    now: datetime,
    organisation: Organisation | None = None,
    organisation_name: str = "",
    until: date | None = None,
    is_enterprise: bool | None = None,
    is_full_time: bool = True,
) -> Employment:
    """Note a span of work. With an organisation its name is taken; is_enterprise defaults to what the organisation is.

    It counts only after `verify_employment`. The same span again is returned as it is. Raises BadEmployment.
    """
    name = _checked_name(organisation, organisation_name, post=post, since=since, until=until)
    _check_begin(since, person)
    for known in queries.employment_of(person.id):
        if (known.organisation_name, known.post, known.since, known.until) == (name, post.strip(), since, until):
            return known
    if is_enterprise is None:
        is_enterprise = organisation is None or organisation.kind is OrganisationKind.ENTERPRISE
    row = Employment(
        person_id=person.id,
        organisation_id=organisation.id if organisation is not None else None,
        organisation_name=name,
        post=post.strip(),
        is_enterprise=is_enterprise,
        is_full_time=is_full_time,
        since=since,
        until=until,
        entered_by_ids=_with([], by),
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="people.employment.added", on=person, data={"employment": row.id, "at": name, "since": since, "until": until})
    return row


def _checked_name(organisation: Organisation | None, typed: str, *, post: str, since: date, until: date | None) -> str:
    name = organisation.name if organisation is not None else typed.strip()
    if not name:
        raise BadEmployment(_("请选择或填写工作单位。"), field="organisation_name")
    if not post.strip():
        raise BadEmployment(_("请填写岗位或职务。"), field="post")
    if until is not None and until < since:
        raise BadEmployment(_("结束日期不能早于开始日期。"), field="until")
    return name


def _check_begin(since: date, person: Person) -> None:
    if said := work_told(since, person.birth_on):
        raise BadEmployment(said, field="since")


def _note(did: str, row: Employment, by: Identity, **data: Any) -> None:
    audit.record(by=by, did=did, on=("person", str(row.person_id)), data={"employment": row.id, **data})


def _with(entered: list[int], by: Identity) -> list[int]:
    return entered if by.account_id is None or by.account_id in entered else [*entered, by.account_id]


def _unverified(row: Employment) -> None:
    if row.verified_at is not None:
        raise BadEmployment(_("这段经历已核实，不能修改或删除。确有错误的，请先撤销核实。"), code="employment_verified")


def change_employment(
    *,
    employment: Employment,
    post: str,
    since: date,
    by: Identity,
    now: datetime,
    organisation: Organisation | None = None,
    organisation_name: str = "",
    until: date | None = None,
    is_enterprise: bool = True,
    is_full_time: bool = True,
    opened_at: int | None = None,
) -> dict[str, list[Any]]:
    """Correct a span that nobody has verified; returns {field: [before, after]}. `opened_at` is the version of its person, which
    counts up with the spans, so that two editors notice each other. Raises BadEmployment and Stale."""
    person = session().get_one(Person, employment.person_id)
    check_version(person, opened_at)
    _unverified(employment)
    name = _checked_name(organisation, organisation_name, post=post, since=since, until=until)
    if since != employment.since:
        _check_begin(since, person)
    wanted = {
        "organisation_id": organisation.id if organisation is not None else None,
        "organisation_name": name,
        "post": post.strip(),
        "since": since,
        "until": until,
        "is_enterprise": is_enterprise,
        "is_full_time": is_full_time,
    }
    changed = {key: [getattr(employment, key), value] for key, value in wanted.items() if getattr(employment, key) != value}
    for key, (_before, after) in changed.items():
        setattr(employment, key, after)
    if changed:
        employment.entered_by_ids = _with(employment.entered_by_ids, by)  # what was typed now is nobody's second look, nor is what was left standing
        flag_modified(person, "name")
        session().flush()
        _note("people.employment.changed", employment, by, **changed)
    return changed


def end_employment(*, employment: Employment, until: date, by: Identity, now: datetime, opened_at: int | None = None) -> Employment:
    """Note the last day of a span of work. A verified span keeps its verification: it only became shorter. `opened_at` as above.

    Raises BadEmployment and Stale."""
    person = session().get_one(Person, employment.person_id)
    check_version(person, opened_at)
    if until < employment.since:
        raise BadEmployment(_("结束日期不能早于开始日期。"), field="until")
    if employment.until is not None and until > employment.until and employment.verified_at is not None:
        raise BadEmployment(_("这段经历已核实，不能延长。请另外登记一段并核实。"), field="until")
    if employment.until != until:
        before, employment.until = employment.until, until
        if employment.verified_at is None:
            employment.entered_by_ids = _with(employment.entered_by_ids, by)
        flag_modified(person, "name")
        session().flush()
        _note("people.employment.changed", employment, by, until=[before, until])
    return employment


def remove_employment(*, employment: Employment, by: Identity, now: datetime) -> None:
    """Remove a span entered by mistake, while nobody has verified it; one that is gone changes nothing. Raises BadEmployment.

    Who verifies it at the same moment is waited for; who looked at it before is told that it is gone (the person's version moves)."""
    person = session().get_one(Person, employment.person_id)
    session().refresh(person, with_for_update={"of": Person})  # before the row, as verifying writes them: two orders would be a deadlock
    held = session().get(Employment, employment.id, populate_existing=True, with_for_update={"of": Employment})
    if held is None:
        return
    _unverified(held)
    flag_modified(person, "name")
    _note("people.employment.removed", employment, by, at=employment.organisation_name, since=employment.since, until=employment.until)
    session().delete(employment)
    session().flush()


def verify_employment(
    *,
    employment: Employment,
    by: Identity,
    now: datetime,
    evidence_file: StoredFile | None = None,
    basis: str = "",
    opened_at: int | None = None,
) -> Employment:
    """Confirm a span of work by a file or by naming what was seen (M5.3). Doing it again changes nothing. With `opened_at` (as above) nothing
    is confirmed that became another span since it was looked at.

    Raises NotAllowed for one's own span and to whoever entered or corrected it, BadEmployment without any proof, for a span that is to come or cannot
    be (see `days`), Stale.
    """
    if employment.verified_at is not None:
        return employment
    _not_oneself(employment, by)
    if any(holds.is_same(by.account_id, one) for one in employment.entered_by_ids):
        raise NotAllowed(_("登记的人不能自己核实，请由本单位的另一名管理员核实。"))
    person = session().get_one(Person, employment.person_id)
    check_version(person, opened_at)
    _check_begin(employment.since, person)
    if employment.since > local(now).date():
        raise BadEmployment(_("这段经历还没有开始，不能核实。"))
    if evidence_file is None and not basis.strip():
        raise BadEmployment(_("请上传证明材料，或写明核实的依据。"), field="evidence")
    employment.verified_by_id, employment.verified_at, employment.verified_basis = by.account_id, now, basis.strip()[:200]
    employment.evidence_file_id = evidence_file.id if evidence_file is not None else None
    flag_modified(person, "name")
    session().flush()
    _note("people.employment.verified", employment, by, file=employment.evidence_file_id, basis=employment.verified_basis)
    return employment


def _not_oneself(employment: Employment, by: Identity) -> None:
    if queries.is_same_human(by.person_id, employment.person_id):
        raise NotAllowed(_("不能核实自己的工作经历，请由本单位的其他管理员核实。"))


def withdraw_verification(*, employment: Employment, reason: str, by: Identity, now: datetime) -> Employment:
    """Take a verification back: the span no longer counts and may be corrected. Doing it again changes nothing.

    Raises NotAllowed for one's own span, BadEmployment without a reason. The evidence file stays in the store.
    """
    if employment.verified_at is None:
        return employment
    _not_oneself(employment, by)
    if not reason.strip():
        raise BadEmployment(_("请写明撤销核实的理由。"), field="reason")
    before = {"basis": employment.verified_basis, "file": employment.evidence_file_id, "verified_at": employment.verified_at}
    employment.verified_by_id = employment.verified_at = employment.evidence_file_id = None
    employment.verified_basis = ""
    session().flush()
    _note("people.employment.withdrawn", employment, by, reason=reason.strip()[:500], **before)
    return employment
