"""Administration of accounts inside one's own scope."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from trainhub.identity import labels, queries, rules
from trainhub.identity import operations as ops
from trainhub.identity.forms import AccountForm, GrantForm, LoginNameForm, ReasonForm
from trainhub.identity.groups import Why
from trainhub.identity.models import Account
from trainhub.identity.permissions import OPENERS, Can
from trainhub.identity.types import AccountState, LoginKind
from trainhub.identity.views.doors import door
from trainhub.kernel import clock, downloads
from trainhub.kernel.access import ROLE_LABELS, Identity, Role, Subject, acting, demand, guard, may
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotAllowed, NotFound, Refused
from trainhub.kernel.fields import day_asked, pick
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _, format_datetime, listed
from trainhub.kernel.numbers import whole
from trainhub.kernel.paging import paginate, wanted
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations
from trainhub.people import queries as people
from trainhub.people.models import Person
from trainhub.people.types import StudentState
from trainhub.programmes import queries as programmes

STUDYING = (StudentState.ENROLLED, StudentState.SUSPENDED)
CLAIMS_TOLD = 99
"""How many claims the list of accounts counts; beyond that it says that there are more."""
blueprint = Blueprint("accounts", __name__, url_prefix="/accounts")


@dataclass(frozen=True, slots=True)
class Loaded:
    """An account with what permissions over it are judged on."""

    account: Account
    subject: Subject


def _load(account_id: int) -> Loaded:
    return Loaded(queries.account(account_id), queries.subject_of_account(account_id, today=clock.today()))


def _load_grant(account_id: int, grant_id: int) -> tuple[Loaded, int]:
    return _load(account_id), grant_id


def _subject_of_pair(pair: tuple[Loaded, int]) -> Subject:
    return pair[0].subject


def _by() -> Identity:
    identity = acting()
    assert identity is not None
    return identity


COLUMNS = (
    Column("name", "姓名"),
    Column("login", "登录名"),
    Column("roles", "角色"),
    Column("status", "状态"),
    Column("last_sign_in", "最近登录"),
)


def _statement() -> Any:
    chosen = queries.AccountFilter(
        text=request.args.get("q", "").strip()[:100],
        role=pick(Role, "role"),
        state=pick(AccountState, "state"),
        since=day_asked("since"),
        until=day_asked("until"),
    )
    return queries.accounts_listing(_by(), chosen, today=clock.today(), sort=request.args.get("sort", ""))


@blueprint.get("/export.<form>")
@guard(Can.ACCOUNT_LIST)
def export(form: str) -> Any:
    """The list as it is filtered and sorted, as a file: who has access to what, for a review."""
    found = downloads.no_more_than(session().execute(_statement().limit(downloads.MOST_ROWS + 1)).all())
    roles, logins = queries.roles_and_logins([row.id for row in found], today=clock.today())
    rows = (
        (
            r.display_name,
            listed(logins[r.id]),
            listed(str(ROLE_LABELS[one]) for one in roles[r.id]),
            str(labels.STATES[r.state]),
            format_datetime(r.last_sign_in_at) if r.last_sign_in_at else None,
        )
        for r in found
    )
    return downloads.table(rows, COLUMNS, name=_("账号"), form=form, codes=["login"])


@blueprint.get("/")
@guard(Can.ACCOUNT_LIST)
def index() -> Any:
    """Accounts inside one's scope."""
    number, size = wanted()
    page = paginate(_statement(), number=number, size=size, scalars=False)
    roles, logins = queries.roles_and_logins([row.id for row in page.items], today=clock.today())
    return render_template(
        "trainhub/identity/accounts.html",
        page=page,
        roles=roles,
        logins=logins,
        labels=labels,
        role_labels=ROLE_LABELS,
        Can=Can,
        opens_many=_by().has(*OPENERS),
        claims=len(ops.claim_keys(_by(), today=clock.today(), most=CLAIMS_TOLD + 1)) if may(_by(), Can.CLAIM_LIST) else 0,
        claims_told=CLAIMS_TOLD,
    )


