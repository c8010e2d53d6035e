"""An account is closed for good."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, update

from trainhub.identity.models import Account, Consent, OneTimeLink, PasswordHistory, RecoveryCode
from trainhub.identity.operations._support import AccountRefused
from trainhub.identity.operations.accounts import check_may_manage, left_over, revoke_sessions
from trainhub.identity.types import AccountState
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _, format_date
from trainhub.people import queries as persons


def close_account(*, account: Account, by: Identity, now: datetime) -> None:
    """Close an account for good: its names, password, second factor, sessions, tokens and roles go.

    The row stays without them, so that the audit log and the records keep saying who acted (own.retention.*). While a legal hold
    stands on the person nothing of it may go: refused, naming the hold.
    """
    check_may_manage(account=account, by=by, today=local(now).date())
    if by.account_id is not None and by.account_id == account.id:
        raise AccountRefused(_("不能注销自己的账号，请由另一位管理员操作。"))
    session().flush()
    session().refresh(account, with_for_update={"of": Account})  # a role or a name that is given at the same moment comes before, or finds it closed
    if account.state is AccountState.DELETED:
        return
    _check_not_held(account)
    revoke_sessions(account_id=account.id, by=by, now=now)
    for statement in (
        *left_over(account.id, now),
        update(OneTimeLink).where(OneTimeLink.account_id == account.id).values(address=""),
        update(Consent).where(Consent.account_id == account.id).values(guardian_phone=""),  # who consented is proof (own.retention.guardian_consent)
        delete(PasswordHistory).where(PasswordHistory.account_id == account.id),
        delete(RecoveryCode).where(RecoveryCode.account_id == account.id),
    ):
        session().execute(statement.execution_options(synchronize_session="fetch"))
    account.password_hash, account.password_set_at = "", None
    account.totp_secret_encrypted = account.totp_confirmed_at = account.totp_last_step = None
    account.wants_email, account.state = False, AccountState.DELETED
    session().flush()
    audit.record(by=by, did="identity.account.closed", on=account)


def _check_not_held(account: Account) -> None:
    holds = persons.standing_holds(account.person_id) if account.person_id is not None else []
    if holds:
        raise AccountRefused(
            _(
                "法定保全期间不能注销账号：%(reason)s（%(since)s 起）。请不勾选注销，在答复中写明保全期间不能删除；保全解除后可再注销。",
                reason=holds[0].reason,
                since=format_date(holds[0].placed_at),
            ),
            field="closes_account",
            code="held",
        )
