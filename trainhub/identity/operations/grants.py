"""Giving and ending roles: nobody gives above their own scope."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from trainhub.identity import queries, rules
from trainhub.identity.models import Account, OneTimeLink, RoleGrant
from trainhub.identity.operations._support import GrantMisfit, GrantRefused
from trainhub.identity.operations.accounts import refuse_closed
from trainhub.kernel import audit
from trainhub.kernel.access import ROLE_LABELS, Identity, Role, ScopeKind
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _, listed
from trainhub.organisations import queries as organisations


def grant_role(
    *,
    account: Account,
    role: Role,
    by: Identity,
    today: date,
    now: datetime,
    organisation_id: int | None = None,
    programme_id: int | None = None,
    region_code: str | None = None,
    since: date | None = None,
    until: date | None = None,
) -> RoleGrant:
    """Give an account a role over one scope (none named: over everything), from `since` (default today) to `until`, both included.

    The same grant again is the known one, which takes over the days that are given. A link that somebody holds who could not give this role
    ends. Raises GrantRefused when the role does not fit the scope or `by` may not give it, AccountRefused when the account is closed.
    """
    refuse_closed(account)
    start = since or today
    named = [value for value in (organisation_id, programme_id, region_code) if value is not None]
    if len(named) > 1:
        raise GrantMisfit(_("一次授权只能有一个范围：机构、专业点或地区。"), field="organisation_id", code="scope_twice")
    kind = scope_kind(organisation_id, programme_id, region_code)
    if kind not in rules.SCOPES_OF[role]:
        raise GrantMisfit(_scope_words(role), field=_field_of(role, kind), code="scope_wrong")
    if until is not None and until < start:
        raise GrantMisfit(_("结束日期早于开始日期。"), field="until", code="dates_wrong")
    _check_may_give(by, role, kind, organisation_id, programme_id, region_code)
    _check_home(role, organisation_id)
    session().flush()
    session().refresh(
        account, with_for_update={"of": Account}
    )  # the same role given twice at once is given once, and none to who is closed meanwhile
    refuse_closed(account)
    known = queries.same_grant(account.id, role, kind, organisation_id, programme_id, region_code, today=max(start, today))
    if known is not None:
        return _given_again(known, account, since=min(known.since, start), until=until, by=by)
    grant = RoleGrant(
        account_id=account.id,
        role=role,
        scope_kind=kind,
        organisation_id=organisation_id,
        programme_id=programme_id,
        region_code=region_code,
        since=start,
        until=until,
        granted_by_id=by.account_id,
        granted_at=now,
    )
    session().add(grant)
    session().flush()
    audit.record(by=by, did="identity.role.granted", on=account, data=_told(grant))
    _end_link(account, grant, by=by, today=today, now=now)
    return grant


def _given_again(grant: RoleGrant, account: Account, *, since: date, until: date | None, by: Identity) -> RoleGrant:
    """The days of a known grant become those given last; the same days change nothing."""
    if grant.role is Role.SYSTEM_ADMIN and account.id == by.account_id and (since, until) != (grant.since, grant.until):
        raise GrantRefused(_("不能更改自己的系统管理员角色的期限，请由另一位管理员操作。"))
    before = {"since": str(grant.since), "until": str(grant.until) if grant.until else None}
    grant.since, grant.until = since, until
    if before != {"since": str(since), "until": str(until) if until else None}:
        session().flush()
        audit.record(by=by, did="identity.role.changed", on=account, data={**_told(grant), "before": before})
    return grant


def _end_link(account: Account, grant: RoleGrant, *, by: Identity, today: date, now: datetime) -> None:
    """A link is shown to who makes it: one made by somebody who could not give the new role would be a way up to it."""
    scope = queries.subject_of_scope(grant.scope_kind, grant.organisation_id, grant.programme_id, grant.region_code, to_give=True)
    for link in queries.live_links(account.id, now):
        maker_id = link.made_by_id if link.made_by_id is not None else _told_maker(link, by)
        if maker_id in (None, account.id, by.account_id):
            continue
        try:
            maker = queries.identity_of(maker_id, today=today)
        except NotFound:  # the maker's account is closed
            maker = None
        if maker is None or not rules.may_give(maker, grant.role, grant.scope_kind, scope):
            link.expires_at = now
            session().flush()
            audit.record(by=by, did=f"identity.{link.purpose}.ended", on=account, data={"grant": grant.id})


def _told_maker(link: OneTimeLink, by: Identity) -> int | None:
    """Who made a link according to the audit log, for one that was made before the link itself said so."""
    told = audit.later_of(link.created_at - timedelta(minutes=1), "account", [link.account_id]).get(link.account_id, [])
    made = [event.account_id for event in told if event.did == f"identity.{link.purpose}.made"]
    return made[-1] if made else by.account_id


def end_grant(*, grant_id: int, account: Account, by: Identity, now: datetime) -> RoleGrant:
    """End a grant now; one that ended before changes nothing. Raises GrantRefused, NotFound."""
    grant = session().get(RoleGrant, grant_id)
    if grant is None or grant.account_id != account.id:
        raise NotFound(_("没有这项授权。"))
    if grant.ended_at is not None:
        return grant
    _check_may_give(by, grant.role, grant.scope_kind, grant.organisation_id, grant.programme_id, grant.region_code)
    if grant.role is Role.SYSTEM_ADMIN and account.id == by.account_id:
        raise GrantRefused(_("不能收回自己的系统管理员角色，请由另一位管理员操作。"))
    grant.ended_at = now
    session().flush()
    audit.record(by=by, did="identity.role.ended", on=account, data=_told(grant))
    return grant


def lead_grant(grant: RoleGrant, *, account: Account, programme_id: int, by: Identity, today: date, now: datetime) -> RoleGrant:
    """The same role over another programme from a day on, for who went there; the old one ends. Whether they may go was judged by who sent them."""
    made = RoleGrant(
        account_id=account.id,
        role=grant.role,
        scope_kind=grant.scope_kind,
        programme_id=programme_id,
        since=today,
        until=grant.until,
        granted_by_id=by.account_id,
        granted_at=now,
    )
    grant.ended_at = now
    session().add(made)
    session().flush()
    audit.record(by=by, did="identity.role.ended", on=account, data=_told(grant))
    audit.record(by=by, did="identity.role.granted", on=account, data=_told(made))
    return made


def scope_kind(organisation_id: int | None, programme_id: int | None, region_code: str | None) -> ScopeKind:
    """Which kind of scope the given value names."""
    if organisation_id is not None:
        return ScopeKind.ORGANISATION
    if programme_id is not None:
        return ScopeKind.PROGRAMME
    return ScopeKind.REGION if region_code is not None else ScopeKind.EVERYTHING


def check_may_give(by: Identity, role: Role, *, organisation_id: int | None = None, programme_id: int | None = None) -> None:
    """Refuse a role that `by` may not give over an organisation or a programme. Raises GrantRefused."""
    _check_may_give(by, role, scope_kind(organisation_id, programme_id, None), organisation_id, programme_id, None)


def _check_may_give(
    by: Identity, role: Role, kind: ScopeKind, organisation_id: int | None, programme_id: int | None, region_code: str | None
) -> None:
    scope = queries.subject_of_scope(kind, organisation_id, programme_id, region_code, to_give=True)
    if not rules.may_give(by, role, kind, scope):
        raise GrantRefused(
            _("你不能授予或收回“%(role)s”在这个范围内的权限：授权不能超出自己的范围。请联系上级管理员。", role=ROLE_LABELS[role]),
            code="above_own_scope",
        )


def _check_home(role: Role, organisation_id: int | None) -> None:
    """An expert belongs to an association or a group of experts, never to what is judged."""
    if role is not Role.EXPERT or organisation_id is None:
        return
    home = organisations.by_id(organisation_id)
    if home is None or home.kind not in rules.EXPERT_HOMES:
        raise GrantMisfit(
            _("评价专家只能在认证协会、专家组或评价机构范围内授权；要查看某个专业，请把该专家指派到考查中，考查期内自动开放。"),
            field="organisation_id",
            code="expert_home",
        )


FIELDS = {ScopeKind.ORGANISATION: "organisation_id", ScopeKind.PROGRAMME: "programme_id", ScopeKind.REGION: "region_code"}


def _field_of(role: Role, given: ScopeKind) -> str:
    """The field at fault: the scope that the role needs, or the one that was given to a role over everything."""
    return next((FIELDS[kind] for kind in ScopeKind if kind in rules.SCOPES_OF[role] and kind in FIELDS), FIELDS.get(given, "role"))


def _scope_words(role: Role) -> str:
    names = {
        ScopeKind.EVERYTHING: _("全省"),
        ScopeKind.ORGANISATION: _("机构"),
        ScopeKind.PROGRAMME: _("专业点"),
        ScopeKind.REGION: _("地区"),
    }
    allowed = listed(names[kind] for kind in ScopeKind if kind in rules.SCOPES_OF[role])
    return _("“%(role)s”的授权范围应为：%(scopes)s。", role=ROLE_LABELS[role], scopes=allowed)


def _told(grant: RoleGrant) -> dict[str, object]:
    return {
        "grant": grant.id,
        "role": grant.role.value,
        "scope": grant.scope_kind.value,
        "organisation": grant.organisation_id,
        "programme": grant.programme_id,
        "region": grant.region_code,
        "until": str(grant.until) if grant.until else None,
    }
