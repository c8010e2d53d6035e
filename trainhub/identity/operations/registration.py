"""Trainees who register themselves where an organisation allows it: a form, a code to their address, then the account.

Nothing of a person exists before the code is right. Somebody whose identity number is known already is not given that person's records by a form, unless
their account was closed and the address on file is theirs: they get an account like anybody, and whoever holds the roster says whether both are one
human (`claims`). What a visitor is answered is the same whether the number is known or not.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, update

from trainhub.identity import passwords, queries, rules
from trainhub.identity.delivery import channels, deliver
from trainhub.identity.models import Account, PasswordHistory, Registration, SignInAttempt
from trainhub.identity.operations._support import AccountRefused, LinkRefused, Locked, number, token_hash
from trainhub.identity.operations.accounts import add_login, check_password, create_account, name_hash
from trainhub.identity.operations.claims import say_number
from trainhub.identity.operations.grants import grant_role
from trainhub.identity.operations.privacy import check_notice, give_consent
from trainhub.identity.operations.signing_in import as_identity, count_attempt
from trainhub.identity.types import AccountState, Channel, LoginKind
from trainhub.kernel import audit, contacts, keys
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.characters import clean_name, clean_text
from trainhub.kernel.db import session
from trainhub.kernel.errors import ask_all
from trainhub.kernel.i18n import _
from trainhub.people import operations as people
from trainhub.people import queries as people_queries
from trainhub.people.models import Person
from trainhub.people.rules import same_name
from trainhub.people.types import IdType


@dataclass(frozen=True, slots=True, repr=False)
class Wish:
    """What somebody fills in to register."""

    organisation_id: int
    name: str
    username: str
    password: str
    channel: Channel
    address: str
    birth_on: date | None = None
    id_type: IdType | None = None
    id_number: str = ""
    guardian_name: str = ""
    guardian_phone: str = ""
    has_consented: bool = False
    notice_version: str = ""
    """Which text of the privacy notice was agreed to."""


def count_registration(*, wish: Wish, origin: str, now: datetime, today: date) -> None:
    """Look at what the form alone can tell, then count the try, in a transaction of its own before `register`: whether a user name is taken is told
    to nobody who was not counted, and a refusal of `register` does not take the count back. Raises AccountRefused, BadCharacters, PasswordRefused, Locked.
    """
    _check_open(wish.organisation_id)
    username = rules.normalise_login(LoginKind.USERNAME, wish.username)
    ask_all(
        lambda: _checked_name(wish),
        lambda: clean_name(wish.guardian_name, field="guardian_name"),
        lambda: _check_consent(wish),
        lambda: _check_age(wish, today),
        lambda: _checked_address(wish),
        lambda: _check_username(username),
        lambda: check_password(wish.password, today=today, names=(wish.name, username, wish.address.strip())),
    )
    count_attempt(counted_as=_counted(*_checked_address(wish)), origin=origin, now=now, today=today, words=_asked_too_often)


def register(*, wish: Wish, now: datetime, today: date, password_hash: str = "") -> tuple[Registration, str]:
    """Take a registration that was counted (`count_registration`) and send its code; returns the row and the token of its page. Raises AccountRefused."""
    username = rules.normalise_login(LoginKind.USERNAME, wish.username)
    _check_free(username)
    birth_on, (kind, address) = _birth_of(wish), _checked_address(wish)
    token, code = secrets.token_urlsafe(24), _code()
    row = Registration(
        token_hash=token_hash(token),
        organisation_id=wish.organisation_id,
        name=_checked_name(wish),
        id_type=wish.id_type.value if wish.id_type and wish.id_number else "",
        id_number_encrypted=keys.keyring().encrypt(wish.id_number.strip()) if wish.id_type and wish.id_number else None,
        birth_on=birth_on,
        channel=wish.channel,
        address=address,
        username=username,
        password_hash=password_hash or passwords.hash_password(wish.password),
        guardian_name=clean_name(wish.guardian_name, field="guardian_name"),
        guardian_phone=wish.guardian_phone.strip(),
        notice_version=wish.notice_version,
        code_hash=_code_hash(token, code),
        tries_left=rules.CODE_TRIES,
        created_at=now,
        code_expires_at=now + timedelta(minutes=rules.CODE_MINUTES),
        expires_at=now + timedelta(days=number("own.registration.unverified_days", today)),
    )
    session().add(row)
    session().flush()
    # Whether an address is taken is told to its owner, not to whoever types it.
    if queries.login_name(kind, address) is not None:
        text = _("有人用你的地址注册新账号，但它已经有账号。如果是你本人，请直接登录；忘记密码可以申请重置。")
        row.code_hash = _code_hash(token, secrets.token_hex(8))
    else:
        text = _words(code)
    deliver(wish.channel, to=address, subject=_("注册验证码"), text=text, now=now)
    return row, token


def _check_open(organisation_id: int) -> None:
    if organisation_id not in {known for known, _name in queries.open_organisations()}:
        raise AccountRefused(_("这个机构没有开放自行注册，请选择其他机构或联系该机构。"), field="organisation_id", code="not_open")


def _counted(kind: LoginKind, address: str) -> str:
    """Under what the codes sent to an address are counted."""
    return name_hash(f"register:{kind}:{address}")


def _kind_of(row: Registration) -> LoginKind:
    return LoginKind.EMAIL if row.channel is Channel.EMAIL else LoginKind.PHONE


def _asked_too_often(at: str) -> str:
    return _("用这个地址注册、索取验证码的次数过多，请在%(at)s之后再试；急需开通账号，请联系培训机构。", at=at)


def _words(code: str) -> str:
    return _("你的注册验证码是 %(code)s，%(n)d分钟内有效。请勿告诉他人。", code=code, n=rules.CODE_MINUTES)


def _code() -> str:
    return f"{secrets.randbelow(1_000_000):06d}"


def _code_hash(token: str, code: str) -> str:
    return keys.keyring().keyed_hash(f"code:{token_hash(token)}:{code}")


def _check_consent(wish: Wish) -> None:
    if not wish.has_consented:
        raise AccountRefused(_("请先阅读隐私说明并勾选同意。"), field="consent", code="consent_needed")
    check_notice(wish.notice_version)


def _checked_name(wish: Wish) -> str:
    """The name as it is stored, before a code is sent: on the page of the code nobody can mend it. Raises BadCharacters."""
    name = clean_name(wish.name)
    if not name:
        raise AccountRefused(_("请填写真实姓名，证书将使用它。"), field="name", code="name_needed")
    return name


def _check_username(username: str) -> None:
    if rules.username_problem(username):
        raise AccountRefused(_("用户名须为3至60个字符，可用汉字、字母、数字、点、下划线和短横线，且不能全是数字。"), field="username")


def _check_free(username: str) -> None:
    if queries.login_name(LoginKind.USERNAME, username) is not None or queries.is_student_number(username):
        raise AccountRefused(_("用户名“%(name)s”已被使用，请换一个。", name=username), field="username", code="login_taken")


def _birth_of(wish: Wish) -> date | None:
    """The birthday, of which one in a resident number counts more. The document is checked by the rules of people; raises BadPerson."""
    if wish.id_type is None or not wish.id_number:
        return wish.birth_on
    found = people.checked(wish.id_type, wish.id_number).birth_on
    if found is not None and wish.birth_on not in (None, found):
        raise AccountRefused(_("出生日期与身份证号码中的不一致，请核对。"), field="birth_on", code="birth_differs")
    return found or wish.birth_on


def _check_age(wish: Wish, today: date) -> None:
    _check_guardian(wish, _birth_of(wish), today)


def guardian_age(today: date) -> int:
    """Below this age nobody registers alone."""
    return max(number("own.registration.age_min", today), number("privacy.guardian_age", today))


def _check_guardian(wish: Wish, birth_on: date | None, today: date) -> None:
    """Below own.registration.age_min nobody registers alone; the guardian fills the form and consents (PIPL-31)."""
    age = guardian_age(today)
    if told := people.birth_told(birth_on, today):
        raise AccountRefused(told, field="birth_on")
    if not rules.needs_guardian(birth_on, today, age):
        return
    if not clean_text(wish.guardian_name):
        raise AccountRefused(
            _("未满%(n)d周岁须由父母或其他监护人同意并代为注册：请填写监护人姓名和手机号。", n=age), field="guardian_name", code="guardian_needed"
        )
    if not rules.phone_is_plausible(wish.guardian_phone):
        raise AccountRefused(_("请填写监护人的手机号，应为11位数字。"), field="guardian_phone", code="guardian_needed")


def _checked_address(wish: Wish) -> tuple[LoginKind, str]:
    if wish.channel not in channels():
        raise AccountRefused(_("目前不能用这种方式发送验证码，请换另一种。"), field="channel")
    if wish.channel is Channel.EMAIL:
        address = rules.normalise_login(LoginKind.EMAIL, wish.address)
        if not contacts.is_email(address):
            raise AccountRefused(_("邮箱格式不正确，应类似 name@example.edu.cn。"), field="address")
        return LoginKind.EMAIL, address
    address = rules.normalise_login(LoginKind.PHONE, wish.address)
    if not rules.phone_is_plausible(address):
        raise AccountRefused(_("手机号格式不正确，应为11位数字，如 13800138000。"), field="address")
    return LoginKind.PHONE, address


def registration(*, token: str, now: datetime) -> Registration:
    """The registration of a page's token, while it waits for its code. Raises LinkRefused."""
    row = queries.registration(token_hash(token))
    if row is None or row.expires_at <= now:
        raise LinkRefused(_("这次注册已过期，请重新填写注册表。"), code="registration_unknown", page=("identity.register", _("注册")))
    if row.done_at is not None:
        raise LinkRefused(_("这次注册已经完成，请直接登录。"), code="registration_done", page=("identity.login", _("登录")))
    return row


