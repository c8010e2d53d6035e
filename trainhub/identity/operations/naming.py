"""Changing by what an account is signed in to: by who may reset it, by its holder with a code, and after the person's file.

An address is also where links and news go. Who may reset an account has a way into it already; the holder proves a new address by a code that was
sent there. Every address the account had until then is told, so that nobody's account is led elsewhere behind their back.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, update
from sqlalchemy.exc import IntegrityError

from trainhub.identity import queries, rules
from trainhub.identity.delivery import News, channels, deliver, tell
from trainhub.identity.models import Account, LoginName, OneTimeLink, SignInAttempt
from trainhub.identity.operations._support import AccountRefused, GrantRefused, note_handled
from trainhub.identity.operations.accounts import add_login, check_login, check_may_manage, name_hash, refuse_closed, remove_login
from trainhub.identity.operations.own_password import check_own_password
from trainhub.identity.operations.signing_in import count_attempt
from trainhub.identity.types import Channel, LoginKind
from trainhub.kernel import audit, keys
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import N_, _, in_language
from trainhub.people.models import Person

CHANNEL_OF: Mapping[LoginKind, Channel] = {LoginKind.EMAIL: Channel.EMAIL, LoginKind.PHONE: Channel.SMS}
CHANGEABLE = (LoginKind.EMAIL, LoginKind.PHONE, LoginKind.USERNAME)
"""A student's number is the school's: it comes with the study (`add_student_numbers`)."""
FIELDS = (("email", LoginKind.EMAIL), ("phone", LoginKind.PHONE))


# -- by who may reset the account ---------------------------------------------------------------------------------------


def give_login(*, account: Account, kind: LoginKind, value: str, by: Identity, today: date, now: datetime) -> LoginName:
    """Let somebody sign in by one more name; the same again changes nothing. Raises GrantRefused, AccountRefused."""
    _check_manager(account, by=by, today=today)
    if kind not in CHANGEABLE:
        raise AccountRefused(_("学号来自学籍，不能在这里添加；请用“允许用学号登录”。"), field="kind")
    had, before = queries.login_names(account.id), _addresses(account)
    login = add_login(account=account, kind=kind, value=value, by=by, now=now)
    if login.id not in {one.id for one in had}:
        _tell_added(account, login, before, now=now)
    return login


def take_login(*, account: Account, login_id: int, by: Identity, today: date, now: datetime) -> None:
    """Keep somebody from signing in by a name; the last one stays, one that is gone changes nothing. Raises GrantRefused, AccountRefused."""
    _check_manager(account, by=by, today=today)
    _remove(account, login_id, by=by, now=now)


def _check_manager(account: Account, *, by: Identity, today: date) -> None:
    check_may_manage(account=account, by=by, today=today)
    refuse_closed(account)
    if by.account_id == account.id:
        raise AccountRefused(_("自己的登录名请在“我的账户”中更改，需要输入密码和验证码。"), code="own_account")


def _remove(account: Account, login_id: int, *, by: Identity, now: datetime) -> None:
    login = next((one for one in queries.login_names(account.id) if one.id == login_id), None)
    if login is None:
        return
    before, kind, value, key = _addresses(account), login.kind, login.value, login.id
    remove_login(account=account, login_id=login_id, by=by)
    session().flush()
    note_handled(account, by=by, now=now)
    _end_links_to(account, value, now=now)
    _tell(account, before, REMOVED, _masked(kind, value), key, now=now)


def _end_links_to(account: Account, address: str, *, now: datetime) -> None:
    """A link that waits in a mailbox which is not the account's any more."""
    live = (
        OneTimeLink.account_id == account.id,
        OneTimeLink.used_at.is_(None),
        OneTimeLink.expires_at > now,
        func.lower(OneTimeLink.address) == address,
    )
    session().execute(update(OneTimeLink).where(*live).values(expires_at=now).execution_options(synchronize_session="fetch"))


# -- by the holder ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewName:
    """An address that waits for its code, as the browser keeps it in its signed cookie; of the code only a keyed hash."""

    account_id: int
    kind: str
    value: str
    until: float
    code_hash: str


