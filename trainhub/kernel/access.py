"""Permissions: who may do what to which thing, as tables of pure predicates.

* A `Grant` gives one role over one scope (everything, an organisation, a programme, a region).
* An `Identity` is who acts: a value, handed to operations; never read from the request inside business code.
* A `Subject` is what a permission is judged on: the organisations, programmes, regions and persons a thing belongs to.
* Each room has `permissions.py` with `class Can(StrEnum)` (`room:thing:action`) and `GRANTS: Table`, an OR of ANDs.
* Each route carries exactly one of `@public`, `@signed_in`, `@guard(Can.X, load=...)`; a test walks every route.

The role names live here because every floor's permission table names them; what they mean for a person is stored in
`trainhub.identity`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, current_app, g

from trainhub.kernel.errors import NotAllowed, SignInNeeded
from trainhub.kernel.i18n import _, _l, listed
from trainhub.kernel.permission_words import in_words


class Role(StrEnum):
    """The roles of the product; each is granted over a scope."""

    STUDENT = "student"
    TRAINEE = "trainee"
    MENTOR = "mentor"
    SCHOOL_SUPERVISOR = "school_supervisor"
    LECTURER = "lecturer"
    ENTERPRISE_COORDINATOR = "enterprise_coordinator"
    CENTRE_LEADER = "centre_leader"
    PROGRAMME_ADMIN = "programme_admin"
    UNIVERSITY_ADMIN = "university_admin"
    PREFECTURE_OPERATOR = "prefecture_operator"
    DEPT_EDU = "dept_edu"
    DEPT_HR = "dept_hr"
    DEPT_ST = "dept_st"
    DEPT_FIN = "dept_fin"
    INSPECTOR = "inspector"
    EXPERT = "expert"
    AUDITOR = "auditor"
    SYSTEM_ADMIN = "system_admin"


ROLE_LABELS: Mapping[Role, Any] = {
    Role.STUDENT: _l("学生"),
    Role.TRAINEE: _l("学员"),
    Role.MENTOR: _l("企业指导教师"),
    Role.SCHOOL_SUPERVISOR: _l("校内导师"),
    Role.LECTURER: _l("主讲教师"),
    Role.ENTERPRISE_COORDINATOR: _l("企业联系人"),
    Role.CENTRE_LEADER: _l("中心负责人"),
    Role.PROGRAMME_ADMIN: _l("专业负责人"),
    Role.UNIVERSITY_ADMIN: _l("高校管理员"),
    Role.PREFECTURE_OPERATOR: _l("设区市经办人"),
    Role.DEPT_EDU: _l("省教育厅"),
    Role.DEPT_HR: _l("省人社厅"),
    Role.DEPT_ST: _l("省科技厅"),
    Role.DEPT_FIN: _l("省财政厅"),
    Role.INSPECTOR: _l("省效能办督查员"),
    Role.EXPERT: _l("评价专家"),
    Role.AUDITOR: _l("审计员"),
    Role.SYSTEM_ADMIN: _l("系统管理员"),
}


class ScopeKind(StrEnum):
    """What a grant covers. A base is an organisation."""

    EVERYTHING = "everything"
    ORGANISATION = "organisation"
    PROGRAMME = "programme"
    REGION = "region"


@dataclass(frozen=True, slots=True)
class Grant:
    """One role over one scope; `scope_id` is an organisation or programme id, `region_code` a GB/T 2260 code."""

    role: Role
    kind: ScopeKind = ScopeKind.EVERYTHING
    scope_id: int | None = None
    region_code: str | None = None

    def covers(self, subject: Subject) -> bool:
        """Whether the subject lies inside this grant's scope."""
        match self.kind:
            case ScopeKind.EVERYTHING:
                return True
            case ScopeKind.ORGANISATION:
                return self.scope_id in subject.organisations
            case ScopeKind.PROGRAMME:
                return self.scope_id in subject.programmes
            case ScopeKind.REGION:
                return self.region_code in subject.regions


@dataclass(frozen=True, slots=True)
class Subject:
    """What a permission is judged on.

    `organisations`: every organisation the thing belongs to (its university, enterprise, base and their hosts).
    `regions`: the county, its prefecture and the province (平潭 350128 stands beside the prefectures: its path leaves
    350100 out). `persons`: the persons whose own thing it is.
    """

    organisations: frozenset[int] = frozenset()
    programmes: frozenset[int] = frozenset()
    regions: frozenset[str] = frozenset()
    persons: frozenset[int] = frozenset()

    @classmethod
    def of(
        cls,
        *,
        organisations: Iterable[int | None] = (),
        programmes: Iterable[int | None] = (),
        regions: Iterable[str | None] = (),
        persons: Iterable[int | None] = (),
    ) -> Subject:
        """Build a subject, leaving out what is None."""
        return cls(
            frozenset(x for x in organisations if x is not None),
            frozenset(x for x in programmes if x is not None),
            frozenset(x for x in regions if x is not None),
            frozenset(x for x in persons if x is not None),
        )


