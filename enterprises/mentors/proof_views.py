"""Pages of the code that proves who holds an account: typed in by the mentor, made and handed over by the school."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask import redirect, render_template, request, url_for
from wtforms import PasswordField
from wtforms.validators import DataRequired, Length

from enterprises.mentors import accounts, address_list_queries, proof_queries, proving
from enterprises.mentors.views import blueprint
from enterprises.permissions import Can
from trainhub.identity import operations as identity
from trainhub.identity import queries as identities
from trainhub.identity.types import LoginKind
from trainhub.kernel import clock, downloads
from trainhub.kernel.access import Role, guard, signed_in, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.forms import CodeText, Form
from trainhub.kernel.i18n import _, _l, format_datetime
from trainhub.kernel.numbers import keys_of
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.web import done

CODE_COLUMNS = (Column("enterprise", "企业"), Column("name", "姓名"), Column("code", "核对码"), Column("until", "有效期至"))
ADDRESSES = (LoginKind.EMAIL, LoginKind.PHONE)


class ProofForm(Form):
    """The school's code, and a password that nobody else knows."""

    code = CodeText(_l("学校给你的核对码"), [DataRequired(_l("请填写六位核对码。")), Length(max=12)])
    password = PasswordField(_l("新密码"), [DataRequired(_l("请填写密码。")), Length(max=1000)])


# -- the mentor ---------------------------------------------------------------------------------------------------------


def _proof_page(form: ProofForm, status: int = 200) -> Any:
    by, today = who(), clock.today()
    account = identities.account(by.account_id or 0)
    heads = {
        (university, name): list(identities.display_names(identities.accounts_holding(Role.PROGRAMME_ADMIN, today=today, programme_id=key)).values())
        for key, university, name in proof_queries.schools_of(by.person_id or 0)
    }
    waits = accounts.against_proof(account, proof_queries.proof_of(account.id), now=clock.now())
    page = render_template(
        "enterprises/mentors/proof.html",
        form=form,
        is_open=proof_queries.is_unproven(by),
        waits="" if waits is None else waits.message,
        heads=heads,
        addresses=[one for one in identities.login_names(account.id) if one.kind in ADDRESSES],
        demands=identity.password_demands(today),
    )
    return page, status


@blueprint.get("/proof")
@signed_in
def proof() -> Any:
    """What proves the holder, and who has the code."""
    return _proof_page(ProofForm(formdata=None))


@blueprint.post("/proof")
@signed_in
def proof_post() -> Any:
    """Prove oneself once; a wrong code is counted, five void it."""
    by, now, form = who(), clock.now(), ProofForm()
    if by.account_id is None:
        raise NotFound(_("没有这个账号。"))
    if not form.validate():
        return _proof_page(form, 422)
    account = identities.account(by.account_id)
    known = proof_queries.proof_of(account.id)
    if proof_queries.is_unproven(by) and known is not None and not accounts.is_known(account, form.code.data or "", now=now):
        with transaction():
            proving.count_failure(link=known)
    try:
        with transaction():
            accounts.prove(
                account=identities.account(by.account_id),
                code=form.code.data or "",
                password=form.password.data or "",
                foreign=keys_of(request.form.getlist("foreign")),
                by=by,
                now=now,
            )
    except Refused as refused:
        form.refuse(refused)
        return _proof_page(form, refused.status)
    return done(
        _("已核对本人，现在可以确认实习日、评分和签署。其他设备上的登录已全部退出。"), "placements.confirm" if by.has(Role.MENTOR) else "mentors.mine"
    )


# -- the school ---------------------------------------------------------------------------------------------------------


def codes_page(refused: Refused | None = None, *, chosen: Collection[str] = (), how: str = "") -> Any:
    """What a school vouches for: codes for accounts, and addresses of who has none; `chosen` and `how` are what was sent of the latter."""
    rows = proof_queries.waiting(who())
    against = accounts.against_makers(rows, who())
    page = render_template(
        "enterprises/mentors/codes.html",
        rows=[(row, against.get(row.account_id)) for row in rows],
        days=accounts.CODE_LASTS.days,
        unchecked=address_list_queries.unchecked(who(), clock.today()),
        chosen=chosen,
        how=how,
        refused=refused,
    )
    return page, refused.status if refused is not None else 200


@blueprint.get("/codes")
@guard(Can.MENTOR_PROVE)
def codes() -> Any:
    """The mentors of one's students whose accounts wait for a code."""
    return codes_page()


@blueprint.post("/codes")
@guard(Can.MENTOR_PROVE)
def make_codes() -> Any:
    """Make codes and show them on the answer itself: they are never stored readable, so there is no second look."""
    chosen = keys_of(request.form.getlist("account"))
    if not chosen:
        return codes_page(Refused(_("请选择要为哪些指导教师生成核对码。")))
    try:
        with transaction():
            made = accounts.make_codes(account_ids=chosen, by=who(), now=clock.now())
    except Refused as refused:
        return codes_page(refused)
    if not made:
        return redirect(url_for("mentors.codes"), 303)
    if request.form.get("form") == "xlsx":
        rows = ((one.enterprise, one.name, one.code, format_datetime(one.until)) for one in made)
        return downloads.table(rows, CODE_COLUMNS, name=_("指导教师核对码"), form="xlsx", codes=["code"])
    return render_template("enterprises/mentors/code_slips.html", made=made)
