"""Attempts, links, sessions, tokens: what guards the way in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select

from trainhub.identity.models import ApiToken, OneTimeLink, RecoveryCode, SignInAttempt, UserSession
from trainhub.identity.types import LinkPurpose
from trainhub.kernel.db import session


def failures_of(name_hash: str, count: int) -> list[datetime]:
    """When the last `count` attempts by this name were made, newest first."""
    return list(
        session().scalars(
            select(SignInAttempt.at)
            .where(SignInAttempt.name_hash == name_hash)
            .order_by(SignInAttempt.at.desc(), SignInAttempt.id.desc())
            .limit(count)
        )
    )


def failures_from(origin: str, since: datetime) -> int:
    """How many attempts from an address failed since an instant."""
    return session().scalar(select(func.count()).select_from(SignInAttempt).where(SignInAttempt.origin == origin, SignInAttempt.at > since)) or 0


def link(token_hash: str, purposes: Iterable[LinkPurpose]) -> OneTimeLink | None:
    """The one-time link with this hash, also when it expired or was used."""
    return session().scalar(select(OneTimeLink).where(OneTimeLink.token_hash == token_hash, OneTimeLink.purpose.in_(list(purposes))))


def live_links(account_id: int, now: datetime) -> list[OneTimeLink]:
    """The links that still open an account, the newest first: one that an administrator made, and one that was asked for meanwhile."""
    living = (OneTimeLink.account_id == account_id, OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > now)
    return list(session().scalars(select(OneTimeLink).where(*living).order_by(OneTimeLink.id.desc())))


def links_since(account_id: int, purpose: LinkPurpose, since: datetime) -> int:
    """How many links an account got since an instant."""
    return (
        session().scalar(
            select(func.count())
            .select_from(OneTimeLink)
            .where(OneTimeLink.account_id == account_id, OneTimeLink.purpose == purpose, OneTimeLink.created_at > since)
        )
        or 0
    )


def is_session_of(account_id: int, session_id: int) -> bool:
    """Whether a session is or was this account's."""
    return session().scalar(select(UserSession.id).where(UserSession.id == session_id, UserSession.account_id == account_id)) is not None


def open_sessions(account_id: int, now: datetime) -> list[UserSession]:
    """Sessions that still let somebody in, newest first."""
    return list(
        session().scalars(
            select(UserSession)
            .where(UserSession.account_id == account_id, UserSession.revoked_at.is_(None), UserSession.expires_at > now)
            .order_by(UserSession.id.desc())
        )
    )


def api_tokens(account_id: int) -> list[ApiToken]:
    """All API tokens of an account, newest first."""
    return list(session().scalars(select(ApiToken).where(ApiToken.account_id == account_id).order_by(ApiToken.id.desc())))


def recovery_codes_left(account_id: int) -> int:
    """How many recovery codes are unused."""
    return (
        session().scalar(select(func.count()).select_from(RecoveryCode).where(RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None)))
        or 0
    )


def last_attempt(name_hash: str) -> int | None:
    """The newest attempt by this name."""
    return session().scalar(
        select(SignInAttempt.id).where(SignInAttempt.name_hash == name_hash).order_by(SignInAttempt.at.desc(), SignInAttempt.id.desc()).limit(1)
    )