NOTHING = Subject()


@dataclass(frozen=True, slots=True)
class Identity:
    """Who acts. `origin` is the address the request came from, `token_scopes` narrows an API token (None: a person's session)."""

    account_id: int | None
    person_id: int | None
    name: str
    grants: tuple[Grant, ...] = ()
    origin: str = ""
    token_scopes: frozenset[str] | None = None
    session_id: int | None = None
    unread: int = field(default=0, compare=False)

    @property
    def roles(self) -> frozenset[Role]:
        """The distinct roles held."""
        return frozenset(grant.role for grant in self.grants)

    @property
    def role_labels(self) -> list[str]:
        """The roles' names in the language of the request, in the order of the enum."""
        return [str(ROLE_LABELS[role]) for role in Role if role in self.roles]

    def has(self, *roles: Role) -> bool:
        """Whether any of the roles is held over any scope."""
        return not self.roles.isdisjoint(roles)

    def over(self, subject: Subject, *roles: Role) -> bool:
        """Whether any of the roles is held over a scope that covers the subject."""
        return any(grant.role in roles and grant.covers(subject) for grant in self.grants)

    def everywhere(self, *roles: Role) -> bool:
        """Whether any of the roles is held over everything."""
        return any(grant.role in roles and grant.kind is ScopeKind.EVERYTHING for grant in self.grants)

    def organisation_ids(self, *roles: Role) -> frozenset[int]:
        """The organisations over which any of the roles (default: any role) is held."""
        return frozenset(
            grant.scope_id
            for grant in self.grants
            if grant.kind is ScopeKind.ORGANISATION and grant.scope_id is not None and (not roles or grant.role in roles)
        )

    def programme_ids(self, *roles: Role) -> frozenset[int]:
        """The programmes over which any of the roles is held."""
        return frozenset(
            grant.scope_id
            for grant in self.grants
            if grant.kind is ScopeKind.PROGRAMME and grant.scope_id is not None and (not roles or grant.role in roles)
        )

    def region_codes(self, *roles: Role) -> frozenset[str]:
        """The regions over which any of the roles is held."""
        return frozenset(
            grant.region_code
            for grant in self.grants
            if grant.kind is ScopeKind.REGION and grant.region_code is not None and (not roles or grant.role in roles)
        )


SYSTEM = Identity(account_id=None, person_id=None, name="系统", grants=(Grant(Role.SYSTEM_ADMIN),))
"""Acts for commands on the server and for jobs that nobody asked for."""

Predicate = Callable[[Identity, Subject], bool]
Table = Mapping[StrEnum, tuple[tuple[Predicate, ...], ...]]


@dataclass(frozen=True, slots=True)
class _Named:
    """A predicate that can say what it asks for, so that the permission table prints itself."""

    text: str
    judge: Callable[[Identity, Subject], bool]
    roles: tuple[Role, ...] = ()

    def __call__(self, identity: Identity, subject: Subject) -> bool:
        return self.judge(identity, subject)


def role_over(*roles: Role) -> Predicate:
    """One of the roles, over a scope that covers the thing."""
    return _Named("over", lambda identity, subject: identity.over(subject, *roles), roles)


def role(*roles: Role) -> Predicate:
    """One of the roles, over any scope: for lists that narrow themselves by `visible_to`."""
    return _Named("any", lambda identity, subject: identity.has(*roles), roles)


def role_everywhere(*roles: Role) -> Predicate:
    """One of the roles, granted over everything."""
    return _Named("everywhere", lambda identity, subject: identity.everywhere(*roles), roles)


def named(text: str, judge: Callable[[Identity, Subject], bool]) -> Predicate:
    """A predicate of a room; `text` names it in the table of permissions."""
    return _Named(text, judge)


own: Predicate = _Named("own", lambda identity, subject: identity.person_id is not None and identity.person_id in subject.persons)
anyone_signed_in: Predicate = _Named("signed_in", lambda identity, subject: identity.account_id is not None)


