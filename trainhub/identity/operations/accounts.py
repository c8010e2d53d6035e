"""Making, changing, disabling accounts; passwords."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, update

from trainhub.identity import passwords, queries, rules
from trainhub.identity.models import (
    Account,
    ApiToken,
    Consent,
    LoginName,
    NumberClaim,
    OneTimeLink,
    PasswordHistory,
    RoleGrant,
    SignInAttempt,
    UserSession,
)
from trainhub.identity.operations._support import AccountRefused, GrantRefused, PasswordRefused, note_handled, number
from trainhub.identity.operations.heading import above_heads, trained_elsewhere
from trainhub.identity.types import AccountState, LoginKind
from trainhub.kernel import audit, contacts, keys
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.kernel.characters import clean_name
from trainhub.kernel.clock import local
from trainhub.kernel.db import add_once, session
from trainhub.kernel.errors import NotFound
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import LANGUAGES, _
from trainhub.people import reach
from trainhub.people.models import Person

Login = tuple[LoginKind, str, str]


def create_account(
    *,
    person: Person | None,
    display_name: str,
    by: Identity,
    now: datetime,
    username: str | None = None,
    password: str | None = None,
    logins: Iterable[Login] = (),
    language: str = "zh",
) -> Account:
    """Make the account of a person (None: a service account) with the names it signs in by.

    `logins` are (kind, value, scope); the scope of a student number is the university's code, else empty. Without a password
    the account waits for its invitation. Who had one that was closed takes it up again, empty as a new one: the row is theirs in the
    audit log and the records. Raises AccountRefused for a second account, a name that is taken or one of which nothing is seen, BadCharacters for one
    that cannot be stored, PasswordRefused for a weak password.
    """
    display_name = clean_name(display_name, field="display_name")
    exists = AccountRefused(
        _("%(name)s已有账号，请直接登录；忘记密码可以申请重置。", name=person.name if person is not None else display_name), code="account_exists"
    )
    if person is not None and queries.accounts_of_persons([person.id]):
        raise exists
    if not display_name:
        raise AccountRefused(_("请填写显示的姓名。"), field="display_name")
    closed = queries.account_of_person(person.id) if person is not None else None
    if closed is not None:
        account = _take_up(closed, exists, by=by, now=now)
        account.display_name, account.language = display_name[:120], language
    else:
        account = Account(person_id=person.id if person is not None else None, display_name=display_name[:120], language=language, created_at=now)
        add_once(account, lambda: exists)
    note_handled(account, by=by, now=now)
    if username is not None:
        _add_login(account, LoginKind.USERNAME, username, by=by, now=now, is_verified=True)
    for kind, value, scope in logins:
        _add_login(account, kind, value, scope, by=by, now=now)
    if password is not None:
        set_password(account=account, password=password, by=by, now=now)
    audit.record(by=by, did="identity.account.created", on=account, data={"person": account.person_id})
    return account


def _take_up(account: Account, exists: AccountRefused, *, by: Identity, now: datetime) -> Account:
    """A closed account begins anew: nothing of before opens it (`close_account`), its roles stay ended, the notice is agreed to anew, and
    it is as young as a new one, so that it is not closed again for the time nobody could use it. Raises `exists` for who comes second."""
    session().refresh(account, with_for_update={"of": Account})  # two who open it at once: the second finds it open
    if account.state is not AccountState.DELETED:
        raise exists
    account.state, account.created_at, account.reopened_at, account.last_sign_in_at = AccountState.INVITED, now, now, None
    account.wants_email, account.wants_digest = True, False
    account.handled_at = account.handled_by_id = None
    session().flush()
    for statement in left_over(account.id, now):  # a role or a name that older programs still gave a closed account opens nothing
        session().execute(statement.execution_options(synchronize_session="fetch"))
    ended = update(Consent).where(Consent.account_id == account.id, Consent.withdrawn_at.is_(None)).values(withdrawn_at=now)
    session().execute(ended.execution_options(synchronize_session="fetch"))
    audit.record(by=by, did="identity.account.reopened", on=account)
    return account


def left_over(account_id: int, now: datetime) -> tuple[Any, ...]:
    """The statements that take every way into an account: its roles, tokens, links and names, and what it claims to be."""
    return (
        update(RoleGrant).where(RoleGrant.account_id == account_id, RoleGrant.ended_at.is_(None)).values(ended_at=now),
        update(ApiToken).where(ApiToken.account_id == account_id, ApiToken.revoked_at.is_(None)).values(revoked_at=now),
        update(OneTimeLink).where(OneTimeLink.account_id == account_id, OneTimeLink.expires_at > now).values(expires_at=now),
        delete(LoginName).where(LoginName.account_id == account_id),
        delete(NumberClaim).where(NumberClaim.account_id == account_id),
    )


def refuse_closed(account: Account) -> None:
    """Refuse to change an account that is closed: it has nothing left, and is only ever taken up as a whole. Raises AccountRefused."""
    if account.state is AccountState.DELETED:
        raise AccountRefused(_("这个账号已注销，不能再停用、恢复或更改。需要继续使用的，请从其人员页面重新开通。"), code="account_closed")


def add_login(*, account: Account, kind: LoginKind, value: str, by: Identity, now: datetime, scope: str = "", is_verified: bool = False) -> LoginName:
    """Let an account sign in by one more name; the same name again changes nothing. Raises AccountRefused."""
    session().flush()
    session().refresh(account, with_for_update={"of": Account})  # closed at the same moment, it gets no name any more
    refuse_closed(account)
    return _add_login(account, kind, value, scope, by=by, now=now, is_verified=is_verified)


def _add_login(
    account: Account, kind: LoginKind, value: str, scope: str = "", *, by: Identity, now: datetime, is_verified: bool = False
) -> LoginName:
    """The same for an account that is open and held by this transaction already: it was locked, or made just now."""
    name = rules.normalise_login(kind, value)
    scope = rules.normalise_login(LoginKind.STUDENT_NO, scope)
    check_login(kind, name, scope)
    known = queries.login_name(kind, name, scope)
    if known is not None and known.account_id == account.id:
        if is_verified and known.verified_at is None:
            known.verified_at = now
        return known
    taken = _("“%(name)s”已被另一个账号用于登录，请换一个，或请管理员核对。", name=value)
    if known is not None or (kind is LoginKind.USERNAME and queries.is_student_number(name)):
        raise AccountRefused(taken, field=kind.value, code="login_taken")
    login = LoginName(account_id=account.id, kind=kind, value=name, scope=scope, verified_at=now if is_verified else None)
    add_once(login, lambda: AccountRefused(taken, field=kind.value, code="login_taken"))
    note_handled(account, by=by, now=now)
    audit.record(by=by, did="identity.login.added", on=account, data={"kind": kind})
    return login


def check_login(kind: LoginKind, name: str, scope: str = "") -> None:
    """Refuse a normalised name that cannot be one of its kind. Raises AccountRefused."""
    match kind:
        case LoginKind.USERNAME:
            words = {
                "short": _("用户名至少3个字符。"),
                "long": _("用户名最多60个字符。"),
                "characters": _("用户名只能用汉字、字母、数字、点、下划线和短横线。"),
                "digits": _("用户名不能全是数字，以免与学号、手机号混淆；请加上字母。"),
            }
            problem = rules.username_problem(name)
            message = words[problem] if problem else ""
        case LoginKind.PHONE:
            message = "" if rules.phone_is_plausible(name) else _("手机号格式不正确，应为11位数字，如 13800138000。")
        case LoginKind.EMAIL:
            message = "" if contacts.is_email(name) else _("邮箱格式不正确，应类似 name@example.edu.cn。")
        case LoginKind.STUDENT_NO:
            message = "" if name and scope else _("用学号登录须同时给出学校代码。")
    if message:
        raise AccountRefused(message, field=kind.value, code="login_malformed")


def remove_login(*, account: Account, login_id: int, by: Identity) -> None:
    """Stop an account from signing in by a name; the last name stays."""
    session().flush()
    session().refresh(account, with_for_update={"of": Account})  # of two who remove one each at once, the second sees what is left
    names = queries.login_names(account.id)
    login = next((name for name in names if name.id == login_id), None)
    if login is None:
        return
    if len(names) == 1:
        raise AccountRefused(_("这是唯一的登录名，删除后将无法登录。请先添加另一个。"))
    session().delete(login)
    audit.record(by=by, did="identity.login.removed", on=account, data={"kind": login.kind})


def set_password(
    *, account: Account, password: str, by: Identity, now: datetime, field: str = "password", worked: passwords.Worked | None = None
) -> None:
    """Give the account a new password; an invited account becomes active. Links to set one and the tokens of programs end. `worked`: see
    `work_out_password`. Raises PasswordRefused."""
    today = local(now).date()
    check_password(password, account=account, today=today, field=field, worked=worked)
    account.password_hash = worked.password_hash if worked is not None else passwords.hash_password(password)
    account.password_set_at = now
    if account.state is AccountState.INVITED:
        account.state = AccountState.ACTIVE
    session().add(PasswordHistory(account_id=account.id, password_hash=account.password_hash, set_at=now))
    session().flush()
    for table, live, ended in (
        (OneTimeLink, (OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > now), "expires_at"),
        (ApiToken, (ApiToken.revoked_at.is_(None),), "revoked_at"),
    ):
        statement = update(table).where(table.account_id == account.id, *live).values({ended: now})
        session().execute(statement.execution_options(synchronize_session="fetch"))
    audit.record(by=by, did="identity.password.set", on=account)


def work_out_password(account_id: int, password: str, *, today: date) -> passwords.Worked:
    """What `set_password` would compute about a password of an account; outside a transaction, so that nobody waits for it."""
    return passwords.work_out(password, against=queries.password_history(account_id, password_demands(today).history))


def password_demands(today: date) -> rules.PasswordDemands:
    """What a new password must satisfy on a day (own.password.*): the pages say what is checked."""
    return rules.PasswordDemands(
        length_min=number("own.password.length_min", today),
        length_max=number("own.password.length_max", today),
        classes_min=number("own.password.classes_min", today),
        history=number("own.password.history", today),
    )


def check_password(
    password: str,
    *,
    today: date,
    account: Account | None = None,
    names: Iterable[str] = (),
    field: str = "password",
    worked: passwords.Worked | None = None,
) -> None:
    """Refuse a weak, common, personal or repeated password with words (own.password.*)."""
    demands = password_demands(today)
    known = [*names]
    if account is not None:
        known += [account.display_name, *(name.value for name in queries.login_names(account.id))]
    problem = rules.password_problem(password, demands, known)
    words = {
        "short": _("密码至少%(n)d个字符。", n=demands.length_min),
        "long": _("密码最多%(n)d个字符。", n=demands.length_max),
        "classes": _("密码须包含字母、数字、符号中的至少%(n)d类。", n=demands.classes_min),
        "common": _("这个密码太常见，容易被猜中，请换一个。"),
        "personal": _("密码不能包含你的姓名或登录名，请换一个。"),
    }
    if problem:
        raise PasswordRefused(words[problem], field=field, code=f"password_{problem}")
    if account is not None and any(
        worked.is_of(old, password) if worked is not None else passwords.is_password(old, password)
        for old in queries.password_history(account.id, demands.history)
    ):
        raise PasswordRefused(_("最近%(n)d次用过的密码不能再用，请换一个。", n=demands.history), field=field, code="password_repeated")


def change_password(
    *,
    account: Account,
    old: str,
    new: str,
    by: Identity,
    now: datetime,
    keep_session_id: int | None = None,
    worked: passwords.Worked | None = None,
    was: passwords.Worked | None = None,
) -> None:
    """Change one's own password; every other session of the account ends. `worked` of the new one, `was` of the old: see `work_out_password`."""
    if not (was.is_of(account.password_hash, old) if was is not None else passwords.is_password(account.password_hash, old)):
        raise PasswordRefused(_("当前密码不正确。"), field="old", code="password_wrong")
    set_password(account=account, password=new, by=by, now=now, field="new", worked=worked)
    revoke_sessions(account_id=account.id, by=by, now=now, keep_session_id=keep_session_id)