def _grant_choices(by: Identity) -> dict[str, Any]:
    return {
        "roles": rules.grantable_roles(by),
        "organisations": queries.grant_organisations(by),
        "programmes": programmes.choices(by),
        "regions": organisations.region_choices(),
    }


# -- opening ------------------------------------------------------------------------------------------------------------


def _person_of_request(by: Identity) -> Person | None:
    """The person named in the address, if the reader may see them."""
    person_id = request.args.get("person", type=whole)
    if person_id is None:
        return None
    person = people.person(person_id)
    if person is None:
        raise NotFound(_("没有这个人员。"))
    demand(by, Can.ACCOUNT_VIEW, people.subject_to_invite(person))
    if not ops.may_open(person, by, today=clock.today()):
        raise NotAllowed(str(labels.WHY_NOT[Why.ELSEWHERE]), code="belongs_elsewhere")
    return person


def _student_numbers(person: Person | None) -> tuple[tuple[str, str], ...]:
    """(number, code of the university) of the studies that go on."""
    studies = people.students_of_person(person.id) if person is not None else []
    schools = ((one.student_no, organisations.by_id(one.university_id)) for one in studies if one.state in STUDYING)
    return tuple((number, school.code) for number, school in schools if school is not None)


def _numbers_of(account: Account) -> tuple[tuple[str, str], ...]:
    return _student_numbers(people.person(account.person_id) if account.person_id is not None else None)


@blueprint.get("/new")
@guard(Can.ACCOUNT_CREATE)
def new() -> Any:
    """The form for a new account; `?person=` opens it for a known person."""
    by = _by()
    person = _person_of_request(by)
    if person is None:
        demand(by, Can.ACCOUNT_REGISTER)
    form = AccountForm(**_grant_choices(by), formdata=None)
    if person is not None:
        form.name.data, form.email.data, form.phone.data = person.name, person.email, person.phone
        studies = [one for one in people.students_of_person(person.id) if one.state in STUDYING]
        if studies and Role.STUDENT in rules.grantable_roles(by):
            form.role.data, form.organisation_id.data = Role.STUDENT, studies[0].university_id
    return _opening(form, person)


def _opening(form: AccountForm, person: Person | None, status: int = 200) -> Any:
    return render_template("trainhub/identity/account_new.html", form=form, person=person, numbers=_student_numbers(person)), status


@blueprint.post("/new")
@guard(Can.ACCOUNT_CREATE)
def create() -> Any:
    """Open the account; its invitation is sent and shown once."""
    by = _by()
    person = _person_of_request(by)
    if person is None:
        demand(by, Can.ACCOUNT_REGISTER)
    form = AccountForm(**_grant_choices(by))
    if not form.validate():
        return _opening(form, person, 422)
    wish = ops.NewAccount(
        role=form.role.data,
        name=form.name.data or "",
        username=form.username.data or "",
        email=form.email.data or "",
        phone=form.phone.data or "",
        organisation_id=form.organisation_id.data,
        programme_id=form.programme_id.data,
        region_code=form.region_code.data,
        since=form.since.data,
        until=form.until.data,
        student_numbers=_student_numbers(person) if form.role.data is Role.STUDENT else (),
    )
    try:
        with transaction():
            if not once(form.submission_key.data or ""):
                return redirect(url_for("accounts.index"), 303)
            known = people.person(person.id) if person is not None else None
            account, link = ops.open_account(wish=wish, person=known, by=by, today=clock.today(), now=clock.now())
            account_id = account.id
    except Refused as refused:
        form.refuse(refused)
        return _opening(form, person, refused.status)
    return _shown_link(account_id, link, _("账号已开通。"))


def _shown_link(account_id: int, link: str, said: str) -> Any:
    """A one-time link is shown once, on the answer itself: it is never stored readable."""
    address = queries.email_of(account_id) if ops.reaches_by_mail() else ""
    return render_template("trainhub/identity/link_made.html", account=queries.account(account_id), link=link, said=said, address=address)


