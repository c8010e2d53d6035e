"""An administrator opens an account for a person: the account, its first role and its invitation in one piece."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from trainhub.identity import rules
from trainhub.identity.models import Account, LoginName
from trainhub.identity.operations._support import AccountRefused, GrantRefused
from trainhub.identity.operations.accounts import add_login, check_may_manage, create_account
from trainhub.identity.operations.grants import grant_role
from trainhub.identity.operations.heading import is_closed_elsewhere
from trainhub.identity.operations.links import invite
from trainhub.identity.types import LoginKind
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.i18n import _
from trainhub.people import operations as people
from trainhub.people.models import Person


@dataclass(frozen=True, slots=True)
class NewAccount:
    """Who gets an account, by what they sign in, and the first role over one scope."""

    role: Role
    name: str = ""
    username: str = ""
    email: str = ""
    phone: str = ""
    organisation_id: int | None = None
    programme_id: int | None = None
    region_code: str | None = None
    since: date | None = None
    until: date | None = None
    student_numbers: tuple[tuple[str, str], ...] = ()
    """(student number, code of the university) by which a student signs in."""
    names_itself: bool = False
    """Whether it is enough that the holder chooses a user name when the invitation is used (`links.use_link`)."""


def open_account(*, wish: NewAccount, person: Person | None, by: Identity, today: date, now: datetime) -> tuple[Account, str]:
    """Open an account and invite its holder; without a known person a new one is registered by name.

    Returns the account and the invitation's link, shown once. Raises AccountRefused, GrantRefused (no account remains
    without a role that `by` may give).
    """
    _check_names(wish)
    if person is None:
        if not wish.name.strip():
            raise AccountRefused(_("请填写姓名。"), field="name")
        person = people.register_person(name=wish.name, by=by, now=now, email=wish.email, phone=wish.phone)
    account = prepare_account(wish=wish, person=person, by=by, today=today, now=now)
    return account, invite(account=account, by=by, today=today, now=now)


def _check_names(wish: NewAccount) -> None:
    if not (wish.username or wish.email or wish.phone or wish.student_numbers or wish.names_itself):
        raise AccountRefused(_("请至少填写用户名、邮箱、手机号中的一项，用于登录。"), field="username")


def prepare_account(*, wish: NewAccount, person: Person, by: Identity, today: date, now: datetime) -> Account:
    """The account with its names and first role, not invited yet. Raises AccountRefused, GrantRefused."""
    _check_names(wish)
    if is_closed_elsewhere(person, by, today=today):
        said = _("%(name)s以前有过账号，由其他单位负责，不能由你的单位重新开通。请联系省人社厅或系统管理员。", name=person.name)
        raise GrantRefused(said, code="belongs_elsewhere")
    logins = [(kind, value, "") for kind, value in ((LoginKind.EMAIL, wish.email), (LoginKind.PHONE, wish.phone)) if value]
    logins += [(LoginKind.STUDENT_NO, number, code) for number, code in wish.student_numbers]
    account = create_account(person=person, display_name=person.name, by=by, now=now, username=wish.username or None, logins=logins)
    grant_role(
        account=account,
        role=wish.role,
        by=by,
        today=today,
        now=now,
        organisation_id=wish.organisation_id,
        programme_id=wish.programme_id,
        region_code=wish.region_code,
        since=wish.since,
        until=wish.until,
    )
    return account


def numbers_to_add(numbers: Iterable[tuple[str, str]], logins: Iterable[LoginName]) -> list[tuple[str, str]]:
    """Which of the numbers the account does not sign in by yet."""
    known = {(one.value, one.scope) for one in logins if one.kind is LoginKind.STUDENT_NO}
    return [pair for pair in numbers if tuple(rules.normalise_login(LoginKind.STUDENT_NO, part) for part in pair) not in known]


def add_student_numbers(*, account: Account, numbers: Iterable[tuple[str, str]], by: Identity, today: date, now: datetime) -> None:
    """Let the account of a student sign in by the numbers of their studies; what it has already stays. Raises AccountRefused, GrantRefused."""
    check_may_manage(account=account, by=by, today=today)
    for number, code in numbers:
        add_login(account=account, kind=LoginKind.STUDENT_NO, value=number, scope=code, by=by, now=now)