def revoke_sessions(*, account_id: int, by: Identity, now: datetime, keep_session_id: int | None = None) -> int:
    """End the open sessions of an account, except one; returns how many ended."""
    statement = update(UserSession).where(UserSession.account_id == account_id, UserSession.revoked_at.is_(None), UserSession.expires_at > now)
    if keep_session_id is not None:
        statement = statement.where(UserSession.id != keep_session_id)
    ended: int = session().execute(statement.values(revoked_at=now)).rowcount  # type: ignore[attr-defined]
    if ended:
        audit.record(by=by, did="identity.session.revoked", on=("account", account_id), data={"sessions": ended})
    return ended


def revoke_session(*, account_id: int, session_id: int, by: Identity, now: datetime) -> None:
    """End one session of an account; one that ended before changes nothing. Raises NotFound for a session that is not the account's."""
    if not queries.is_session_of(account_id, session_id):
        raise NotFound(_("你的账号没有这个登录会话，没有退出任何设备。请从“登录的设备”中选择。"))
    ended: int = (
        session()
        .execute(
            update(UserSession)
            .where(UserSession.id == session_id, UserSession.account_id == account_id, UserSession.revoked_at.is_(None))
            .values(revoked_at=now)
        )
        .rowcount  # type: ignore[attr-defined]
    )
    if ended:
        audit.record(by=by, did="identity.session.revoked", on=("account", account_id), data={"sessions": 1})


