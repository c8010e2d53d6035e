"""Telling somebody that their telephone or e-mail was changed: where they were reached until then, and among their news.

Links that make a new password go to these addresses, so a change that its holder did not ask for has to reach the holder, not only whoever made it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from trainhub.identity import queries
from trainhub.identity.delivery import News, deliver, tell
from trainhub.identity.models import Account
from trainhub.identity.types import AccountState, Channel
from trainhub.kernel.access import Identity
from trainhub.kernel.i18n import N_, _, format_datetime, in_language
from trainhub.people import rules
from trainhub.people.models import Person

PAGE = "/account"
CHANNELS = {"email": Channel.EMAIL, "phone": Channel.SMS}
CHANGED = {
    "email": N_("你登记的邮箱已由 %(old)s 改为 %(new)s。不是你本人提出的，请联系所在单位的管理员。"),
    "phone": N_("你登记的手机号已由 %(old)s 改为 %(new)s。不是你本人提出的，请联系所在单位的管理员。"),
}
"""What the holder is told; the addresses are masked, as on every page."""
NEW = {
    "email": N_("你登记的邮箱已改为 %(new)s。不是你本人提出的，请联系所在单位的管理员。"),
    "phone": N_("你登记的手机号已改为 %(new)s。不是你本人提出的，请联系所在单位的管理员。"),
}
GONE = {
    "email": N_("你登记的邮箱 %(old)s 已删除。不是你本人提出的，请联系所在单位的管理员。"),
    "phone": N_("你登记的手机号 %(old)s 已删除。不是你本人提出的，请联系所在单位的管理员。"),
}
MASKS = {"email": rules.mask_email, "phone": rules.mask_phone}


def tell_of_change(person: Person, before: Mapping[str, Any], _by: Identity, now: datetime) -> None:
    """Tell the holder of an account, at the old address and in the product, that their telephone or e-mail is another one; see
    `people.types.CHANGED`.

    Whoever made the change, the holder included: it may have been somebody at their open browser.
    """
    if not CHANNELS.keys() & before.keys():
        return
    account_id = queries.accounts_of_persons([person.id]).get(person.id)
    account = queries.account(account_id) if account_id is not None else None
    if account is None or account.state is AccountState.DELETED:
        return
    for field in CHANNELS:
        if field in before:
            _tell(account, person, field, before[field], now)


def _tell(account: Account, person: Person, field: str, old: str, now: datetime) -> None:
    new, mask = getattr(person, field), MASKS[field]
    values = {"old": mask(old), "new": mask(new)}
    message = (CHANGED if old and new else NEW if new else GONE)[field]
    key = f"address:{person.id}:{field}:{person.version}"
    tell(News(account.id, "identity.address", message, PAGE, key, values=values), now=now)
    with in_language(account.language):
        text = _(
            "%(name)s，你好：\n\n%(changed)s\n\n变更时间：%(at)s。这封信发到原来的地址，供你核对。",
            name=account.display_name,
            at=format_datetime(now),
            changed=_(message, **values),
        )
        deliver(CHANNELS[field], to=old, subject=_("你登记的联系方式已变更"), text=text, now=now)