# -- one account --------------------------------------------------------------------------------------------------------


def _page(loaded: Loaded, form: GrantForm, reason: ReasonForm, status: int = 200, name: LoginNameForm | None = None) -> Any:
    account, today = loaded.account, clock.today()
    person = people.person(account.person_id) if account.person_id is not None else None
    by, logins = _by(), queries.login_names(loaded.account.id)
    return (
        render_template(
            "trainhub/identity/account.html",
            account=account,
            subject=loaded.subject,
            logins=logins,
            missing_numbers=ops.numbers_to_add(_numbers_of(account), logins),
            grants=queries.grants_of(account.id, today=today),
            failures=ops.failures_now(account=account, now=clock.now(), today=today),
            sessions=len(queries.open_sessions(account.id, clock.now())),
            form=form,
            name=name or LoginNameForm(ops.CHANGEABLE, formdata=None),
            unmanaged=ops.against_managing(account, by=by, today=today),
            beside=queries.kinds_beside(account.id, person) if person is not None else [],
            address=queries.email_of(account.id) if ops.reaches_by_mail() else "",
            reopens=account.state is AccountState.DELETED and person is not None and door(person, by),
            reason=reason,
            labels=labels,
            role_labels=ROLE_LABELS,
            Can=Can,
            is_own=account.id == by.account_id,
        ),
        status,
    )


@blueprint.get("/<int:account_id>")
@guard(Can.ACCOUNT_VIEW, load=_load)
def show(loaded: Loaded) -> Any:
    """One account with its roles."""
    return _page(loaded, GrantForm(**_grant_choices(_by()), formdata=None), ReasonForm(formdata=None))


@blueprint.post("/<int:account_id>/grants")
@guard(Can.ACCOUNT_GRANT, load=_load)
def grant(loaded: Loaded) -> Any:
    """Give a role."""
    by = _by()
    form = GrantForm(**_grant_choices(by))
    if form.validate():
        try:
            with transaction():
                had_links = len(queries.live_links(loaded.account.id, clock.now()))
                ops.grant_role(
                    account=queries.account(loaded.account.id),
                    role=form.role.data,
                    by=by,
                    today=clock.today(),
                    now=clock.now(),
                    organisation_id=form.organisation_id.data,
                    programme_id=form.programme_id.data,
                    region_code=form.region_code.data,
                    since=form.since.data,
                    until=form.until.data,
                )
                lost_link = len(queries.live_links(loaded.account.id, clock.now())) < had_links
            if lost_link:
                flash(_("先前的邀请或重置链接由无权授予此角色的人生成，已失效；需要时请重新生成。"), "warning")
            return done(_("授权已保存。"), "accounts.show", account_id=loaded.account.id)
        except Refused as refused:
            form.refuse(refused)
            return _page(_load(loaded.account.id), form, ReasonForm(formdata=None), refused.status)
    return _page(loaded, form, ReasonForm(formdata=None), 422)


@blueprint.post("/<int:account_id>/grants/<int:grant_id>/end")
@guard(Can.ACCOUNT_GRANT, load=_load_grant, subject=_subject_of_pair)
def grant_end(pair: tuple[Loaded, int]) -> Any:
    """End a role."""
    loaded, grant_id = pair
    with transaction():
        ops.end_grant(grant_id=grant_id, account=queries.account(loaded.account.id), by=_by(), now=clock.now())
    return done(_("授权已收回。"), "accounts.show", account_id=loaded.account.id)


@blueprint.post("/<int:account_id>/link")
@guard(Can.ACCOUNT_RESET, load=_load)
def link(loaded: Loaded) -> Any:
    """An invitation or a reset link; the earlier ones end."""
    with transaction():
        address = ops.reset_link(account=queries.account(loaded.account.id), by=_by(), today=clock.today(), now=clock.now())
    return _shown_link(loaded.account.id, address, _("链接已生成。"))


