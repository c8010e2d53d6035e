"""An account that others had a way into becomes its holder's alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from trainhub.identity import passwords
from trainhub.identity.models import Account
from trainhub.identity.operations._support import PasswordRefused
from trainhub.identity.operations.accounts import remove_login, revoke_sessions, set_password
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _


def own_alone(*, account: Account, password: str, foreign: Iterable[int] = (), by: Identity, now: datetime) -> None:
    """Leave nobody but the holder who is signed in a way into the account: a new password, the names to sign in by that are somebody else's
    (`foreign`, ids) removed, every other session, every link and every token ended.

    Raises PasswordRefused, also for the password it has; AccountRefused where no name to sign in by would be left.
    """
    if passwords.is_password(account.password_hash, password):
        raise PasswordRefused(_("请设置一个新密码：替你开通账号的人可能知道现在的密码。"), field="password", code="password_repeated")
    for login_id in sorted(set(foreign)):
        remove_login(account=account, login_id=login_id, by=by)
        session().flush()
    set_password(account=account, password=password, by=by, now=now)  # which ends every link and every token
    revoke_sessions(account_id=account.id, by=by, now=now, keep_session_id=by.session_id)
    audit.record(by=by, did="identity.account.owned", on=account, data={"removed": sorted(set(foreign))})