def send_again(*, token: str, origin: str, now: datetime, today: date) -> None:
    """Send a new code, a few times at most. Raises LinkRefused, Locked."""
    row = registration(token=token, now=now)
    if row.sent_count >= rules.CODE_SENDS:
        raise Locked(_("验证码已发送%(n)d次。请核对地址，必要时重新填写注册表。", n=row.sent_count), retry_after=600)
    kind = _kind_of(row)
    count_attempt(counted_as=_counted(kind, row.address), origin=origin, now=now, today=today, words=_asked_too_often)
    if queries.login_name(kind, row.address) is None:
        code = _code()
        row.code_hash, row.tries_left = _code_hash(token, code), rules.CODE_TRIES
        row.code_expires_at = now + timedelta(minutes=rules.CODE_MINUTES)
        deliver(row.channel, to=row.address, subject=_("注册验证码"), text=_words(code), now=now)
    row.sent_count += 1


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a code: the account, or how many tries are left."""

    account: Account | None
    tries_left: int
    problem: str = ""
    has_number: bool = False
    """Whether a number was said: it waits to be verified, whoever stands under it."""


def try_code(*, token: str, code: str, origin: str, now: datetime, today: date, username: str = "") -> Tried:
    """Check a code: each try counts before it is judged. The right one makes person, account, role and consent; `username` is another one than was
    asked for, where somebody took that meanwhile.

    A wrong one is not an exception, so that the count is kept. Raises LinkRefused, AccountRefused (field username: see `spend_try`).
    """
    row = registration(token=token, now=now)
    if row.code_expires_at <= now:
        return Tried(None, row.tries_left, _("验证码已过期，请点“重新发送”。"))
    taken: int = (
        session()
        .execute(
            update(Registration)
            .where(Registration.id == row.id, Registration.tries_left > 0, Registration.done_at.is_(None))
            .values(tries_left=Registration.tries_left - 1)
            .execution_options(synchronize_session="fetch")
        )
        .rowcount  # type: ignore[attr-defined]
    )
    if not taken:
        session().refresh(row)
        if row.done_at is not None:  # the first of a double press made the account
            return Tried(None, 0, _("注册已经完成，请直接登录。"))
        return Tried(None, 0, _("输错次数过多，这个验证码已作废，请点“重新发送”。"))
    session().refresh(row)
    if not secrets.compare_digest(row.code_hash, _code_hash(token, rules.typed_code(code))):
        if row.tries_left:
            return Tried(None, row.tries_left, _("验证码不正确，还可以试%(n)d次。", n=row.tries_left))
        return Tried(None, 0, _("输错次数过多，这个验证码已作废，请点“重新发送”。"))
    has_number, row.username = bool(row.id_number_encrypted), rules.normalise_login(LoginKind.USERNAME, username) or row.username
    return Tried(_finish(row, origin, now, today), row.tries_left, has_number=has_number)


def spend_try(*, token: str, now: datetime) -> None:
    """Count a try whose code was right and whose user name was not to be had, which took it back: else whoever registers could try out every name. Raises
    LinkRefused."""
    row = registration(token=token, now=now)
    spent = update(Registration).where(Registration.id == row.id, Registration.tries_left > 0).values(tries_left=Registration.tries_left - 1)
    session().execute(spent.execution_options(synchronize_session="fetch"))


def _may_return(known: Person, row: Registration) -> bool:
    """Whether somebody on file comes back by themselves: they had registered by themselves, their account was closed, and the code reached the very
    address of their file. Everybody else on file is invited by who registered them: an address that others wrote there proves nothing."""
    account = queries.account_of_person(known.id)
    if account is None or account.state is not AccountState.DELETED:
        return False
    if account.handled_at is None or account.handled_by_id is not None:
        return False
    kind = _kind_of(row)
    on_file = known.email if kind is LoginKind.EMAIL else known.phone
    return bool(on_file) and rules.normalise_login(kind, on_file) == row.address and people_queries.is_own_address(known, on_file)


def _finish(row: Registration, origin: str, now: datetime, today: date) -> Account:
    _check_open(row.organisation_id)  # it may have closed the door since the form was filled in
    visitor = Identity(account_id=None, person_id=None, name=row.name, origin=origin)
    id_type = IdType(row.id_type) if row.id_type else None
    number_ = keys.keyring().decrypt(row.id_number_encrypted) if row.id_number_encrypted else None
    known = people_queries.person_by_number(id_type, number_, claimed=True) if id_type is not None and number_ else None
    if known is not None and not (_may_return(known, row) and same_name(known.name, row.name)):
        known = None
    person = known or people.register_person(
        name=row.name,
        by=visitor,
        now=now,
        birth_on=row.birth_on,
        email=row.address if row.channel is Channel.EMAIL else "",
        phone=row.address if row.channel is Channel.SMS else "",
    )
    account = create_account(person=person, display_name=row.name, by=visitor, now=now, username=row.username)
    account.handled_at = now  # whoever holds the address says who this is, nobody else does
    account.password_hash, account.password_set_at, account.state = row.password_hash, now, AccountState.ACTIVE
    session().add(PasswordHistory(account_id=account.id, password_hash=row.password_hash, set_at=now))  # it may not return either
    add_login(account=account, kind=_kind_of(row), value=row.address, by=visitor, now=now, is_verified=True)
    grant_role(account=account, role=Role.TRAINEE, by=SYSTEM, today=today, now=now, organisation_id=row.organisation_id)
    give_consent(
        account=account,
        by=as_identity(account, origin),
        now=row.created_at,
        version=row.notice_version,
        guardian_name=row.guardian_name,
        guardian_phone=row.guardian_phone,
    )
    if known is None and id_type is not None and number_:
        say_number(account=account, person=person, id_type=id_type, number=number_, by=as_identity(account, origin), now=now)
    # Who proved the address failed at nothing: a school that registers a class from one network must not shut itself out.
    session().execute(delete(SignInAttempt).where(SignInAttempt.name_hash == _counted(_kind_of(row), row.address)))
    row.done_at = now
    row.id_number_encrypted, row.password_hash = None, ""
    session().flush()
    audit.record(by=as_identity(account, origin), did="identity.account.registered", on=account, data={"organisation": row.organisation_id})
    return account
