"""One-time links: invitation and reset. Stored as a hash, valid for a while, used once; a new link ends the older ones."""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta

from sqlalchemy import delete, update

from trainhub.identity import passwords, queries, rules
from trainhub.identity.delivery import channels, deliver, reaches_by_mail
from trainhub.identity.models import Account, LoginName, OneTimeLink, SignInAttempt
from trainhub.identity.operations._support import AccountRefused, LinkRefused, note_handled, number, token_hash
from trainhub.identity.operations.accounts import (
    add_login,
    against_managing,
    check_may_manage,
    name_hash,
    refuse_closed,
    revoke_sessions,
    set_password,
)
from trainhub.identity.operations.signing_in import as_identity, count_attempt
from trainhub.identity.permissions import Can
from trainhub.identity.types import AccountState, Channel, LinkPurpose, LoginKind
from trainhub.kernel import audit, site
from trainhub.kernel.access import Identity, may
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _, _l, format_datetime, listed
from trainhub.people import queries as people

RESETS_IN_AN_HOUR = 3
LOGIN = ("identity.login", _l("登录"))
FORGOT = ("identity.forgot", _l("忘记密码"))


def invite(*, account: Account, by: Identity, today: date, now: datetime) -> str:
    """An invitation to set the first password; sent by e-mail where an address is known. Returns the link, shown once.

    Raises AccountRefused when the account is in use already or disabled, GrantRefused when it holds more than `by` could give, site.NoAddress.
    """
    check_may_manage(account=account, by=by, today=today)
    return send_invitation(account=account, by=by, now=now)


def send_invitation(*, account: Account, by: Identity, now: datetime) -> str:
    """`invite` for whom a list opened an account a moment ago: the link goes to the address on file alone, and is shown to nobody."""
    refuse_closed(account)
    if account.state is not AccountState.INVITED:
        raise AccountRefused(_("这个账号已启用，不需要邀请；忘记密码请发送重置链接。"), code="not_invited")
    row, token = _make(account, LinkPurpose.INVITATION, by, now, timedelta(days=rules.LINK_DAYS_INVITATION), to=queries.email_of(account.id))
    text = _(
        "%(name)s，你好：\n\n请在%(until)s之前打开下面的链接，设置密码并开始使用：\n%(link)s",
        name=account.display_name,
        until=format_datetime(row.expires_at),
        link=address(token),
    )
    deliver(Channel.EMAIL, to=row.address, subject=_("邀请你使用工程人才培养平台"), text=text, now=now)
    return address(token)


def reset_link(*, account: Account, by: Identity, today: date, now: datetime) -> str:
    """A link to set a new password, made by an administrator for a person who cannot sign in. Returns it, shown once. Raises site.NoAddress."""
    check_may_manage(account=account, by=by, today=today)
    if account.state is AccountState.INVITED:
        return invite(account=account, by=by, today=today, now=now)
    _refuse_closed(account)
    return _reset(account, by, today, now)


def ask_reset(*, name: str, origin: str, now: datetime, today: date) -> None:
    """Somebody forgot their password: send a link to the account's address. The answer is the same whether the name is known.

    Whoever knows a name can ask: links that an administrator made stay (`_make`). Raises Locked when one name or one address asks too often,
    site.NoAddress whoever asks.
    """
    if not (reaches_by_mail() or Channel.SMS in channels()):
        return  # a link that reaches nobody would only end one that an administrator handed over
    site.address()  # for whichever name: the answer must not tell whether it is known
    typed = rules.typed_name(name)
    count_attempt(counted_as=name_hash(f"forgot:{typed.counted}"), origin=origin, now=now, today=today, words=_asked_too_often)
    ids = {login.account_id for login in queries.names_of_who_types(typed)}
    if len(ids) != 1:
        return
    account = queries.account(ids.pop())
    way = _way_to(account)
    if account.state is not AccountState.ACTIVE or way is None:
        return
    if queries.links_since(account.id, LinkPurpose.PASSWORD_RESET, now - timedelta(hours=1)) >= RESETS_IN_AN_HOUR:
        return
    _reset(account, as_identity(account, origin), today, now, way=way)


