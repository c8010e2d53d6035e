"""Accounts for everybody of a list, and the role for who has one: each in a piece of its own, so that one who is refused stops nobody, and a repeat opens what is left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from trainhub.identity import queries, rules
from trainhub.identity.delivery import reaches_by_mail
from trainhub.identity.groups import Group, Listed, source
from trainhub.identity.models import Account
from trainhub.identity.operations._support import AccountRefused, GrantRefused
from trainhub.identity.operations.accounts import add_login, unmanageable
from trainhub.identity.operations.grants import check_may_give, grant_role
from trainhub.identity.operations.links import send_invitation
from trainhub.identity.operations.opening import NewAccount, numbers_to_add, prepare_account
from trainhub.identity.permissions import Can
from trainhub.identity.types import AccountState, LoginKind
from trainhub.kernel import jobs, site
from trainhub.kernel.access import ROLE_LABELS, SYSTEM, Identity, Role, may
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_, _, say
from trainhub.people import queries as people

TASK = "identity.open_accounts"
MOST_SLIPS = 1000
"""Places of a list whose links are made at once, for one sheet."""


@dataclass(frozen=True, slots=True, repr=False)
class Slip:
    """What is handed to somebody without an address: a link that opens the account once. Never stored readable."""

    name: str
    key: str
    sign_in: str
    link: str
    until: datetime


def check_may_open(group: Group, role: Role, *, by: Identity) -> None:
    """Refuse with words who may not open accounts of this group, or not in this role. Raises GrantRefused."""
    is_operator = by is SYSTEM or by.account_id is None
    if role not in group.roles:
        raise GrantRefused(_("这份名单不能以这个角色开通账号。"), field="role", code="role_wrong")
    if not is_operator and not may(by, Can.ACCOUNT_OPEN, group.subject):
        raise GrantRefused(_("这份名单不在你负责的单位或专业之内，不能为其开通账号。请联系负责它的单位。"), code="above_own_scope")
    check_may_give(by, role, organisation_id=group.organisation_id, programme_id=group.programme_id)


def members_of(group: Group, *, today: date) -> list[queries.Member]:
    """Everybody of the list with their account, or why none is opened."""
    return queries.members(group, source(group.kind).members(group, today), today=today)


def ask_to_open(group: Group, role: Role, *, by: Identity, only: Collection[int] | None = None) -> jobs.Job:
    """Queue the opening of a whole list, or of those persons of it who were ticked (`only`); asked twice it is done once, and what was opened before
    stays as it is. Who asks while a job of the list waits adds to it: those who were ticked by each, or everybody. Raises GrantRefused; AccountRefused where nobody is
    ticked, or where the job that waits gives another role."""
    check_may_open(group, role, by=by)
    if only is not None and not only:
        raise AccountRefused(_("没有勾选任何人。请勾选要开通的人，或选择开通全部。"), field="person", code="nobody_chosen")
    title = say(N_("为%(title)s开通账号"), title=group.title)
    more: dict[str, Any] = {} if only is None else {"only": sorted(set(only))}
    job = jobs.ask_anew(TASK, by=by, title=title, unique_key=job_key(group), kind=group.kind, group=group.id, role=role.value, **more)
    asked = dict(job.args)
    if asked["role"] != role.value:
        said = _("这份名单正等待以“%(role)s”角色开通，完成后再以其他角色开通。", role=ROLE_LABELS[Role(asked["role"])])
        raise AccountRefused(said, field="role", code="another_role_waits")
    if "only" in asked:  # of a job that waits: what this one asks for is done by it, too
        ticked = asked.pop("only")
        job.args = asked if only is None else {**asked, "only": sorted({*ticked, *only})}
        session().flush()
    return job


def job_key(group: Group) -> str:
    """Under which the work on a list is known."""
    return f"identity.open:{group.kind}:{group.id}"


def open_member(group: Group, one: Listed, *, role: Role, by: Identity, today: date, now: datetime) -> Account:
    """Open the account of somebody of a list: the names they sign in by, the role over the group's scope; who has an address is invited.

    Who has none gets a link when the slips are made. Raises AccountRefused when the account or one of the names is there by now, GrantRefused.
    """
    check_may_open(group, role, by=by)
    person = people.person(one.person_id)
    assert person is not None
    phone = one.phone if rules.phone_is_plausible(one.phone) else ""
    wish = NewAccount(
        role=role,
        email=one.email,
        phone=phone,
        organisation_id=group.organisation_id,
        programme_id=group.programme_id,
        student_numbers=one.numbers,
        names_itself=one.names_itself,
    )
    account = prepare_account(wish=wish, person=person, by=by, today=today, now=now)
    if one.email and reaches_by_mail():
        send_invitation(account=account, by=by, now=now)
    return account


def give_role(group: Group, one: queries.Member, *, role: Role, by: Identity, today: date, now: datetime) -> None:
    """Give somebody of a list who has an account already the role over the group's scope, and the numbers a student signs in by; nothing else of the
    account changes, and nobody gets a link to it. Raises GrantRefused, AccountRefused when it was closed meanwhile."""
    check_may_open(group, role, by=by)
    account = queries.account(one.account_id or 0)
    grant_role(account=account, role=role, by=by, today=today, now=now, organisation_id=group.organisation_id, programme_id=group.programme_id)
    if role is not Role.STUDENT:
        return
    for number, code in numbers_to_add(one.listed.numbers, queries.login_names(account.id)):
        try:
            add_login(account=account, kind=LoginKind.STUDENT_NO, value=number, scope=code, by=by, now=now)
        except AccountRefused as taken:
            if taken.code != "login_taken":
                raise


def sheets(waiting: Collection[queries.Member], members: Sequence[queries.Member]) -> list[tuple[int, int, int, int]]:
    """The sheets that hold somebody who waits: number from 0, first and last place from 1, how many wait there. A sheet is the same part of the list however many use
    their account meanwhile, so that nobody falls between two of them."""
    chosen = {id(one) for one in waiting}
    counts = Counter(place // MOST_SLIPS for place, one in enumerate(members) if id(one) in chosen)
    return [(number, number * MOST_SLIPS + 1, min((number + 1) * MOST_SLIPS, len(members)), counts[number]) for number in sorted(counts)]


def make_slips(
    group: Group,
    *,
    everybody: bool,
    sheet: int | None = None,
    by: Identity,
    today: date,
    now: datetime,
    only: Collection[int] | None = None,
) -> Iterator[Slip]:
    """New links for those of a list, of one sheet of it, or of `only` these persons, who have not used their account, without an address or `everybody`: earlier links end.

    Whom `by` may not manage is left out: their link would be a way up, or into what another school keeps. Raises GrantRefused, site.NoAddress.
    """
    check_may_open(group, group.roles[0], by=by)
    site.address()
    members = members_of(group, today=today)
    part = members if sheet is None else members[sheet * MOST_SLIPS : (sheet + 1) * MOST_SLIPS]
    chosen = [one for one in waiting(part, everybody=everybody) if only is None or one.listed.person_id in only]
    accounts = queries.accounts_by_id(one.account_id for one in chosen if one.account_id is not None)
    refused = unmanageable(list(accounts.values()), by=by, today=today)
    for one in chosen:
        account = accounts[one.account_id or 0]
        if account.state is not AccountState.INVITED or account.id in refused:
            continue
        link = send_invitation(account=account, by=by, now=now)
        yield Slip(one.listed.name, one.listed.key, _sign_in(one), link, now + timedelta(days=rules.LINK_DAYS_INVITATION))


def waiting(members: list[queries.Member], *, everybody: bool) -> list[queries.Member]:
    """Those with an account that nobody used yet: all, or only who cannot be reached by e-mail. Who left or is not theirs alone gets no link."""
    by_mail = reaches_by_mail()
    return [one for one in members if one.is_waiting and one.listed.why is None and (everybody or not (one.email and by_mail))]


def _sign_in(one: queries.Member) -> str:
    """By what the holder signs in later; with the university's code, which is needed where two schools use one number."""
    numbers = [f"{code}/{number}" for number, code in one.listed.numbers]
    return (numbers or [one.listed.email or one.listed.phone])[0] or _("设置密码时自己取的用户名")
