"""One's own account: password, second factor, sessions, preferences, personal data."""

from __future__ import annotations

import io
from typing import Any

from flask import Blueprint, Response, make_response, render_template

from trainhub.identity import labels, my_data, notice, passwords, queries, retention
from trainhub.identity import operations as ops
from trainhub.identity.forms import ChangePasswordForm, CodeForm, PasswordForm, PreferencesForm, RequestForm
from trainhub.identity.models import Account
from trainhub.identity.types import RequestKind
from trainhub.identity.views.own_password import counted
from trainhub.kernel import clock
from trainhub.kernel.access import ROLE_LABELS, Identity, acting, signed_in
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.web import done, writes_late

blueprint = Blueprint("my_account", __name__)


def _me() -> tuple[Identity, Account]:
    identity = acting()
    assert identity is not None and identity.account_id is not None  # noqa: PT018 - `signed_in` has let them in
    return identity, queries.account(identity.account_id)


@blueprint.get("/account")
@signed_in
def overview() -> Any:
    """One's own account at a glance."""
    _identity, account = _me()
    return render_template(
        "trainhub/identity/account_own.html",
        account=account,
        logins=queries.login_names(account.id),
        grants=queries.grants_of(account.id, today=clock.today()),
        sessions=len(queries.open_sessions(account.id, clock.now())),
        tokens=len([t for t in queries.api_tokens(account.id) if t.revoked_at is None]),
        labels=labels,
        role_labels=ROLE_LABELS,
    )


# -- password and second factor -----------------------------------------------------------------------------------------


@blueprint.get("/account/password")
@signed_in
def password() -> Any:
    """Change the password."""
    return _password_page(ChangePasswordForm(formdata=None))


def _password_page(form: ChangePasswordForm, status: int = 200) -> Any:
    return render_template("trainhub/identity/password.html", form=form, demands=ops.password_demands(clock.today())), status


@blueprint.post("/account/password")
@signed_in
@writes_late
def password_post() -> Any:
    """The other sessions end."""
    identity, account = _me()
    form, status = ChangePasswordForm(), 422
    if form.validate():
        try:
            key, old, new = account.id, form.old.data or "", form.new.data or ""
            with counted(key):
                worked = ops.work_out_password(key, new, today=clock.today())  # while nobody's write waits
                was = passwords.compare(old, against=[queries.account(key).password_hash])
                facts: dict[str, Any] = {"by": identity, "now": clock.now(), "keep_session_id": identity.session_id, "worked": worked, "was": was}
                with transaction():
                    ops.change_password(account=queries.account(key), old=old, new=new, **facts)
            return done(_("密码已修改，其他设备上的登录已全部退出，接口令牌已全部失效。"), "my_account.overview")
        except Refused as refused:
            form.refuse(refused)
            status = refused.status
    return _password_page(form, status)


def _factor_page(account: Account, code: CodeForm, off: PasswordForm, status: int = 200) -> Any:
    import segno

    uri = ops.pending_uri(account)
    picture = segno.make(uri, error="m").svg_inline(scale=4, border=2, dark="#1b2630", light="#ffffff") if uri else ""
    return (
        render_template(
            "trainhub/identity/second_factor.html",
            account=account,
            picture=picture,
            secret=ops.pending_secret(account) if uri else "",
            code=code,
            off=off,
            codes_left=queries.recovery_codes_left(account.id),
        ),
        status,
    )


@blueprint.get("/account/second-factor")
@signed_in
def second_factor() -> Any:
    """Switch the second factor on or off."""
    _identity, account = _me()
    return _factor_page(account, CodeForm(formdata=None), PasswordForm(formdata=None))


@blueprint.post("/account/second-factor/start")
@signed_in
def second_factor_start() -> Any:
    """Make the secret behind the QR code; one's own password is asked: who finds a browser open would shut its holder out."""
    identity, account = _me()
    form, status = PasswordForm(), 422
    if form.validate():
        try:
            with counted(account.id), transaction():
                ops.start_totp(account=queries.account(account.id), password=form.password.data or "", by=identity)
            return done(_("请扫描二维码，并输入应用显示的验证码。"), "my_account.second_factor")
        except Refused as refused:
            form.refuse(refused)
            status = refused.status
    return _factor_page(queries.account(account.id), CodeForm(formdata=None), form, status)


@blueprint.post("/account/second-factor/confirm")
@signed_in
def second_factor_confirm() -> Any:
    """The first code switches it on; the recovery codes are shown once."""
    identity, account = _me()
    form = CodeForm()
    if form.validate():
        try:
            with transaction():
                codes = ops.confirm_totp(account=queries.account(account.id), code=form.code.data or "", by=identity, now=clock.now())
            return render_template("trainhub/identity/recovery_codes.html", codes=codes)
        except Refused as refused:
            form.refuse(refused)
    return _factor_page(queries.account(account.id), form, PasswordForm(formdata=None), 422)


@blueprint.post("/account/second-factor/codes")
@signed_in
def second_factor_codes() -> Any:
    """Fresh recovery codes, shown once; one's own password is asked."""
    identity, account = _me()
    form, status = PasswordForm(), 422
    if form.validate():
        try:
            with counted(account.id), transaction():
                codes = ops.renew_recovery_codes(account=queries.account(account.id), password=form.password.data or "", by=identity)
            return render_template("trainhub/identity/recovery_codes.html", codes=codes)
        except Refused as refused:
            form.refuse(refused)
            status = refused.status
    return _factor_page(queries.account(account.id), CodeForm(formdata=None), form, status)