def name_hash(name: str) -> str:
    """Under which attempts are counted: keyed, so that the table does not tell who tried."""
    return keys.keyring().keyed_hash(name)


def check_may_manage(*, account: Account, by: Identity, today: date) -> None:
    """Refuse to manage an account whose holder belongs to others too: its password would be a way up, or into the records of another house.

    Judged is the human: every account of theirs, whatever row of theirs it hangs on, and where they study, teach or are mentors. So neither an
    enterprise that registered somebody as a trainee nor a school they left becomes the student of another school. Raises GrantRefused.
    """
    why = against_managing(account, by=by, today=today)
    if why is not None:
        raise why


def against_managing(account: Account, *, by: Identity, today: date) -> GrantRefused | None:
    """Why `by` may not hand out a link to an account, change its names, switch it off or on; None: they may. For the pages, which offer no such button."""
    if by is SYSTEM or by.account_id is None:
        return None
    judge = above_heads(by, account, today=today)
    if queries.is_above(account.id, judge, today=today):
        return GrantRefused(_("这个账号持有超出你授权范围的角色，只能由上级管理员或系统管理员处理。"), code="above_own_scope")
    if account.person_id is not None and (reach.beyond_reach([account.person_id], judge, today) or trained_elsewhere([account.person_id], judge)):
        said = _(
            "账号本人在你负责范围以外有学习、任教或任职的登记（含已毕业、离职的）：请联系其所在学校的管理员；"
            "在多处有登记，或另有导师、专家等校外角色的，由系统管理员处理。"
        )
        return GrantRefused(said, code="belongs_elsewhere")
    return None


