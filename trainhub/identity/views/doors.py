"""Where the pages of a person lead: to their account, or to the form that opens one."""

from __future__ import annotations

from flask import url_for

from trainhub.identity import queries
from trainhub.identity.operations import may_open
from trainhub.identity.permissions import Can
from trainhub.identity.types import AccountState
from trainhub.kernel import clock
from trainhub.kernel.access import Identity, may
from trainhub.kernel.i18n import _
from trainhub.people import queries as people
from trainhub.people.models import Person


def door(person: Person, identity: Identity) -> tuple[str, str, str] | None:
    """Where the pages of a person lead: to their account, or to the form that opens one; None for whom neither is theirs."""
    if person.merged_into_id is not None or person.id == identity.person_id or not may(identity, Can.ACCOUNT_VIEW, people.subject_to_invite(person)):
        return None
    account = queries.account_of_person(person.id)
    if account is None or account.state is AccountState.DELETED:
        if may(identity, Can.ACCOUNT_CREATE) and may_open(person, identity, today=clock.today()):
            return (_("开通账号") if account is None else _("重新开通账号")), url_for("accounts.new", person=person.id), "key"
        if account is None:
            return None
    if not may(identity, Can.ACCOUNT_VIEW, queries.subject_of_account(account.id, today=clock.today())):
        return None
    label = _("账号（登录的邮箱或手机号与登记的不同）") if queries.kinds_beside(account.id, person) else _("账号")
    return label, url_for("accounts.show", account_id=account.id), "key"