@blueprint.post("/account/second-factor/remove")
@signed_in
def second_factor_remove() -> Any:
    """Switch it off; one's own password is asked."""
    identity, account = _me()
    form, status = PasswordForm(), 422
    if form.validate():
        try:
            with counted(account.id), transaction():
                ops.remove_totp(account=queries.account(account.id), password=form.password.data or "", by=identity)
            return done(_("动态验证码已停用。"), "my_account.second_factor")
        except Refused as refused:
            form.refuse(refused)
            status = refused.status
    return _factor_page(queries.account(account.id), CodeForm(formdata=None), form, status)


# -- sessions, preferences --------------------------------------------------------------------------------------


@blueprint.get("/account/sessions")
@signed_in
def sessions() -> Any:
    """Where one is signed in."""
    identity, account = _me()
    return render_template("trainhub/identity/sessions.html", sessions=queries.open_sessions(account.id, clock.now()), current=identity.session_id)


@blueprint.post("/account/sessions/<int:session_id>/revoke")
@signed_in
def session_revoke(session_id: int) -> Any:
    """End one session."""
    identity, account = _me()
    with transaction():
        ops.revoke_session(account_id=account.id, session_id=session_id, by=identity, now=clock.now())
    return done(_("已退出这台设备。"), "my_account.sessions")


@blueprint.post("/account/sessions/revoke")
@signed_in
def sessions_revoke() -> Any:
    """End all the others."""
    identity, account = _me()
    with transaction():
        ops.revoke_sessions(account_id=account.id, by=identity, now=clock.now(), keep_session_id=identity.session_id)
    return done(_("其他设备上的登录已全部退出。"), "my_account.sessions")


@blueprint.get("/account/preferences")
@signed_in
def preferences() -> Any:
    """Language and e-mail."""
    _identity, account = _me()
    return render_template(
        "trainhub/identity/preferences.html", form=PreferencesForm(formdata=None, obj=account), address=queries.email_of(account.id)
    )


@blueprint.post("/account/preferences")
@signed_in
def preferences_post() -> Any:
    """Save them; the language counts from the next page."""
    from flask import session as cookie

    identity, account = _me()
    form = PreferencesForm()
    if not form.validate():
        return render_template("trainhub/identity/preferences.html", form=form, address=queries.email_of(account.id)), 422
    with transaction():
        ops.set_preferences(
            account=queries.account(account.id),
            language=form.language.data,
            wants_email=bool(form.wants_email.data),
            wants_digest=bool(form.wants_digest.data),
            by=identity,
        )
    cookie["lang"] = form.language.data
    return done(_("偏好已保存。"), "my_account.preferences")


# -- my data ------------------------------------------------------------------------------------------------------------


def _data_page(form: RequestForm, status: int = 200) -> Any:
    identity, account = _me()
    return (
        render_template(
            "trainhub/identity/my_data.html",
            kinds=my_data.of_account(account.id, identity.person_id, limit=my_data.SHOWN + 1),
            most=my_data.SHOWN,
            requests=queries.requests_of(account.id),
            consents=queries.consents_of(account.id),
            form=form,
            labels=labels,
            retention=retention.periods(clock.today()),
            version=notice.VERSION,
            lacks_number=queries.lacks_number(identity.person_id),
        ),
        status,
    )


@blueprint.get("/my-data")
@signed_in
def my_data_page() -> Any:
    """What is stored about me, how long, and what I may ask."""
    return _data_page(RequestForm(formdata=None))


@blueprint.get("/my-data/export.json")
@signed_in
def my_data_json() -> Any:
    """Everything about me as one JSON file."""
    identity, account = _me()
    parts = my_data.of_account(account.id, identity.person_id)
    answer = Response(my_data.as_json(parts, at=clock.now(), notice_version=notice.VERSION), mimetype="application/json")
    answer.headers["Content-Disposition"] = "attachment; filename=my-data.json"
    return answer


@blueprint.get("/my-data/export.xlsx")
@signed_in
def my_data_xlsx() -> Any:
    """The same as a workbook, one tab for each kind."""
    identity, account = _me()
    target = io.BytesIO()
    my_data.as_workbook(my_data.of_account(account.id, identity.person_id), target)
    answer = make_response(target.getvalue())
    answer.mimetype = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    answer.headers["Content-Disposition"] = "attachment; filename=my-data.xlsx"
    return answer


@blueprint.post("/my-data/requests")
@signed_in
def my_data_request() -> Any:
    """Ask for a correction or a deletion."""
    identity, account = _me()
    form = RequestForm()
    if form.validate():
        try:
            with transaction():
                ops.ask_about_data(
                    account=queries.account(account.id), kind=RequestKind(form.kind.data), text=form.text.data or "", by=identity, now=clock.now()
                )
            return done(_("申请已提交，处理结果会在这里显示。"), "my_account.my_data_page")
        except Refused as refused:
            form.refuse(refused)
    return _data_page(form, 422)


@blueprint.post("/my-data/withdraw")
@signed_in
def my_data_withdraw() -> Any:
    """Withdraw consent; the platform asks again before it is used further."""
    identity, account = _me()
    with transaction():
        ops.withdraw_consent(account=queries.account(account.id), by=identity, now=clock.now())
    return done(_("已撤回同意。依法须保存的记录仍会保存；再次使用平台前会重新征求你的同意。"), "my_account.my_data_page")
