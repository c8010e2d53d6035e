"""What can be done with organisations: register, change, verify, close, and who hosts a base."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import current_app

from trainhub.kernel import addresses, audit, pinyin
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import add_once, hold, session
from trainhub.kernel.errors import NotAllowed, NotFound, Refused
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _, format_date, listed
from trainhub.organisations import labels, queries, rules, texts
from trainhub.organisations.models import BaseHost, Organisation, OrganisationPast
from trainhub.organisations.permissions import EDITORS, VERIFIERS
from trainhub.organisations.ruling_queries import ruling_subject
from trainhub.organisations.types import HostSide, OrganisationKind, OrganisationState

CLOSING = "trainhub.organisations.closing"
"""Rooms above add what follows when an organisation is taken out of use: functions (organisation, reason, by, now), in the same transaction."""
VERIFICATION = "trainhub.organisations.verification"
"""What follows when one loses its verification or has it (again): functions (organisation, is_verified, by, now), in the same transaction."""
PLACED = "trainhub.organisations.placed"
"""What follows when one comes to a city, its first or another, or to none: functions (organisation, by, now), in the same transaction."""
HOSTING = "trainhub.organisations.hosting"
"""What follows when an organisation leaves a base or is its partner again: functions (base, organisation, is_host, by, now), in the same transaction."""
EDITABLE = frozenset(
    [
        "name", "name_en", "short_name", "uscc", "region_code", "address", "parent_id", "level", "supervising_department", "ownership",
        "size", "is_internet_enterprise", "is_leading_internet", "allows_self_registration", "contact_name", "contact_phone", "cio_name",
    ]
)  # fmt: skip
PERSONAL = frozenset(["contact_name", "contact_phone", "cio_name"])
"""Names and numbers of people."""
CLOSED = "is_closed"
DATED = ("is_internet_enterprise", "is_leading_internet", CLOSED)
"""Marks that rules ask for as of a day: what was replaced is kept with the day. `CLOSED` is no column, it is told by the state."""


class BadOrganisation(Refused):
    """A fact of an organisation is impossible."""

    code = "bad_organisation"


class CodeTaken(Refused):
    """Another organisation has this code or USCC."""

    code = "code_taken"


class WrongState(Refused):
    """The organisation is not in a state that allows this."""

    code = "wrong_state"


def register(
    *,
    code: str,
    kind: OrganisationKind,
    name: str,
    by: Identity,
    now: datetime,
    uscc: str | None = None,
    region_code: str | None = None,
    in_list: bool = False,
    **fields: Any,
) -> Organisation:
    """Register an organisation; it waits for verification. `fields` are further columns (see EDITABLE) and `is_demo`. `in_list`: one of a list
    that was compared with itself and with what is registered; each of ten thousand held by name would fill PostgreSQL's table of locks.

    Raises CodeTaken when the code or the USCC is known, BadOrganisation when a fact is impossible.
    """
    code = rules.normalise_code(code)
    if not rules.is_code(code):
        raise BadOrganisation(_("代码“%(code)s”无效：请用 2 至 40 个字母、数字、点、横线或下划线。", code=code[:60]), field="code")
    if addresses.is_page(code, addresses.Kind.ORGANISATION):
        raise BadOrganisation(_("“%(code)s”是页面自己用的地址，请换一个代码。", code=code), field="code")
    meant = rules.uscc_of_code(kind, code)
    if meant is not None and (wrong := rules.uscc_problem(meant)) is not None:
        raise BadOrganisation(str(labels.USCC_PROBLEMS[wrong]), field="code", code=f"uscc_{wrong.value}")
    if not in_list:
        hold(f"organisations.code:{code.upper()}")  # of two who spell it in other letters at once the second finds the first's: no constraint tells
    if (known := queries.by_code(code, in_any_letters=True)) is not None:
        raise CodeTaken(_("代码 %(code)s 已属于“%(name)s”，请直接使用该机构，或核对代码。", code=code, name=known.name), field="code")
    if unknown := sorted(set(fields) - EDITABLE - {"is_demo"}):
        raise TypeError(f"register() got unexpected fields {unknown}")
    is_demo = bool(fields.pop("is_demo", False))
    row = Organisation(code=code, kind=kind, name="", created_at=now, is_demo=is_demo)
    _set(row, {"name": name, "uscc": uscc or meant, "region_code": region_code, **fields})
    add_once(row, lambda: CodeTaken(_("代码 %(code)s 或它的统一社会信用代码刚被登记，请核对已有的机构。", code=code), field="code"))
    audit.record(by=by, did="organisations.organisation.registered", on=row, data={"code": code, "kind": kind.value, "name": row.name})
    return row


def _set(row: Organisation, values: dict[str, Any]) -> dict[str, list[Any]]:
    """Check and set; returns what changed as [before, after]."""
    values = texts.cleaned(values)
    if problem := texts.problem(values, row.contact_phone):
        raise BadOrganisation(problem[1], field=problem[0])
    if "name" in values and not values["name"]:
        raise BadOrganisation(_("请填写机构名称。"), field="name")
    if "uscc" in values:
        values["uscc"] = _checked_uscc(row, values["uscc"])
    if "region_code" in values:
        values["region_code"] = values["region_code"] or None
        if values["region_code"] and queries.region(values["region_code"]) is None:
            raise BadOrganisation(_("没有代码为 %(code)s 的地区，请从列表中选择。", code=values["region_code"]), field="region_code")
    if values.get("parent_id") is not None:
        _check_parent(row, values["parent_id"])
    changed = {}
    for key, value in values.items():
        before = getattr(row, key)
        if before != value:
            setattr(row, key, value)
            if before or value:
                changed[key] = [before, value]
    if "name" in changed or "short_name" in changed or not row.pinyin:
        row.pinyin = pinyin.of_text(row.name)
    return changed


def _checked_uscc(row: Organisation, text: str | None) -> str | None:
    uscc = rules.normalise_uscc(text or "")
    if not uscc:
        return None
    if (problem := rules.uscc_problem(uscc)) is not None:
        raise BadOrganisation(str(labels.USCC_PROBLEMS[problem]), field="uscc", code=f"uscc_{problem.value}")
    meant = rules.uscc_of_code(row.kind, row.code)
    if meant not in (None, uscc) and uscc != row.uscc and rules.uscc_problem(meant) is None:
        raise BadOrganisation(_("与机构代码 %(code)s 不一致：企业的机构代码就是它的统一社会信用代码，请核对。", code=row.code), field="uscc")
    other = queries.code_of_uscc(uscc)
    if other is not None and other != row.code:
        raise CodeTaken(_("统一社会信用代码 %(uscc)s 已登记在机构 %(code)s 名下。", uscc=uscc, code=other), field="uscc")
    return uscc


def _check_parent(row: Organisation, parent_id: int) -> None:
    """The parent exists, and going up from it never comes back here."""
    at: int | None = parent_id
    for _step in range(20):
        if at is None:
            return
        if row.id is not None and at == row.id:
            raise BadOrganisation(_("上级单位不能是本机构或它的下级单位。"), field="parent_id")
        parent = queries.by_id(at)
        if parent is None:
            raise BadOrganisation(_("上级单位不存在，请重新选择。"), field="parent_id")
        at = parent.parent_id
    raise BadOrganisation(_("上级单位的层级过深，请核对。"), field="parent_id")


def change(*, organisation: Organisation, by: Identity, now: datetime, version: int | None = None, **fields: Any) -> dict[str, list[Any]]:
    """Change facts of an organisation; returns what changed as {field: [before, after]}.

    Raises Stale when somebody else saved it since `version`, BadOrganisation and CodeTaken as `register` does. A changed
    USCC or name of a verified organisation must be verified again (IPLUS-3.3.2), and so must one that moves to another city: that city's office looks at it.
    """
    check_version(organisation, version)
    unknown = sorted(set(fields) - EDITABLE)
    if unknown:
        raise TypeError(f"change() got unexpected fields {unknown}")
    _check_judged(organisation, fields, by)
    why = against_moving(organisation, fields, by)
    if why is not None:
        raise why
    city = queries.region_path(organisation.region_code).prefecture
    changed = _set(organisation, fields)
    if changed:
        if "uscc" in changed:
            _forget_credit(organisation, changed)
        has_moved = "region_code" in changed and queries.region_path(organisation.region_code).prefecture != city
        if organisation.state is OrganisationState.VERIFIED and (has_moved or changed.keys() & {"uscc", "name"}):
            organisation.state = OrganisationState.REGISTERED
            changed["state"] = ["verified", "registered"]
        _keep(organisation, changed, by, now)
        session().flush()
        audit.record(
            by=by,
            did="organisations.organisation.changed",
            on=organisation,
            data=audit.changes(changed, told={*EDITABLE - PERSONAL, *rules.LOOKED_UP, "state"}),
        )
        if "state" in changed:
            _follow(VERIFICATION, organisation=organisation, is_verified=False, by=by, now=now)
        if has_moved:
            _follow(PLACED, organisation=organisation, by=by, now=now)
    return changed


def _follow(name: str, **what: Any) -> None:
    for follow in current_app.extensions.get(name, []):
        follow(**what)


def _forget_credit(organisation: Organisation, changed: dict[str, list[Any]]) -> None:
    """What was found under another code says nothing of the new one; what was found against somebody stays until it is looked up again."""
    for key in rules.LOOKED_UP if organisation.credit_status == rules.GOOD_CREDIT else ():
        nothing = "" if key == "credit_status" else None
        changed[key] = [getattr(organisation, key), nothing]
        setattr(organisation, key, nothing)


def _check_judged(organisation: Organisation, fields: dict[str, Any], by: Identity) -> None:
    judged = [key for key in rules.JUDGED if key in fields and (fields[key] or None) != (getattr(organisation, key) or None)]
    if judged and not by.over(queries.subject_of(organisation), *VERIFIERS):
        names = listed(str(labels.FIELDS[key]) for key in judged)
        raise BadOrganisation(_("%(names)s由核验单位登记，本单位不能自行修改。请联系核验本单位的部门。", names=names), field=judged[0], code="judged")


def against_moving(organisation: Organisation, fields: dict[str, Any], by: Identity) -> BadOrganisation | None:
    """Why `by` may not put an organisation into another region or under another parent; None: they may, or nothing of that changes.

    Only who verifies it may, and into a region of theirs: else it would choose its city, or leave every one. Where it has neither yet, it may say.
    """
    moved = [key for key in rules.PLACED if key in fields and (fields[key] or None) != (getattr(organisation, key) or None)]
    if not moved:
        return None
    if not by.over(queries.subject_of(organisation), *VERIFIERS):
        if organisation.state is OrganisationState.REGISTERED and all(getattr(organisation, key) is None for key in moved):
            return None
        names = listed(str(labels.FIELDS[key]) for key in moved)
        said = _("%(names)s由核验单位登记，本单位不能自行修改。请联系核验本单位的部门。", names=names)
        return BadOrganisation(said, field=moved[0], code="judged")
    there = queries.subject_at(queries.region_path(fields.get("region_code") or None))
    if "region_code" in moved and not by.over(there, *VERIFIERS):
        return BadOrganisation(_("只能改到你所负责的地区。迁往其他地区的，请由省级部门办理。"), field="region_code", code="region_beyond")
    return None


def _keep(organisation: Organisation, changed: dict[str, list[Any]], by: Identity, now: datetime) -> None:
    """Keep what the dated marks were before today."""
    today = local(now).date()
    session().add_all(
        OrganisationPast(organisation_id=organisation.id, key=key, value=changed[key][0], until=today, replaced_by_id=by.account_id, replaced_at=now)
        for key in DATED
        if key in changed
    )


def verify(*, organisation: Organisation, by: Identity, now: datetime, version: int | None = None) -> Organisation:
    """Confirm that the organisation is who it says it is; only then may it publish positions or issue (IPLUS-3.3.2).

    Doing it again changes nothing. Raises WrongState when it is closed, BadOrganisation when a needed fact is missing.
    """
    check_version(organisation, version)
    if organisation.state is OrganisationState.VERIFIED:
        return organisation
    if organisation.state is OrganisationState.CLOSED:
        raise WrongState(_("机构已停用，不能核验。请先恢复使用。"))
    missing = rules.missing_for_verification(organisation.kind, uscc=organisation.uscc, region_code=organisation.region_code)
    if missing:
        names = listed(str(labels.FIELDS[name]) for name in missing)
        raise BadOrganisation(_("还不能核验：请先补充%(names)s。", names=names), field=missing[0], code="facts_missing")
    organisation.state = OrganisationState.VERIFIED
    session().flush()
    audit.record(by=by, did="organisations.organisation.verified", on=organisation)
    _follow(VERIFICATION, organisation=organisation, is_verified=True, by=by, now=now)
    return organisation


def close(*, organisation: Organisation, reason: str, by: Identity, now: datetime, version: int | None = None) -> Organisation:
    """Take an organisation out of use; everything it did stays, and what rooms above have running there ends their way (`CLOSING`). Who rules it rules
    nothing until it is taken into use again (`identity.rules.PAUSED_WHEN_CLOSED`).

    Doing it again changes nothing.
    """
    check_version(organisation, version)
    if organisation.state is OrganisationState.CLOSED:
        return organisation
    if not reason.strip():
        raise BadOrganisation(_("请写明停用的理由。"), field="reason")
    before, organisation.state = organisation.state, OrganisationState.CLOSED
    _keep(organisation, {CLOSED: [False, True]}, by, now)
    session().flush()
    audit.record(by=by, did="organisations.organisation.closed", on=organisation, data={"before": before.value, "reason": reason.strip()})
    _follow(CLOSING, organisation=organisation, reason=reason, by=by, now=now)
    return organisation


def reopen(*, organisation: Organisation, by: Identity, now: datetime, version: int | None = None) -> Organisation:
    """Take a closed organisation into use again; it must be verified anew."""
    check_version(organisation, version)
    if organisation.state is OrganisationState.CLOSED:
        organisation.state = OrganisationState.REGISTERED
        _keep(organisation, {CLOSED: [True, False]}, by, now)
        session().flush()
        audit.record(by=by, did="organisations.organisation.reopened", on=organisation)
    return organisation


def may_host(base: Organisation, by: Identity) -> bool:
    """Whether somebody says who hosts a base: who verifies it, the host that leads it and the base itself."""
    return by.over(queries.subject_of(base), *VERIFIERS) or by.over(ruling_subject(base), *EDITORS)


def check_may_host(base: Organisation, by: Identity) -> None:
    """Keep a partner from taking the lead, or ending the others without their word. Raises NotAllowed."""
    if not may_host(base, by):
        raise NotAllowed(_("共建单位和牵头单位由牵头单位、中心负责人或核验部门登记，请联系他们。"), code="not_leading")


def add_host(
    *,
    base: Organisation,
    organisation: Organisation,
    side: HostSide,
    is_lead: bool,
    by: Identity,
    now: datetime,
    since: date | None = None,
    version: int | None = None,
) -> BaseHost:
    """Say who hosts or co-builds a base, and on which side. A host that stands on that side is returned, its mark of the lead as asked.

    A base has one lead: a new lead takes the mark from the old one. `version` is that of the base, which counts up with its hosts, so
    that two editors notice each other. A partnership that had ended begins anew, from `since` (today when nobody says), beside the
    earlier one; one that was ended today goes on. Raises BadOrganisation, Stale and NotAllowed (`check_may_host`).
    """
    check_version(base, version)
    if base.kind is not OrganisationKind.BASE:
        raise BadOrganisation(_("“%(name)s”不是实践基地，不能登记共建单位。", name=base.name))
    check_may_host(base, by)
    if base.id == organisation.id:
        raise BadOrganisation(_("基地不能与自己共建。"), field="organisation_id")
    hosts = [host for host, _organisation in queries.hosts_of(base.id)]
    known = _standing(hosts, organisation, side, since=since, today=local(now).date())
    if known is not None and known.until is None and known.is_lead == is_lead and known.since == (since or known.since):
        return known
    theirs = [host for host in hosts if host.organisation_id == organisation.id]
    is_back = bool(theirs) and all(host.until is not None for host in theirs)
    if is_lead:
        for host in hosts:
            host.is_lead = False
    if known is None:
        past = any(host.organisation_id == organisation.id and host.side is side for host in hosts)
        known = BaseHost(base_id=base.id, organisation_id=organisation.id, side=side, since=since or (local(now).date() if past else None))
        session().add(known)
    known.is_lead, known.until, known.since = is_lead, None, since or known.since
    session().flush()
    _touch(base)
    audit.record(by=by, did="organisations.host.added", on=base, data={"host": organisation.code, "side": side.value, "is_lead": is_lead})
    if is_back:
        _follow(HOSTING, base=base, organisation=organisation, is_host=True, by=by, now=now)
    return known


def _standing(hosts: list[BaseHost], organisation: Organisation, side: HostSide, *, since: date | None, today: date) -> BaseHost | None:
    """The partnership that stands, or was ended today and goes on; None: a new one begins. Refuses another first day than the known one."""
    ours = [host for host in hosts if host.organisation_id == organisation.id and host.side is side]
    for host in ours:
        if (host.until is None or host.until >= today) and (since is None or since == host.since or host.since is None):
            return host
        if host.until is None:
            raise BadOrganisation(
                _(
                    "“%(name)s”从%(since)s起已是共建单位，没有改动。开始日期有误时，请先结束这一段，再按正确的日期登记。",
                    name=organisation.name,
                    since=format_date(host.since),
                ),
                field="since",
            )
    begins = since or today
    if last := max((host.until for host in ours if host.until is not None and host.until >= begins), default=None):
        raise BadOrganisation(
            _("“%(name)s”此前的共建到%(until)s结束，新的开始日期应晚于这一天。", name=organisation.name, until=format_date(last)), field="since"
        )
    return None


def _touch(base: Organisation) -> None:
    """A change of the hosts is a change of the base: the version counts, so that two editors notice each other."""
    from sqlalchemy.orm.attributes import flag_modified

    flag_modified(base, "state")
    session().flush()


def end_host(*, base: Organisation, host_id: int, until: date, by: Identity, now: datetime) -> None:
    """End a partnership; its organisation's people lose sight of the base. Doing it again changes nothing. Raises NotFound for one of another base,
    NotAllowed for who neither leads nor verifies it."""
    check_may_host(base, by)
    hosts = queries.hosts_of(base.id)
    if all(host.id != host_id for host, _organisation in hosts):
        raise NotFound(_("“%(name)s”没有这个共建单位，没有结束任何共建。", name=base.name))
    for host, organisation in hosts:
        if host.id == host_id and host.until is None:
            if host.since is not None and until < host.since:
                raise BadOrganisation(_("结束日期不能早于开始日期。"), field="until")
            host.until, host.is_lead = until, False
            session().flush()
            _touch(base)
            audit.record(by=by, did="organisations.host.ended", on=base, data={"host": organisation.code, "until": until})
            if all(other.until is not None for other, its in hosts if its.id == organisation.id):
                _follow(HOSTING, base=base, organisation=organisation, is_host=False, by=by, now=now)