@blueprint.post("/<int:account_id>/numbers")
@guard(Can.ACCOUNT_RESET, load=_load)
def numbers(loaded: Loaded) -> Any:
    """Let a student who was enrolled after the account was opened sign in by the student number."""
    with transaction():
        account = queries.account(loaded.account.id)
        ops.add_student_numbers(account=account, numbers=_numbers_of(account), by=_by(), today=clock.today(), now=clock.now())
    return done(_("已可以用学号登录。"), "accounts.show", account_id=loaded.account.id)


@blueprint.post("/<int:account_id>/logins")
@guard(Can.ACCOUNT_RESET, load=_load)
def login_add(loaded: Loaded) -> Any:
    """Let the holder sign in by one more name."""
    form = LoginNameForm(ops.CHANGEABLE)
    status = 422
    if form.validate():
        try:
            with transaction():
                account, kind = queries.account(loaded.account.id), LoginKind(form.kind.data)
                ops.give_login(account=account, kind=kind, value=form.value.data or "", by=_by(), today=clock.today(), now=clock.now())
            return done(_("登录名已添加。"), "accounts.show", account_id=loaded.account.id)
        except Refused as refused:
            form.refuse(refused)
            status = refused.status
    loaded = _load(loaded.account.id)
    return _page(loaded, GrantForm(**_grant_choices(_by()), formdata=None), ReasonForm(formdata=None), status, form)


@blueprint.post("/<int:account_id>/logins/<int:login_id>/remove")
@guard(Can.ACCOUNT_RESET, load=lambda account_id, login_id: (_load(account_id), login_id), subject=_subject_of_pair)
def login_remove(pair: tuple[Loaded, int]) -> Any:
    """Keep the holder from signing in by a name."""
    loaded, login_id = pair
    with transaction():
        ops.take_login(account=queries.account(loaded.account.id), login_id=login_id, by=_by(), today=clock.today(), now=clock.now())
    return done(_("登录名已删除。"), "accounts.show", account_id=loaded.account.id)


@blueprint.post("/<int:account_id>/unlock")
@guard(Can.ACCOUNT_RESET, load=_load)
def unlock(loaded: Loaded) -> Any:
    """End a lock."""
    with transaction():
        ops.unlock(account=queries.account(loaded.account.id), by=_by(), today=clock.today())
    return done(_("已解除锁定，可以立即登录。"), "accounts.show", account_id=loaded.account.id)


@blueprint.post("/<int:account_id>/second-factor/remove")
@guard(Can.ACCOUNT_RESET, load=_load)
def second_factor_remove(loaded: Loaded) -> Any:
    """Switch the second factor off for somebody who lost the phone."""
    with transaction():
        ops.reset_totp(account=queries.account(loaded.account.id), by=_by(), today=clock.today(), now=clock.now())
    return done(_("动态验证码已停用，请提醒本人重新设置。"), "accounts.show", account_id=loaded.account.id)


@blueprint.post("/<int:account_id>/disable")
@guard(Can.ACCOUNT_DISABLE, load=_load)
def disable(loaded: Loaded) -> Any:
    """Disable with a reason."""
    form = ReasonForm()
    if not form.validate():
        flash(_("请写明停用原因。"), "error")
        return redirect(url_for("accounts.show", account_id=loaded.account.id), 303)
    with transaction():
        ops.disable(account=queries.account(loaded.account.id), by=_by(), today=clock.today(), now=clock.now(), reason=form.reason.data or "")
    flash(_("账号已停用，所有登录已退出。"), "success")
    return redirect(url_for("accounts.show", account_id=loaded.account.id), 303)


@blueprint.post("/<int:account_id>/enable")
@guard(Can.ACCOUNT_DISABLE, load=_load)
def enable(loaded: Loaded) -> Any:
    """Enable again."""
    with transaction():
        ops.enable(account=queries.account(loaded.account.id), by=_by(), today=clock.today())
    flash(_("账号已恢复使用。"), "success")
    return redirect(url_for("accounts.show", account_id=loaded.account.id), 303)