def _way_to(account: Account) -> tuple[Channel, str] | None:
    """How somebody who forgot the password is reached: by e-mail, or by a text message at the number they sign in by; None: by neither.

    The e-mail of the person's file is the enterprise's to change where it opened the account: there only one that the holder signs in by is the
    holder's. A number of the file alone is never enough, whoever opened the account.
    """
    logins = queries.login_names(account.id)
    is_own = account.handled_at is None or any(one.kind is LoginKind.EMAIL for one in logins)
    email = queries.email_of(account.id) if is_own else ""
    if email and reaches_by_mail():
        return Channel.EMAIL, email
    phone = next((one.value for one in logins if one.kind is LoginKind.PHONE), "")
    return (Channel.SMS, phone) if phone and Channel.SMS in channels() else None


def _asked_too_often(at: str) -> str:
    return _("为这个登录名申请重置密码的次数过多，请在%(at)s之后再试；没有收到邮件，请联系所在单位的管理员。", at=at)


def _reset(account: Account, by: Identity, today: date, now: datetime, way: tuple[Channel, str] | None = None) -> str:
    channel, to = way or (Channel.EMAIL, queries.email_of(account.id))
    row, token = _make(account, LinkPurpose.PASSWORD_RESET, by, now, timedelta(minutes=number("own.reset_link.minutes", today)), to=to)
    told = {"name": account.display_name, "until": format_datetime(row.expires_at), "link": address(token)}
    if channel is Channel.SMS:
        text = _("有人为你的账号申请重置密码。请在%(until)s之前打开 %(link)s 设置新密码；不是你本人申请的，请忽略。", **told)
    else:
        text = _(
            "%(name)s，你好：\n\n有人为你的账号申请重置密码。请在%(until)s之前打开下面的链接设置新密码：\n%(link)s\n\n"
            "如果不是你本人申请，请忽略这封邮件，密码不会改变。",
            **told,
        )
    deliver(channel, to=to, subject=_("重置密码"), text=text, now=now)
    return address(token)


def _make(account: Account, purpose: LinkPurpose, by: Identity, now: datetime, life: timedelta, *, to: str) -> tuple[OneTimeLink, str]:
    earlier = [OneTimeLink.account_id == account.id, OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > now]
    if by.account_id == account.id:  # asked for by whoever knows a name: it ends no link but those that were asked for like this
        earlier.append(OneTimeLink.made_by_id == account.id)
    session().execute(update(OneTimeLink).where(*earlier).values(expires_at=now).execution_options(synchronize_session=False))
    token = secrets.token_urlsafe(32)
    row = OneTimeLink(
        account_id=account.id,
        purpose=purpose,
        token_hash=token_hash(token),
        address=to,
        made_by_id=by.account_id,
        created_at=now,
        expires_at=now + life,
    )
    session().add(row)
    session().flush()
    note_handled(account, by=by, now=now)
    audit.record(by=by, did=f"identity.{purpose}.made", on=account, data={"until": row.expires_at.isoformat()})
    return row, token


def address(token: str) -> str:
    """The address of a link on this installation. Raises site.NoAddress."""
    return site.address(f"/link/{token}")


def open_link(*, token: str, now: datetime) -> OneTimeLink:
    """The link, if it can be used now. Raises LinkRefused with what to do."""
    row = queries.link(token_hash(token), tuple(LinkPurpose))
    if row is None:
        raise LinkRefused(_("这个链接无效。请完整复制邮件中的地址；若仍打不开，请重新申请。"), code="link_unknown", page=FORGOT)
    if row.used_at is not None:
        raise LinkRefused(_("这个链接已经用过。请直接登录；忘记密码可以重新申请。"), code="link_used", page=LOGIN)
    if row.expires_at <= now:
        if row.purpose is LinkPurpose.INVITATION:
            raise LinkRefused(_invitation_over(row, local(now).date()), code="link_expired")
        raise LinkRefused(_("这个重置链接已过期。请在“忘记密码”页面重新申请。"), code="link_expired", page=FORGOT)
    _refuse_closed(queries.account(row.account_id))
    _refuse_not_theirs(row, local(now).date())
    return row