def unmanageable(accounts: Sequence[Account], *, by: Identity, today: date) -> set[int]:
    """Of these accounts those that `check_may_manage` refuses; as many queries for a thousand as for ten, but for who is refused."""
    if by is SYSTEM or by.account_id is None:
        return set()
    above = queries.accounts_above([one.id for one in accounts], by, today=today)
    beyond = reach.beyond_reach({one.person_id for one in accounts if one.person_id is not None}, by, today)
    beyond |= trained_elsewhere({one.person_id for one in accounts if one.person_id is not None}, by)
    doubtful = [one for one in accounts if one.id in above or one.person_id in beyond]  # may be a head whom `by` could appoint
    return {one.id for one in doubtful if against_managing(one, by=by, today=today) is not None}


def disable(*, account: Account, by: Identity, today: date, now: datetime, reason: str, version: int | None = None) -> None:
    """Keep an account from signing in and end its sessions."""
    check_may_manage(account=account, by=by, today=today)
    check_version(account, version)
    refuse_closed(account)
    if by.account_id == account.id:
        raise AccountRefused(_("不能停用自己的账号，请由另一位管理员操作。"))
    if account.state is AccountState.DISABLED:
        return
    account.state = AccountState.DISABLED
    revoke_sessions(account_id=account.id, by=by, now=now)
    audit.record(by=by, did="identity.account.disabled", on=account, data={"reason": reason})


def enable(*, account: Account, by: Identity, today: date, version: int | None = None) -> None:
    """Let a disabled account sign in again. Raises AccountRefused for one that was closed."""
    check_may_manage(account=account, by=by, today=today)
    check_version(account, version)
    refuse_closed(account)
    if account.state is not AccountState.DISABLED:
        return
    account.state = AccountState.ACTIVE if account.password_hash else AccountState.INVITED
    audit.record(by=by, did="identity.account.enabled", on=account)


def unlock(*, account: Account, by: Identity, today: date) -> int:
    """Forget the failures of an account, so that its lock ends; returns how many."""
    check_may_manage(account=account, by=by, today=today)
    gone: int = (
        session().execute(delete(SignInAttempt).where(SignInAttempt.name_hash == name_hash(f"account:{account.id}"))).rowcount  # type: ignore[attr-defined]
    )
    if gone:
        audit.record(by=by, did="identity.account.unlocked", on=account, data={"failures": gone})
    return gone


def set_preferences(*, account: Account, language: str, wants_email: bool, wants_digest: bool, by: Identity) -> None:
    """The reader's language and e-mail wishes."""
    if language not in LANGUAGES:
        raise AccountRefused(_("没有这种语言。"), field="language")
    account.language, account.wants_email, account.wants_digest = language, wants_email, wants_digest
    audit.record(by=by, did="identity.preferences.set", on=account, data={"language": language, "email": wants_email, "digest": wants_digest})
