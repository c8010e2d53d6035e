"""By what one signs in: the names of one's own account, added with a code and removed with the password."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import redirect, render_template, url_for
from flask import session as cookie

from trainhub.identity import delivery, labels, queries
from trainhub.identity import operations as ops
from trainhub.identity.forms import CodeForm, DropLoginForm, OwnLoginForm
from trainhub.identity.models import Account
from trainhub.identity.types import Channel, LoginKind
from trainhub.identity.views.own import blueprint
from trainhub.identity.views.own_password import counted
from trainhub.kernel import clock
from trainhub.kernel.access import Identity, signed_in, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.proxies import client_address
from trainhub.kernel.web import done

WAITING = "new_login"
"""Under this name the signed cookie keeps the address that waits for its code."""


def _me() -> tuple[Identity, Account]:
    by = who()
    if by.account_id is None:
        raise NotFound(_("没有这个账号。"))
    return by, queries.account(by.account_id)


def _waiting(account: Account) -> ops.NewName | None:
    """The address that this browser asked for, while its code holds."""
    kept = cookie.get(WAITING)
    if not isinstance(kept, dict) or kept.get("account_id") != account.id or kept.get("until", 0) <= clock.now().timestamp():
        return None
    return ops.NewName(**kept)


def _add_form(**kw: Any) -> OwnLoginForm:
    known = delivery.channels()
    reached = {LoginKind.EMAIL: Channel.EMAIL in known, LoginKind.PHONE: Channel.SMS in known, LoginKind.USERNAME: True}
    return OwnLoginForm([kind for kind in ops.CHANGEABLE if reached[kind]], **kw)


def _drop_form(account: Account, **kw: Any) -> DropLoginForm:
    names = [one for one in queries.login_names(account.id) if one.kind in ops.CHANGEABLE]
    form = DropLoginForm([(one.id, f"{labels.LOGIN_KINDS[one.kind]}{_('：')}{one.value}") for one in names], **kw)
    form.apart("drop")
    return form


def _page(
    account: Account, *, add: OwnLoginForm | None = None, drop: DropLoginForm | None = None, code: CodeForm | None = None, status: int = 200
) -> Any:
    logins = queries.login_names(account.id)
    return (
        render_template(
            "trainhub/identity/account_logins.html",
            logins=logins,
            add=add or _add_form(formdata=None),
            drop=drop or _drop_form(account, formdata=None),
            drops=len(logins) > 1 and any(one.kind in ops.CHANGEABLE for one in logins),
            code=code or CodeForm(formdata=None),
            waiting=_waiting(account),
            is_unsent=_is_unsent(_waiting(account)),
            address=queries.email_of(account.id) if ops.reaches_by_mail() else "",
            labels=labels,
        ),
        status,
    )


def _is_unsent(asked: ops.NewName | None) -> bool:
    """Whether a demonstration wrote the code to its log."""
    return asked is not None and asked.kind == LoginKind.PHONE and delivery.is_only_logged(Channel.SMS)


@blueprint.get("/account/logins")
@signed_in
def logins() -> Any:
    """By what one signs in, and how to change it."""
    return _page(_me()[1])


@blueprint.post("/account/logins")
@signed_in
def logins_post() -> Any:
    """A user name is added at once; an address waits for the code that is sent there."""
    by, account = _me()
    form = _add_form()
    status = 422
    if form.validate():
        try:
            with counted(account.id), transaction():
                asked = ops.ask_login(
                    account=queries.account(account.id),
                    kind=LoginKind(form.kind.data),
                    value=form.value.data or "",
                    password=form.password.data or "",
                    by=by,
                    origin=client_address(),
                    now=clock.now(),
                    today=clock.today(),
                )
            if asked is None:
                return done(_("登录名已添加。"), "my_account.logins")
            cookie[WAITING] = asdict(asked)
            return redirect(url_for("my_account.logins"), 303)
        except Refused as refused:
            form.refuse(refused)
            status = refused.status
    return _page(queries.account(account.id), add=form, status=status)


@blueprint.post("/account/logins/code")
@signed_in
def logins_code() -> Any:
    """The code that was sent there; a wrong one is counted."""
    by, account = _me()
    asked, form = _waiting(account), CodeForm()
    if asked is None:
        cookie.pop(WAITING, None)
        raise Refused(_("验证码已过期，请重新填写要添加的地址。"), code="code_expired")
    status = 422
    if form.validate():
        try:
            with transaction():
                added = ops.confirm_login(
                    account=queries.account(account.id),
                    asked=asked,
                    code=form.code.data or "",
                    by=by,
                    origin=client_address(),
                    now=clock.now(),
                    today=clock.today(),
                )
            if added is not None:
                cookie.pop(WAITING, None)
                return done(_("登录名已添加。"), "my_account.logins")
            form.code.errors = [_("验证码不正确，请核对后再试。")]
        except Refused as refused:
            form.refuse(refused)
            status = refused.status
    return _page(queries.account(account.id), code=form, status=status)


@blueprint.post("/account/logins/remove")
@signed_in
def logins_remove() -> Any:
    """Sign in by a name no longer."""
    by, account = _me()
    form = _drop_form(account)
    status = 422
    if form.validate():
        try:
            with counted(account.id), transaction():
                ops.drop_login(
                    account=queries.account(account.id), login_id=form.login_id.data, password=form.password.data or "", by=by, now=clock.now()
                )
            return done(_("登录名已删除。"), "my_account.logins")
        except Refused as refused:
            form.refuse(refused)
            status = refused.status
    return _page(queries.account(account.id), drop=form, status=status)