def register_permissions(app: Flask, table: Table) -> None:
    """Called by a room's `wiring.py`; a permission is registered once."""
    known: dict[StrEnum, Any] = app.extensions.setdefault("trainhub.permissions", {})
    for can, alternatives in table.items():
        if can in known:
            raise RuntimeError(f"permission {can} is registered twice")
        known[can] = alternatives


def permission_table(app: Flask) -> dict[StrEnum, tuple[tuple[Predicate, ...], ...]]:
    """Every permission of the product with its alternatives, ordered by name."""
    return dict(sorted(app.extensions.get("trainhub.permissions", {}).items()))


def may(identity: Identity | None, can: StrEnum, subject: Subject = NOTHING) -> bool:
    """Whether the identity has the permission over the subject."""
    if identity is None:
        return False
    if identity.token_scopes is not None and not _token_allows(identity.token_scopes, can):
        return False
    return any(all(ask(identity, subject) for ask in every) for every in current_app.extensions["trainhub.permissions"][can])


def _token_allows(scopes: frozenset[str], can: StrEnum) -> bool:
    """A token scope is a permission or its beginning (`people:` allows all of people)."""
    return any(can == scope or (scope.endswith(":") and can.startswith(scope)) or scope == "*" for scope in scopes)


def demand(identity: Identity | None, can: StrEnum, subject: Subject = NOTHING) -> None:
    """Refuse with words unless the identity has the permission."""
    if identity is None or (identity.account_id is None and identity is not SYSTEM):
        raise SignInNeeded(_("请先登录，再打开这个页面。"))
    if not may(identity, can, subject):
        if identity.token_scopes is not None and not _token_allows(identity.token_scopes, can):
            raise NotAllowed(
                _("这个接口令牌的权限范围不包括这项操作（%(can)s）。请在“我的账户 — 接口令牌”中新建包括它的令牌。", can=can), code="token_scope"
            )
        roles = {r for every in current_app.extensions["trainhub.permissions"][can] for ask in every for r in getattr(ask, "roles", ())}
        deed, names = in_words(can), listed(str(ROLE_LABELS[role]) for role in Role if role in roles)
        if identity.has(*roles):
            raise NotAllowed(
                _(
                    "它不在你负责的单位、专业或地区之内，不能进行这项操作（%(can)s）。请联系负责它的单位；范围有误的，请联系你所在单位的管理员。",
                    can=deed,
                )
            )
        if names:
            raise NotAllowed(
                _("你的角色不能进行这项操作（%(can)s）。需要的角色：%(roles)s。如确有需要，请联系你所在单位的管理员授权。", can=deed, roles=names)
            )
        raise NotAllowed(_("这不是你本人的记录，不能进行这项操作（%(can)s）。", can=deed))


# -- the rule on a route ------------------------------------------------------------------------------------------------

View = TypeVar("View", bound=Callable[..., Any])


def acting() -> Identity | None:
    """The identity of this request; only edges (views, api) may ask."""
    identity: Identity | None = g.get("identity")
    return identity


def who() -> Identity:
    """Who acts, behind a guard that has made sure that there is somebody."""
    identity = acting()
    assert identity is not None
    return identity


def public(view: View) -> View:
    """Anyone, signed in or not."""
    view.__dict__["access_rule"] = "public"
    return view


def signed_in(view: View) -> View:
    """Any person with an account."""

    @wraps(view)
    def guarded(*args: Any, **kw: Any) -> Any:
        identity = acting()
        if identity is None or identity.account_id is None:
            raise SignInNeeded(_("请先登录，再打开这个页面。"))
        return view(*args, **kw)

    guarded.__dict__["access_rule"] = "signed_in"
    return guarded  # type: ignore[return-value]


def guard(can: StrEnum, *, load: Callable[..., Any] | None = None, subject: Callable[[Any], Subject] | None = None) -> Callable[[View], View]:
    """Judge once, on the thing loaded once.

    `load(**url_args)` returns the thing (or raises NotFound); the view is then called with the thing alone instead of
    the address' arguments. `subject(thing)` says what the permission is judged on (default: `thing.subject`).
    Without `load` the permission is judged on nothing: for lists that narrow themselves, and for creating.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(**url_args: Any) -> Any:
            identity = acting()
            if identity is None:
                raise SignInNeeded(_("请先登录，再打开这个页面。"))
            if load is None:
                demand(identity, can)
                return view(**url_args)
            thing = load(**url_args)
            demand(identity, can, subject(thing) if subject is not None else thing.subject)
            return view(thing)

        guarded.__dict__["access_rule"] = can
        return guarded  # type: ignore[return-value]

    return decorate
