"""Signing in and out, the language of the pages."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request
from flask import session as cookie

from trainhub.identity import demo_accounts, guarding, rules
from trainhub.identity import operations as ops
from trainhub.identity.forms import LoginForm
from trainhub.kernel import clock
from trainhub.kernel.access import acting, public, signed_in
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import LANGUAGES, _
from trainhub.kernel.proxies import client_address

blueprint = Blueprint("identity", __name__)


@blueprint.get("/login")
@public
def login() -> Any:
    """The sign-in form; who is signed in goes on."""
    target = rules.safe_next(request.args.get("next"))
    if acting() is not None:
        return redirect(target, 303)
    return _login_page(LoginForm(formdata=None, next=target))


def _login_page(form: LoginForm, status: int = 200) -> Any:
    settings = current_app.config["SETTINGS"]
    shown = demo_accounts.listed() if settings.is_demo else []
    return render_template("trainhub/identity/login.html", form=form, demo_accounts=shown), status


@blueprint.post("/login")
@public
def login_post() -> Any:
    """Check name and password; the answer to a wrong one does not say which of the two was wrong."""
    form = LoginForm()
    if not form.validate():
        return _login_page(form, 422)
    now, today, origin = clock.now(), clock.today(), client_address()
    name, password = form.username.data or "", form.password.data or ""
    try:
        with transaction():
            attempt = ops.start_sign_in(name=name, origin=origin, now=now, today=today)
    except Refused as refused:
        form.refuse(refused)
        answer, status = _login_page(form, refused.status)
        if isinstance(refused, ops.Locked):
            return answer, status, {"Retry-After": str(refused.retry_after)}
        return answer, status
    is_right = attempt.is_right(password)
    with transaction():
        entered = ops.finish_sign_in(
            attempt, is_right=is_right, password=password, origin=origin, agent=request.user_agent.string, now=now, today=today
        )
        account_id = entered.account.id if entered else None
    if entered is None:
        whole, short = rules.with_school(_("学号"), rules.INVENTED_SCHOOL)
        form.form_errors.append(
            _(
                "登录名或密码不正确。请检查大小写和输入法；用学号登录的，可以在前面加上学校代码，例如 %(whole)s 或 %(short)s；忘记密码可以申请重置。",
                whole=whole,
                short=short,
            )
        )
        return _login_page(form, 422)
    target = rules.safe_next(form.next.data)
    if entered.token is None:
        cookie["second"] = {"account": account_id, "at": int(now.timestamp()), "next": target}
        return redirect("/login/code", 303)
    guarding.enter(entered.token)
    return redirect(target, 303)


@blueprint.post("/logout")
@public
def logout() -> Any:
    """End this session; signing out twice is harmless."""
    identity = acting()
    if identity is not None:
        with transaction():
            ops.sign_out(by=identity, now=clock.now())
    guarding.leave()
    return redirect("/login", 303)


@blueprint.post("/language")
@public
def language() -> Any:
    """Choose the language of the pages for this browser."""
    asked = request.form.get("lang", "")
    if asked in LANGUAGES:
        cookie["lang"] = asked
    return redirect(rules.safe_next(request.form.get("next")), 303)


__all__ = ["blueprint", "signed_in"]
