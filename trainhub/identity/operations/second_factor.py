"""The second factor: a time-based code (RFC 6238) from an app, or a recovery code, each accepted once."""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta

import pyotp
from sqlalchemy import delete, or_, update

from trainhub.identity import queries, rules
from trainhub.identity.models import Account, RecoveryCode
from trainhub.identity.operations._support import AccountRefused, note_handled, token_hash
from trainhub.identity.operations.accounts import check_may_manage, name_hash
from trainhub.identity.operations.own_password import check_own_password
from trainhub.identity.operations.signing_in import count_attempt, open_session
from trainhub.identity.rules import RECOVERY_CODES
from trainhub.identity.types import AccountState
from trainhub.kernel import audit, keys
from trainhub.kernel.access import Identity
from trainhub.kernel.db import lock, session
from trainhub.kernel.i18n import _

STEP_SECONDS = 30
ISSUER = "trainhub"


def start_totp(*, account: Account, password: str, by: Identity) -> str:
    """Make a secret that waits for its first code; asked again before that, a new one. Returns the secret. Raises AccountRefused, PasswordRefused."""
    if account.totp_confirmed_at is not None:
        raise AccountRefused(_("已启用动态验证码。如需更换，请先停用。"))
    check_own_password(account=account, password=password)
    secret = pyotp.random_base32()
    account.totp_secret_encrypted = keys.keyring().encrypt(secret)
    account.totp_last_step = None
    audit.record(by=by, did="identity.totp.started", on=account)
    return secret


def pending_uri(account: Account) -> str | None:
    """The address an app reads from the QR code, while the secret waits for its first code."""
    if account.totp_secret_encrypted is None or account.totp_confirmed_at is not None:
        return None
    return pyotp.TOTP(keys.keyring().decrypt(account.totp_secret_encrypted)).provisioning_uri(name=account.display_name, issuer_name=ISSUER)


def pending_secret(account: Account) -> str:
    """The same secret in groups of four, for an app without a camera."""
    if account.totp_secret_encrypted is None or account.totp_confirmed_at is not None:
        return ""
    secret = keys.keyring().decrypt(account.totp_secret_encrypted)
    return " ".join(secret[n : n + 4] for n in range(0, len(secret), 4))


def renew_recovery_codes(*, account: Account, password: str, by: Identity) -> list[str]:
    """Fresh recovery codes for somebody who used or lost them; one's own password is asked. Returns them, shown once."""
    if account.totp_confirmed_at is None:
        raise AccountRefused(_("请先启用动态验证码。"))
    check_own_password(account=account, password=password)
    return new_recovery_codes(account=account, by=by)


def confirm_totp(*, account: Account, code: str, by: Identity, now: datetime) -> list[str]:
    """Switch the second factor on with the first code; returns recovery codes, shown once. Raises AccountRefused."""
    if account.totp_secret_encrypted is None:
        raise AccountRefused(_("请先扫描二维码。"), field="code")
    if account.totp_confirmed_at is not None:
        raise AccountRefused(_("已启用动态验证码。"), field="code")
    if not _accept_totp(account, code, now):
        raise AccountRefused(_("验证码不正确。请核对手机时间是否准确，并输入当前显示的6位数字。"), field="code", code="code_wrong")
    account.totp_confirmed_at = now
    audit.record(by=by, did="identity.totp.confirmed", on=account)
    return new_recovery_codes(account=account, by=by)


def new_recovery_codes(*, account: Account, by: Identity) -> list[str]:
    """Ten fresh recovery codes instead of all earlier ones."""
    session().execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    codes = [f"{secrets.token_hex(3)}-{secrets.token_hex(3)}" for _n in range(RECOVERY_CODES)]
    session().add_all(RecoveryCode(account_id=account.id, code_hash=token_hash(f"{account.id}:{code}")) for code in codes)
    session().flush()
    audit.record(by=by, did="identity.recovery_codes.made", on=account)
    return codes


def remove_totp(*, account: Account, password: str, by: Identity) -> None:
    """Switch the second factor off; one's own password is asked once more."""
    check_own_password(account=account, password=password)
    _forget(account, by)


def reset_totp(*, account: Account, by: Identity, today: date, now: datetime) -> None:
    """An administrator switches it off for somebody who lost the phone."""
    check_may_manage(account=account, by=by, today=today)
    note_handled(account, by=by, now=now)
    _forget(account, by)


def _forget(account: Account, by: Identity) -> None:
    account.totp_secret_encrypted = account.totp_confirmed_at = account.totp_last_step = None
    session().execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    audit.record(by=by, did="identity.totp.removed", on=account)


def sign_in_by_code(*, account_id: int, code: str, origin: str, agent: str, now: datetime, today: date, since: datetime) -> str | None:
    """The second step of signing in: the session's token, or None for a wrong code, which counts as a failure. The first step, at `since`,
    holds no longer once another password was set. Raises Locked."""
    lock(Account, account_id)  # before the count, in the order of the first step
    account = queries.account(account_id)
    count_attempt(counted_as=name_hash(f"account:{account_id}"), origin=origin, now=now, today=today)
    if account.state is not AccountState.ACTIVE or account.totp_confirmed_at is None:
        return None
    if account.password_set_at is not None and account.password_set_at >= since + timedelta(seconds=1):  # the cookie keeps whole seconds
        return None
    if not (_accept_totp(account, code, now) or _accept_recovery(account, code, now)):
        return None
    return open_session(account=account, origin=origin, agent=agent, now=now, today=today)


def _accept_totp(account: Account, code: str, now: datetime) -> bool:
    """Whether the code is that of this step or a neighbour, and of a later step than the last accepted: a replay is refused."""
    digits = rules.typed_code(code)
    if account.totp_secret_encrypted is None or len(digits) != 6 or not digits.isascii() or not digits.isdigit():
        return False
    totp = pyotp.TOTP(keys.keyring().decrypt(account.totp_secret_encrypted), interval=STEP_SECONDS)
    current = int(now.timestamp()) // STEP_SECONDS
    for step in (current - 1, current, current + 1):
        if secrets.compare_digest(totp.generate_otp(step), digits):
            taken: int = (
                session()
                .execute(
                    update(Account)
                    .where(Account.id == account.id, or_(Account.totp_last_step.is_(None), Account.totp_last_step < step))
                    .values(totp_last_step=step)
                    .execution_options(synchronize_session="fetch")
                )
                .rowcount  # type: ignore[attr-defined]
            )
            return bool(taken)
    return False


def _accept_recovery(account: Account, code: str, now: datetime) -> bool:
    plain = rules.typed_code(code)
    wanted = token_hash(f"{account.id}:{plain[:6]}-{plain[6:]}")  # as it was shown, however it was typed
    taken: int = (
        session()
        .execute(
            update(RecoveryCode)
            .where(RecoveryCode.account_id == account.id, RecoveryCode.code_hash == wanted, RecoveryCode.used_at.is_(None))
            .values(used_at=now)
        )
        .rowcount  # type: ignore[attr-defined]
    )
    return bool(taken)
