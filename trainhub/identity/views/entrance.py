"""Pages for visitors: forgotten password, one-time links, the second factor, self-registration, the privacy notice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask import session as cookie

from trainhub.identity import delivery, guarding, notice, passwords, queries, rules
from trainhub.identity import operations as ops
from trainhub.identity.forms import CodeForm, ConsentForm, ForgotForm, NewPasswordForm, RegisterForm, RegistrationCodeForm
from trainhub.identity.types import Channel
from trainhub.identity.views.signing_in import blueprint
from trainhub.kernel import clock
from trainhub.kernel.access import acting, public, signed_in
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.proxies import client_address
from trainhub.kernel.web import done, writes_late
from trainhub.people.types import IdType
from trainhub.policy.book import book

SECOND_STEP = timedelta(minutes=5)


# -- the second factor --------------------------------------------------------------------------------------------------


def _second() -> dict[str, Any] | None:
    """Who gave the right password in this browser less than five minutes ago."""
    pending = cookie.get("second")
    if not isinstance(pending, dict) or clock.now() - datetime.fromtimestamp(pending["at"], UTC) > SECOND_STEP:
        return None
    return pending


@blueprint.get("/login/code")
@public
def login_code() -> Any:
    """Ask for the second factor."""
    if _second() is None:
        return redirect(url_for("identity.login"), 303)
    return render_template("trainhub/identity/login_code.html", form=CodeForm(formdata=None))


@blueprint.post("/login/code")
@public
def login_code_post() -> Any:
    """Check the second factor; a wrong code counts like a wrong password."""
    pending = _second()
    if pending is None:
        cookie.pop("second", None)
        flash(_("登录步骤已超时，请重新登录。"), "warning")
        return redirect(url_for("identity.login"), 303)
    form = CodeForm()
    status = 422
    if form.validate():
        try:
            with transaction():
                token = ops.sign_in_by_code(
                    account_id=int(pending["account"]),
                    code=form.code.data or "",
                    origin=client_address(),
                    agent=request.user_agent.string,
                    now=clock.now(),
                    today=clock.today(),
                    since=datetime.fromtimestamp(pending["at"], UTC),
                )
            if token is not None:
                guarding.enter(token)
                return redirect(rules.safe_next(pending.get("next")), 303)
            form.code.errors = [_("验证码不正确，或这个验证码刚刚用过。请等待下一个验证码再试。")]
        except Refused as refused:
            form.refuse(refused)
            status = refused.status
    return render_template("trainhub/identity/login_code.html", form=form), status


# -- links --------------------------------------------------------------------------------------------------------------


@blueprint.get("/forgot")
@public
def forgot() -> Any:
    """Ask for a reset link."""
    return _forgot_page(ForgotForm(formdata=None))


def _forgot_page(form: ForgotForm, status: int = 200) -> Any:
    page = render_template("trainhub/identity/forgot.html", form=form, by_mail=ops.reaches_by_mail(), sends_texts=delivery.is_offered(Channel.SMS))
    return page, status


@blueprint.post("/forgot")
@public
def forgot_post() -> Any:
    """Send a link; the answer does not tell whether the name is known."""
    form = ForgotForm()
    if not (ops.reaches_by_mail() or delivery.is_offered(Channel.SMS)):
        return _forgot_page(form)
    if form.validate():
        try:
            with transaction():
                ops.ask_reset(name=form.username.data or "", origin=client_address(), now=clock.now(), today=clock.today())
            minutes = book().at("own.reset_link.minutes", on=clock.today()).number
            if delivery.is_offered(Channel.SMS):
                said = _(
                    "如果这个账号登记了邮箱，或以手机号登录，重置链接已经发出，请在%(n)d分钟内使用。没有收到时，请联系所在单位的管理员。", n=minutes
                )
            else:
                said = _(
                    "如果这个账号登记了邮箱，重置链接已经发出，请在%(n)d分钟内使用。没有收到，或只登记了手机号的，请联系所在学校、单位或培训机构的管理员。",
                    n=minutes,
                )
            return done(said, "identity.login")
        except Refused as refused:
            form.refuse(refused)
            return _forgot_page(form, refused.status)
    return _forgot_page(form, 422)


@blueprint.get("/link/<token>")
@public
def link(token: str) -> Any:
    """Set a password by an invitation or a reset link; a dead link says what to do."""
    row = ops.open_link(token=token, now=clock.now())
    return _link_page(row.account_id, row.purpose.value, NewPasswordForm(formdata=None))


def _link_page(account_id: int, purpose: str, form: NewPasswordForm, status: int = 200) -> Any:
    return (
        render_template(
            "trainhub/identity/link.html",
            form=form,
            purpose=purpose,
            name=queries.account(account_id).display_name,
            logins=queries.login_names(account_id),
            names_itself=ops.needs_username(account_id),
            demands=ops.password_demands(clock.today()),
        ),
        status,
    )


@blueprint.post("/link/<token>")
@public
@writes_late
def link_post(token: str) -> Any:
    """Set the password; the link works once."""
    row = ops.open_link(token=token, now=clock.now())
    account_id, purpose = row.account_id, row.purpose.value
    form = NewPasswordForm()
    if not form.validate():
        return _link_page(account_id, purpose, form, 422)
    try:
        password = form.password.data or ""
        worked = ops.work_out_password(account_id, password, today=clock.today())
        with transaction():
            ops.use_link(token=token, password=password, origin=client_address(), now=clock.now(), worked=worked, username=form.username.data or "")
    except Refused as refused:
        form.refuse(refused)
        return _link_page(account_id, purpose, form, refused.status)
    guarding.leave()
    return done(_("密码已设置，请用新密码登录。"), "identity.login")


# -- registration -------------------------------------------------------------------------------------------------------


def _register_form(**kw: Any) -> RegisterForm:
    return RegisterForm(queries.open_organisations(), delivery.channels(), **kw)


def _shown_notice(form: ConsentForm | RegisterForm) -> None:
    """The page shows the notice in force: who agreed to an earlier one agrees anew."""
    if form.notice.data != notice.VERSION:
        form.notice.data, form.consent.data = notice.VERSION, False


def _register_page(form: RegisterForm, status: int = 200) -> Any:
    today = clock.today()
    _shown_notice(form)
    page = render_template(
        "trainhub/identity/register.html",
        form=form,
        version=notice.VERSION,
        demands=ops.password_demands(today),
        guardian_age=ops.guardian_age(today),
    )
    return page, status


@blueprint.get("/register")
@public
def register() -> Any:
    """The registration form of trainees."""
    return _register_page(_register_form(formdata=None))


@blueprint.post("/register")
@public
@writes_late
def register_post() -> Any:
    """Take the form and send the code."""
    form = _register_form()
    if not form.validate():
        return _register_page(form, 422)
    wish = ops.Wish(
        organisation_id=form.organisation_id.data,
        name=form.name.data or "",
        username=form.username.data or "",
        password=form.password.data or "",
        channel=Channel(form.channel.data),
        address=form.address.data or "",
        birth_on=form.birth_on.data,
        id_type=IdType(form.id_type.data) if form.id_type.data else None,
        id_number=form.id_number.data or "",
        guardian_name=form.guardian_name.data or "",
        guardian_phone=form.guardian_phone.data or "",
        has_consented=bool(form.consent.data),
        notice_version=form.notice.data or "",
    )
    try:
        with transaction():
            ops.count_registration(wish=wish, origin=client_address(), now=clock.now(), today=clock.today())
        hashed = passwords.hash_password(wish.password)  # while nobody's write waits
        with transaction():
            _row, token = ops.register(wish=wish, now=clock.now(), today=clock.today(), password_hash=hashed)
    except Refused as refused:
        form.refuse(refused)
        return _register_page(form, refused.status)
    return redirect(url_for("identity.register_code", token=token), 303)


@blueprint.get("/register/<token>")
@public
def register_code(token: str) -> Any:
    """Ask for the code that was sent."""
    return _code_page(token, RegistrationCodeForm(formdata=None))


def _code_page(token: str, form: RegistrationCodeForm, status: int = 200) -> Any:
    row = ops.registration(token=token, now=clock.now())
    settings = current_app.config["SETTINGS"]
    is_queued_only = row.channel is Channel.EMAIL and settings.is_demo and not settings.smtp_url
    is_unsent = is_queued_only or delivery.is_only_logged(row.channel)
    form.username.data = form.username.data or row.username
    return (
        render_template("trainhub/identity/register_code.html", form=form, registration=row, token=token, is_unsent=is_unsent),
        status,
    )


@blueprint.post("/register/<token>")
@public
def register_code_post(token: str) -> Any:
    """Check the code; the right one makes the account and signs in."""
    form = RegistrationCodeForm()
    if not form.validate():
        return _code_page(token, form, 422)
    now, today, origin = clock.now(), clock.today(), client_address()
    session_token = None
    try:
        with transaction():
            tried = ops.try_code(token=token, code=form.code.data or "", origin=origin, now=now, today=today, username=form.username.data or "")
            if tried.account is not None:
                session_token = ops.open_session(account=tried.account, origin=origin, agent=request.user_agent.string, now=now, today=today)
    except Refused as refused:
        if refused.field != "username":
            raise
        with transaction():
            ops.spend_try(token=token, now=now)
        form.refuse(refused)
        return _code_page(token, form, 422)
    if session_token is None:
        form.code.errors = [tried.problem]
        return _code_page(token, form, 422)
    guarding.enter(session_token)
    if tried.has_number:
        flash(
            _("账号已开通。你填写的证件号码还要由登记过你的学校或培训机构核实：此前以你的名义登记的记录，核实后归入这个账号，届时会通知你。"), "info"
        )
    return redirect("/", 303)


@blueprint.post("/register/<token>/again")
@public
def register_again(token: str) -> Any:
    """Send a new code."""
    with transaction():
        ops.send_again(token=token, origin=client_address(), now=clock.now(), today=clock.today())
    return done(_("新的验证码已发送，先前的验证码已作废。"), "identity.register_code", token=token)


# -- privacy ------------------------------------------------------------------------------------------------------------


@blueprint.get("/privacy")
@public
def privacy() -> Any:
    """The privacy notice in force."""
    age = book().at("privacy.guardian_age", on=clock.today()).number
    return render_template("trainhub/identity/privacy.html", version=notice.VERSION, guardian_age=age)


@blueprint.get("/consent")
@signed_in
def consent() -> Any:
    """Ask for consent at the first sign-in, after a new version, and every three years."""
    return _consent_page(ConsentForm(formdata=None))


def _consent_page(form: ConsentForm, status: int = 200) -> Any:
    identity = acting()
    assert identity is not None
    _shown_notice(form)
    return (
        render_template(
            "trainhub/identity/consent.html",
            form=form,
            version=notice.VERSION,
            next=rules.safe_next(request.values.get("next")),
            is_child=queries.is_child(identity.person_id, clock.today()),
            guardian_age=book().at("privacy.guardian_age", on=clock.today()).number,
        ),
        status,
    )


@blueprint.post("/consent")
@signed_in
def consent_post() -> Any:
    """Note the consent and go on."""
    identity = acting()
    assert identity is not None
    assert identity.account_id is not None
    form = ConsentForm()
    if not form.validate():
        return _consent_page(form, 422)
    try:
        with transaction():
            ops.check_notice(form.notice.data or "")
            ops.give_consent(
                account=queries.account(identity.account_id),
                by=identity,
                now=clock.now(),
                guardian_name=form.guardian_name.data or "",
                guardian_phone=form.guardian_phone.data or "",
            )
    except Refused as refused:
        form.refuse(refused)
        return _consent_page(form, refused.status)
    return redirect(rules.safe_next(request.form.get("next")), 303)