def ask_login(
    *, account: Account, kind: LoginKind, value: str, password: str, by: Identity, origin: str, now: datetime, today: date
) -> NewName | None:
    """One's own account by one more name: a user name at once (None), an address once the code that is sent there was typed in.

    Raises PasswordRefused, AccountRefused, Locked. Whether somebody else has the address is told to the address alone.
    """
    check_own_password(account=account, password=password)
    name = rules.normalise_login(kind, value)
    check_login(kind, name)
    if kind not in CHANNEL_OF:
        before = _addresses(account)
        login = add_login(account=account, kind=kind, value=value, by=by, now=now, is_verified=True)
        _tell_added(account, login, before, now=now)
        return None
    if CHANNEL_OF[kind] not in channels():
        raise AccountRefused(_("目前不能用这种方式发送验证码，请换另一种，或请管理员在账号页面添加。"), field="kind")
    known = queries.login_name(kind, name)
    if known is not None and known.account_id == account.id and known.verified_at is not None:
        raise AccountRefused(_("已经可以用“%(name)s”登录。", name=name), field="value", code="login_known")
    count_attempt(counted_as=_sends(kind, name), origin=origin, now=now, today=today, words=_sent_too_often)
    until, code = now + timedelta(minutes=rules.CODE_MINUTES), f"{secrets.randbelow(1_000_000):06d}"
    if known is not None and known.account_id != account.id:
        text = _("有人想用你的地址登录另一个账号，但它已经是一个账号的登录名，没有添加。如果不是你本人，不用处理。")
        sealed = _sealed(account.id, kind, name, until.timestamp(), secrets.token_hex(8))
    else:
        text = _("你的验证码是 %(code)s，%(n)d分钟内有效，用于把这个地址添加为登录名。请勿告诉他人。", code=code, n=rules.CODE_MINUTES)
        sealed = _sealed(account.id, kind, name, until.timestamp(), code)
    deliver(CHANNEL_OF[kind], to=name, subject=_("验证码"), text=text, now=now)
    return NewName(account.id, kind.value, name, until.timestamp(), sealed)


def confirm_login(*, account: Account, asked: NewName, code: str, by: Identity, origin: str, now: datetime, today: date) -> LoginName | None:
    """Add the address whose code was typed in; None for a wrong code, which is counted. Raises AccountRefused, Locked."""
    if asked.account_id != account.id or asked.until <= now.timestamp():
        raise AccountRefused(_("验证码已过期，请重新填写要添加的地址。"), field="code", code="code_expired")
    guesses = name_hash(f"login-code:{account.id}")
    count_attempt(counted_as=guesses, origin=origin, now=now, today=today, words=_guessed_too_often)
    kind = LoginKind(asked.kind)
    if not secrets.compare_digest(asked.code_hash, _sealed(account.id, kind, asked.value, asked.until, rules.typed_code(code))):
        return None
    had, before = queries.login_names(account.id), _addresses(account)
    login = add_login(account=account, kind=kind, value=asked.value, by=by, now=now, is_verified=True)
    session().execute(delete(SignInAttempt).where(SignInAttempt.name_hash.in_((guesses, _sends(kind, asked.value)))))
    if login.id not in {one.id for one in had}:
        _tell_added(account, login, before, now=now)
    return login


def drop_login(*, account: Account, login_id: int, password: str, by: Identity, now: datetime) -> None:
    """Stop signing in by one of one's own names; the last one and a student's number stay. Raises PasswordRefused, AccountRefused, NotFound."""
    check_own_password(account=account, password=password)
    login = next((one for one in queries.login_names(account.id) if one.id == login_id), None)
    if login is None:
        raise NotFound(_("你的账号没有这个登录名，没有删除。"))
    if login.kind not in CHANGEABLE:
        raise AccountRefused(_("学号由学校登记，不能自行删除。"), field="login_id")
    _remove(account, login_id, by=by, now=now)


def _sends(kind: LoginKind, name: str) -> str:
    return name_hash(f"login-send:{kind}:{name}")


def _sealed(account_id: int, kind: LoginKind, name: str, until: float, code: str) -> str:
    return keys.keyring().keyed_hash(f"login-code:{account_id}:{kind}:{name}:{until}:{code}")


def _sent_too_often(at: str) -> str:
    return _("发往这个地址的验证码次数过多，请在%(at)s之后再试。", at=at)


def _guessed_too_often(at: str) -> str:
    return _("验证码输错次数过多，请在%(at)s之后重新申请。", at=at)


# -- after the person's file --------------------------------------------------------------------------------------------


