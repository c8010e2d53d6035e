"""API tokens: made with scopes, shown once, known only by their hash, narrowed to what the account itself may."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from flask import current_app
from sqlalchemy import update

from trainhub.identity import queries
from trainhub.identity.delivery import News, deliver, tell
from trainhub.identity.models import Account, ApiToken
from trainhub.identity.operations._support import AccountRefused, number, token_hash
from trainhub.identity.types import Channel
from trainhub.kernel import audit
from trainhub.kernel.access import Identity, permission_table
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import N_, _, in_language, listed

MADE = N_("你的账号新建了接口令牌“%(label)s”，持有它的程序能以你的身份访问接口。不是你本人办理的，请立即撤销它并修改密码。")
PAGE = "/account/tokens"


def known_scopes() -> list[str]:
    """What a token may be narrowed to: each room as a whole (`people:`), and each permission."""
    names = [str(name) for name in permission_table(current_app)]
    return sorted({f"{name.split(':', 1)[0]}:" for name in names}) + names


def make_token(*, account: Account, label: str, scopes: Iterable[str], days: int, by: Identity, now: datetime, today: date) -> tuple[ApiToken, str]:
    """A token for programs; returns the row and the token itself, which is shown once. Raises AccountRefused."""
    wanted = sorted(set(scopes))
    if by.token_scopes is not None:
        raise AccountRefused(_("令牌不能用来新建令牌，请在网页上登录后新建。"))
    if not label.strip():
        raise AccountRefused(_("请写明令牌的用途，便于以后辨认。"), field="label")
    unknown = set(wanted) - set(known_scopes())
    if unknown or not wanted:
        raise AccountRefused(
            _("请至少选择一项权限范围。") if not wanted else _("没有这些权限范围：%(names)s", names=listed(sorted(unknown))), field="scopes"
        )
    longest = number("own.token.days_max", today)
    if not 1 <= days <= longest:
        raise AccountRefused(_("有效期应为1至%(n)d天。", n=longest), field="days")
    token = "th_" + secrets.token_urlsafe(32)
    row = ApiToken(
        account_id=account.id,
        label=label.strip()[:100],
        token_hash=token_hash(token),
        scopes=wanted,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="identity.token.made", on=row, data={"account": account.id, "scopes": wanted, "days": days})
    return row, token


def make_own_token(
    *, account: Account, label: str, scopes: Iterable[str], days: int, by: Identity, now: datetime, today: date
) -> tuple[ApiToken, str]:
    """`make_token` by the holder, who is told of it among their news and by e-mail: whoever has their open browser and password would read on for
    months with it. Raises AccountRefused."""
    row, token = make_token(account=account, label=label, scopes=scopes, days=days, by=by, now=now, today=today)
    with in_language(account.language):
        subject = _("新建了接口令牌")
        text = "\n\n".join((_("%(name)s，你好：", name=account.display_name), _(MADE, label=row.label)))
    is_mailed = deliver(Channel.EMAIL, to=queries.email_of(account.id), subject=subject, text=text, now=now)
    tell(News(account.id, "identity.token", MADE, PAGE, f"token:{row.id}", is_mailed=is_mailed, values={"label": row.label}), now=now)
    return row, token


def revoke_token(*, account_id: int, token_id: int, by: Identity, now: datetime) -> None:
    """End a token of an account; one that ended before changes nothing. Raises NotFound where the account has no such token."""
    if all(row.id != token_id for row in queries.api_tokens(account_id)):
        raise NotFound(_("没有这个令牌，没有撤销任何令牌。请在你的令牌列表中选择。"))
    ended: int = (
        session()
        .execute(
            update(ApiToken).where(ApiToken.id == token_id, ApiToken.account_id == account_id, ApiToken.revoked_at.is_(None)).values(revoked_at=now)
        )
        .rowcount  # type: ignore[attr-defined]
    )
    if ended:
        audit.record(by=by, did="identity.token.revoked", on=("api_token", token_id))
