"""Verbs of accounts, roles, sign-in, links, tokens and privacy."""

from trainhub.identity.operations._support import AccountRefused, GrantRefused, LinkRefused, Locked, PasswordRefused
from trainhub.identity.operations.accounts import (
    add_login,
    change_password,
    check_may_manage,
    create_account,
    disable,
    enable,
    remove_login,
    revoke_session,
    revoke_sessions,
    set_password,
    set_preferences,
    unlock,
)
from trainhub.identity.operations.grants import end_grant, grant_role, scope_kind
from trainhub.identity.operations.privacy import give_consent
from trainhub.identity.operations.signing_in import Attempt, SignedIn, finish_sign_in, open_session, sign_out, start_sign_in

__all__ = [
    "AccountRefused",
    "Attempt",
    "GrantRefused",
    "LinkRefused",
    "Locked",
    "PasswordRefused",
    "SignedIn",
    "add_login",
    "change_password",
    "check_may_manage",
    "create_account",
    "disable",
    "enable",
    "end_grant",
    "finish_sign_in",
    "give_consent",
    "grant_role",
    "open_session",
    "remove_login",
    "revoke_session",
    "revoke_sessions",
    "scope_kind",
    "set_password",
    "set_preferences",
    "sign_out",
    "start_sign_in",
    "unlock",
]