def _refuse_not_theirs(row: OneTimeLink, today: date) -> None:
    """An invitation that only a roster stands behind ends with the right to make it: its record was cancelled since, or somebody else trained the holder, too."""
    account = queries.account(row.account_id)
    if row.purpose is not LinkPurpose.INVITATION or row.made_by_id is None or account.person_id is None or not needs_username(account.id):
        return
    try:
        maker, person = queries.identity_of(row.made_by_id, today=today), people.person(account.person_id)
    except NotFound:  # the account of whoever made it was disabled or closed since: nobody stands behind it
        raise _not_theirs() from None
    if rules.vouches(maker) or person is None:
        return
    if not may(maker, Can.ACCOUNT_VIEW, people.subject_to_invite(people.who_stayed(person))) or against_managing(account, by=maker, today=today):
        raise _not_theirs()


def _not_theirs() -> LinkRefused:
    said = _("这个邀请链接已失效：名单有变化，发出邀请的单位不再能为你开通账号。请联系省人社厅或培训你的机构。")
    return LinkRefused(said, code="link_not_theirs")


def _invitation_over(row: OneTimeLink, today: date) -> str:
    """Who can invite again: whoever holds the link may know where its account belongs, not who sent it."""
    until = format_datetime(row.expires_at)
    where = {grant.scope_name: None for grant in queries.grants_of(row.account_id, today=today) if grant.is_active and grant.scope_name}
    if where:
        return _("这个邀请链接已于%(until)s过期。请联系%(where)s的管理员，请其在“账号”中重新发送邀请。", until=until, where=listed(where))
    return _("这个邀请链接已于%(until)s过期。请联系邀请你的管理员，请其在“账号”中重新发送邀请。", until=until)


def _refuse_closed(account: Account) -> None:
    if account.state in (AccountState.DISABLED, AccountState.DELETED):
        raise LinkRefused(_("这个账号已停用，请联系所在单位的管理员。"), code="account_disabled")


def needs_username(account_id: int) -> bool:
    """Whether who uses a link to this account has to choose what to sign in by: its list held no address, and nothing was given since."""
    return not queries.login_names(account_id)


def use_link(*, token: str, password: str, origin: str, now: datetime, worked: passwords.Worked | None = None, username: str = "") -> Account:
    """Set a password by a link, once. All sessions end, a lock ends, and the address the link went to counts as verified.

    `username`: what the holder will sign in by, where the account has no name yet (`needs_username`); else it is not looked at.
    Raises LinkRefused, PasswordRefused, AccountRefused (the name is taken or none); what is refused leaves the link usable.
    """
    row = open_link(token=token, now=now)
    taken: int = (
        session()
        .execute(
            update(OneTimeLink)
            .where(OneTimeLink.id == row.id, OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > now)
            .values(used_at=now)
            .execution_options(synchronize_session=False)
        )
        .rowcount  # type: ignore[attr-defined]
    )
    if not taken:
        raise LinkRefused(_("这个链接已经用过。请直接登录；忘记密码可以重新申请。"), code="link_used", page=LOGIN)
    account = queries.account(row.account_id)
    by = as_identity(account, origin)
    if needs_username(account.id):
        if not username.strip():
            raise AccountRefused(_("请取一个用户名，以后用它登录。"), field="username", code="name_needed")
        add_login(account=account, kind=LoginKind.USERNAME, value=username, by=by, now=now, is_verified=True)
    set_password(account=account, password=password, by=by, now=now, worked=worked)
    revoke_sessions(account_id=account.id, by=by, now=now)
    session().execute(delete(SignInAttempt).where(SignInAttempt.name_hash == name_hash(f"account:{account.id}")))
    if row.address:
        kind = LoginKind.EMAIL if "@" in row.address else LoginKind.PHONE
        session().execute(
            update(LoginName)
            .where(
                LoginName.account_id == account.id,
                LoginName.kind == kind,
                LoginName.value == rules.normalise_login(kind, row.address),
                LoginName.verified_at.is_(None),
            )
            .values(verified_at=now)
            .execution_options(synchronize_session=False)
        )
    audit.record(by=by, did=f"identity.{row.purpose}.used", on=account, data={"day": local(now).date().isoformat()})
    return account
