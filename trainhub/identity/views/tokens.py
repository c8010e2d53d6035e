"""Tokens of one's own account for the HTTP API."""

from __future__ import annotations

from typing import Any

from flask import current_app, render_template

from trainhub.identity import labels, queries
from trainhub.identity import operations as ops
from trainhub.identity.forms import TokenForm
from trainhub.identity.models import Account
from trainhub.identity.permissions import Can
from trainhub.identity.views.own import blueprint
from trainhub.identity.views.own_password import counted
from trainhub.kernel import clock
from trainhub.kernel.access import Identity, guard, permission_table, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.web import done


def _me() -> tuple[Identity, Account]:
    by = who()
    if by.account_id is None:
        raise NotFound(_("没有这个账号。"))
    return by, queries.account(by.account_id)


def _token_form(identity: Identity, **kw: Any) -> TokenForm:
    form = TokenForm(**kw)
    useful = {name for name, ways in permission_table(current_app).items() if any(all(_could(identity, ask) for ask in every) for every in ways)}
    rooms = {f"{name.split(':', 1)[0]}:" for name in useful}
    form.scopes.choices = [(scope, scope) for scope in ops.known_scopes() if scope in useful or scope in rooms]
    return form


def _could(identity: Identity, ask: Any) -> bool:
    """Whether the identity could ever satisfy a predicate: a token for what nobody lets one do is useless."""
    roles = getattr(ask, "roles", ())
    return not roles or identity.has(*roles)


def _tokens_page(identity: Identity, account: Account, form: TokenForm, token: str = "", status: int = 200, *, is_repeated: bool = False) -> Any:
    return (
        render_template(
            "trainhub/identity/tokens.html",
            tokens=queries.api_tokens(account.id),
            form=form,
            token=token,
            is_repeated=is_repeated,
            now=clock.now(),
            room_label=labels.room,
        ),
        status,
    )


@blueprint.get("/account/tokens")
@guard(Can.TOKEN_OWN)
def tokens() -> Any:
    """Tokens of the HTTP API."""
    identity, account = _me()
    return _tokens_page(identity, account, _token_form(identity, formdata=None))


@blueprint.post("/account/tokens")
@guard(Can.TOKEN_OWN)
def tokens_post() -> Any:
    """Make a token: the page shows it once, and never again. One's own password is asked: the token outlives the open browser of whoever makes it."""
    identity, account = _me()
    form = _token_form(identity)
    if not form.validate():
        return _tokens_page(identity, account, form, status=422)
    token = ""
    try:
        with counted(account.id), transaction():
            ops.check_own_password(account=queries.account(account.id), password=form.password.data or "")
            if once(form.submission_key.data or ""):
                _row, token = ops.make_own_token(
                    account=queries.account(account.id),
                    label=form.label.data or "",
                    scopes=form.scopes.data or [],
                    days=form.days.data or 0,
                    by=identity,
                    now=clock.now(),
                    today=clock.today(),
                )
    except Refused as refused:
        form.refuse(refused)
        return _tokens_page(identity, queries.account(account.id), form, status=refused.status)
    return _tokens_page(identity, queries.account(account.id), _token_form(identity, formdata=None), token, is_repeated=not token)


@blueprint.post("/account/tokens/<int:token_id>/revoke")
@guard(Can.TOKEN_OWN)
def token_revoke(token_id: int) -> Any:
    """End a token."""
    identity, account = _me()
    with transaction():
        ops.revoke_token(account_id=account.id, token_id=token_id, by=identity, now=clock.now())
    return done(_("令牌已撤销，使用它的程序将不能再访问。"), "my_account.tokens")
