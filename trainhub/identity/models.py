"""Accounts, login names, sessions, grants, one-time links, API tokens, consents."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainhub.identity.types import AccountState, Channel, ClaimState, LinkPurpose, LoginKind, RequestKind, RequestState
from trainhub.kernel.access import Role, ScopeKind
from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref
from trainhub.people.models import Person


class Account(Versioned, Base):
    """What a person signs in with; at most one per person. Service accounts have no person."""

    __tablename__ = "account"

    id: Mapped[Key]
    person_id: Mapped[int | None] = mapped_column(ref("person.id"), unique=True)
    display_name: Mapped[str] = mapped_column(sa.String(120))
    state: Mapped[AccountState] = mapped_column(enum_column(AccountState), default=AccountState.INVITED)
    password_hash: Mapped[str] = mapped_column(sa.String(200), default="")
    password_set_at: Mapped[datetime | None]
    totp_secret_encrypted: Mapped[bytes | None]
    totp_confirmed_at: Mapped[datetime | None]
    totp_last_step: Mapped[int | None]
    language: Mapped[str] = mapped_column(sa.String(5), default="zh")
    wants_email: Mapped[bool] = mapped_column(default=True)
    wants_digest: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    reopened_at: Mapped[datetime | None]
    """When an account that had been closed began anew; what was told and asked before is not this time's."""
    last_sign_in_at: Mapped[datetime | None]
    handled_at: Mapped[datetime | None]
    """When somebody who vouches for nobody (`rules.vouches`) last opened the account, made a link into it, or changed by what it is signed in to;
    also when its holder registered alone. None: only a school, an authority or the operator ever did. What follows from it the rooms above say."""
    handled_by_id: Mapped[int | None]
    """The account that did so; None: the holder alone."""

    person: Mapped[Person | None] = relationship(lazy="raise", viewonly=True)


class LoginName(Base):
    """One name an account signs in by. Student numbers are unique only within a university: `scope` holds its code."""

    __tablename__ = "login_name"

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ref("account.id"), index=True)
    kind: Mapped[LoginKind] = mapped_column(enum_column(LoginKind))
    value: Mapped[str] = mapped_column(sa.String(200), index=True)
    scope: Mapped[str] = mapped_column(sa.String(40), default="")
    verified_at: Mapped[datetime | None]

    __table_args__ = (sa.UniqueConstraint("kind", "scope", "value"),)


class UserSession(Base):
    """One signed-in browser: listed, revocable, known only by the hash of its token."""

    __tablename__ = "user_session"

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ref("account.id"), index=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    origin: Mapped[str] = mapped_column(sa.String(64))
    agent: Mapped[str] = mapped_column(sa.String(300), default="")


class RoleGrant(Base):
    """A role of an account over a scope; ended, never deleted."""

    __tablename__ = "role_grant"

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ref("account.id"), index=True)
    role: Mapped[Role] = mapped_column(enum_column(Role))
    scope_kind: Mapped[ScopeKind] = mapped_column(enum_column(ScopeKind))
    organisation_id: Mapped[int | None] = mapped_column(ref("organisation.id"), index=True)
    programme_id: Mapped[int | None] = mapped_column(ref("programme.id"), index=True)
    region_code: Mapped[str | None] = mapped_column(ref("region.code"))
    since: Mapped[date]
    until: Mapped[date | None]
    granted_by_id: Mapped[int | None]
    granted_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        sa.CheckConstraint(
            "(scope_kind = 'everything' AND organisation_id IS NULL AND programme_id IS NULL AND region_code IS NULL)"
            " OR (scope_kind = 'organisation' AND organisation_id IS NOT NULL AND programme_id IS NULL AND region_code IS NULL)"
            " OR (scope_kind = 'programme' AND programme_id IS NOT NULL AND organisation_id IS NULL AND region_code IS NULL)"
            " OR (scope_kind = 'region' AND region_code IS NOT NULL AND organisation_id IS NULL AND programme_id IS NULL)",
            name="scope_whole",
        ),
    )


class SignInAttempt(Base):
    """Failures of the last hours, by name and by address: what lockout and rate limits count, on every machine alike.

    A row is written before the password is checked and deleted by a success, so that parallel guesses are all counted.
    `name_hash` is keyed, of `account:<id>` where the name is known and of `name:<text>` where it is not.
    """

    __tablename__ = "sign_in_attempt"

    id: Mapped[Key]
    name_hash: Mapped[str] = mapped_column(sa.String(64), index=True)
    origin: Mapped[str] = mapped_column(sa.String(64), index=True)
    at: Mapped[datetime] = mapped_column(index=True)