def follow_person(person: Person, before: Mapping[str, Any], by: Identity, now: datetime) -> None:
    """A corrected name is the account's, too; an address on file that the account signs in by is replaced with it: see `people.types.CHANGED`.

    Left as it is, and told on the account's page (`queries.kinds_beside`), is a name that `by` may not change, one's own (a code proves that), and
    one whose new spelling is empty, malformed or another account's.
    """
    if person.merged_into_id is not None or not {"name", *(field for field, _kind in FIELDS)} & before.keys():
        return
    for account in queries.all_of_human(person.id):
        if "name" in before:
            account.display_name = person.name[:120]
        for field, kind in FIELDS:
            if field in before and before[field] and getattr(person, field) and by.account_id != account.id:
                _replace(account, kind, before[field], getattr(person, field), by=by, now=now)
            if kind is LoginKind.EMAIL and before.get(field):
                _end_links_where_unnamed(account, before[field], now=now)
    session().flush()


def _end_links_where_unnamed(account: Account, old: str, *, now: datetime) -> None:
    """A link that waits in a mailbox of the file goes with the file's address, unless the account signs in by it."""
    was = rules.normalise_login(LoginKind.EMAIL, old)
    if all(one.value != was for one in queries.login_names(account.id) if one.kind is LoginKind.EMAIL):
        _end_links_to(account, was, now=now)


def _replace(account: Account, kind: LoginKind, old: str, new: str, *, by: Identity, now: datetime) -> None:
    was, name = rules.normalise_login(kind, old), rules.normalise_login(kind, new)
    login = next((one for one in queries.login_names(account.id) if one.kind is kind and one.value == was), None)
    if login is None or name == was or queries.login_name(kind, name) is not None:
        return
    try:
        check_may_manage(account=account, by=by, today=local(now).date())
        check_login(kind, name)
        with session().begin_nested():
            login.value, login.verified_at = name, None
            session().flush()
    except (GrantRefused, AccountRefused, IntegrityError):
        return
    note_handled(account, by=by, now=now)
    _end_links_to(account, was, now=now)
    audit.record(by=by, did="identity.login.changed", on=account, data={"kind": kind})


# -- telling ------------------------------------------------------------------------------------------------------------


def _addresses(account: Account) -> list[tuple[LoginKind, str]]:
    """Where the holder of an account is reached now."""
    found = [(one.kind, one.value) for one in queries.login_names(account.id) if one.kind in CHANNEL_OF]
    if all(kind is not LoginKind.EMAIL for kind, _value in found) and (on_file := queries.email_of(account.id)):
        found.append((LoginKind.EMAIL, on_file))
    return found


def _masked(kind: LoginKind, value: str) -> str:
    """A name as somebody is told it who may not be its owner."""
    if kind is LoginKind.EMAIL:
        return f"{value[:1]}***@{value.partition('@')[2]}"
    return f"{value[:3]}****{value[-4:]}" if kind is LoginKind.PHONE else value


ADDED = N_("你的账号增加了登录名“%(name)s”。不是你本人办理的，请立即修改密码，并联系所在单位的管理员。")
REMOVED = N_("你的账号删除了登录名“%(name)s”。不是你本人办理的，请立即修改密码，并联系所在单位的管理员。")
PAGE = "/account"


def _tell_added(account: Account, login: LoginName, before: Iterable[tuple[LoginKind, str]], *, now: datetime) -> None:
    others = [one for one in before if one != (login.kind, login.value)]
    _tell(account, others, ADDED, _masked(login.kind, login.value), login.id, now=now)


def _tell(account: Account, addresses: Iterable[tuple[LoginKind, str]], message: str, masked: str, login_id: int, *, now: datetime) -> None:
    """Among the holder's news, and at every address by which they are reached: an installation may have no way to send anything."""
    key = f"login:{login_id}:{'added' if message == ADDED else 'removed'}:{now.timestamp():.0f}"
    with in_language(account.language):
        subject = _("登录名已更改")
        text = "\n\n".join((_("%(name)s，你好：", name=account.display_name), _(message, name=masked)))
    sent = {kind: deliver(CHANNEL_OF[kind], to=value, subject=subject, text=text, now=now) for kind, value in addresses}
    tell(News(account.id, "identity.login", message, PAGE, key, is_mailed=sent.get(LoginKind.EMAIL, False), values={"name": masked}), now=now)
