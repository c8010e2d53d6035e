"""Permissions: who may do what to which thing, as tables of pure predicates.

* Each room has `permissions.py` with `class Can(StrEnum)` (`room:thing:action`) and `GRANTS: Table`, an OR of ANDs.
* Each route carries exactly one of `@public`, `@signed_in`, `@guard(Can.X, load=...)`; a test walks every route.

The values they judge (`Role`, `Grant`, `Subject`, `Identity`) stand in `kernel.roles`, which rules may be handed; everybody else finds them here too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, current_app, g

from trainhub.kernel.errors import NotAllowed, SignInNeeded
from trainhub.kernel.i18n import _, listed
from trainhub.kernel.permission_words import in_words
from trainhub.kernel.roles import NOTHING as NOTHING
from trainhub.kernel.roles import ROLE_LABELS as ROLE_LABELS
from trainhub.kernel.roles import SYSTEM as SYSTEM
from trainhub.kernel.roles import VISITOR as VISITOR
from trainhub.kernel.roles import Grant as Grant
from trainhub.kernel.roles import Identity as Identity
from trainhub.kernel.roles import Role as Role
from trainhub.kernel.roles import ScopeKind as ScopeKind
from trainhub.kernel.roles import Subject as Subject

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