class PasswordHistory(Base):
    """Earlier passwords, hashed, so that they do not return (own.password.history)."""

    __tablename__ = "password_history"

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ref("account.id"), index=True)
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    set_at: Mapped[datetime]


class RecoveryCode(Base):
    """A code that replaces the second factor once; known only by its hash."""

    __tablename__ = "recovery_code"

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ref("account.id"), index=True)
    code_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    used_at: Mapped[datetime | None]


class Registration(Base):
    """Somebody who registers and has not yet confirmed the code; swept when it expires."""

    __tablename__ = "registration"

    id: Mapped[Key]
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    organisation_id: Mapped[int] = mapped_column(ref("organisation.id"))
    name: Mapped[str] = mapped_column(sa.String(120))
    id_type: Mapped[str] = mapped_column(sa.String(40), default="")
    id_number_encrypted: Mapped[bytes | None]
    birth_on: Mapped[date | None]
    channel: Mapped[Channel] = mapped_column(enum_column(Channel))
    address: Mapped[str] = mapped_column(sa.String(200))
    username: Mapped[str] = mapped_column(sa.String(60))
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    guardian_name: Mapped[str] = mapped_column(sa.String(60), default="")
    guardian_phone: Mapped[str] = mapped_column(sa.String(40), default="")
    notice_version: Mapped[str] = mapped_column(sa.String(20))
    code_hash: Mapped[str] = mapped_column(sa.String(64))
    tries_left: Mapped[int]
    sent_count: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    code_expires_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    done_at: Mapped[datetime | None]

    __table_args__ = (sa.CheckConstraint("tries_left >= 0", name="tries_left_not_negative"),)


class OneTimeLink(Base):
    """An invitation or a reset: expires, works once, known only by its hash."""

    __tablename__ = "one_time_link"

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ref("account.id"), index=True)
    purpose: Mapped[LinkPurpose] = mapped_column(enum_column(LinkPurpose))
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    address: Mapped[str] = mapped_column(sa.String(200), default="")
    made_by_id: Mapped[int | None]
    """The account that made it; its own: somebody typed one of its names at “forgotten password”. None: the operator, or nobody kept it."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ApiToken(Base):
    """A token of the HTTP API with scopes; shown once, known only by its hash."""

    __tablename__ = "api_token"

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ref("account.id"), index=True)
    label: Mapped[str] = mapped_column(sa.String(100))
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Consent(Base):
    """Which version of the privacy notice a person agreed to, and when; a guardian agrees for a child below 14 (PIPL)."""

    __tablename__ = "consent"

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ref("account.id"), index=True)
    notice_version: Mapped[str] = mapped_column(sa.String(20))
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    guardian_name: Mapped[str] = mapped_column(sa.String(60), default="")
    guardian_phone: Mapped[str] = mapped_column(sa.String(40), default="")


class NumberClaim(Base):
    """A number of a document that the holder of an account said of themselves: its keyed hash and mask, never the number.

    It waits until whoever holds the roster, or an office, says whether both are one human (`operations.claims`). One is kept for each number said,
    whether anybody stands under it or not: what the holder sees tells nothing of others.
    """

    __tablename__ = "number_claim"

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ref("account.id"))
    id_type: Mapped[str] = mapped_column(sa.String(40))
    number_hash: Mapped[str] = mapped_column(sa.String(64), index=True)
    id_mask: Mapped[str] = mapped_column(sa.String(40))
    state: Mapped[ClaimState] = mapped_column(enum_column(ClaimState), default=ClaimState.OPEN)
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None]
    reason: Mapped[str] = mapped_column(sa.String(400), default="")
    """How who confirmed it knows the holder, or why it was refused: the holder reads it."""

    before: Mapped[dict[str, Any] | None]
    """What of the holder's row followed from no number when they said this one (`people.operations.facts_of_number`); None: not known. What the number says of
    birth and gender is no word of the holder's."""

    __table_args__ = (sa.UniqueConstraint("account_id", "number_hash"), sa.Index("ix_number_claim_open", "state", "id"))


class DataRequest(Base):
    """A person's request about their own data; a legal hold explains what must be kept."""

    __tablename__ = "data_request"

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ref("account.id"), index=True)
    kind: Mapped[RequestKind] = mapped_column(enum_column(RequestKind))
    state: Mapped[RequestState] = mapped_column(enum_column(RequestState), default=RequestState.OPEN)
    text: Mapped[str] = mapped_column(sa.Text)
    answer: Mapped[str] = mapped_column(sa.Text, default="")
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None]
    closed_account: Mapped[bool] = mapped_column(default=False)
    """Whether granting it closed the accounts of who asked."""
