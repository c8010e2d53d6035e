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
from trainhub.identity.operations.links import ask_reset, invite, open_link, reset_link, use_link
from trainhub.identity.operations.opening import NewAccount, open_account
from trainhub.identity.operations.privacy import ask_about_data, close_account, decide_request, give_consent, withdraw_consent
from trainhub.identity.operations.registration import Tried, Wish, register, registration, send_again, try_code
from trainhub.identity.operations.retaining import FORGETTING
from trainhub.identity.operations.second_factor import (
    confirm_totp,
    new_recovery_codes,
    pending_secret,
    pending_uri,
    remove_totp,
    renew_recovery_codes,
    reset_totp,
    sign_in_by_code,
    start_totp,
)
from trainhub.identity.operations.signing_in import Attempt, SignedIn, failures_now, finish_sign_in, open_session, sign_out, start_sign_in
from trainhub.identity.operations.sweeping import sweep
from trainhub.identity.operations.tokens import known_scopes, make_token, revoke_token

__all__ = [
    "FORGETTING",
    "AccountRefused",
    "Attempt",
    "GrantRefused",
    "LinkRefused",
    "Locked",
    "NewAccount",
    "PasswordRefused",
    "SignedIn",
    "Tried",
    "Wish",
    "add_login",
    "ask_about_data",
    "ask_reset",
    "change_password",
    "check_may_manage",
    "close_account",
    "confirm_totp",
    "create_account",
    "decide_request",
    "disable",
    "enable",
    "end_grant",
    "failures_now",
    "finish_sign_in",
    "give_consent",
    "grant_role",
    "invite",
    "known_scopes",
    "make_token",
    "new_recovery_codes",
    "open_account",
    "open_link",
    "open_session",
    "pending_secret",
    "pending_uri",
    "register",
    "registration",
    "remove_login",
    "remove_totp",
    "renew_recovery_codes",
    "reset_link",
    "reset_totp",
    "revoke_session",
    "revoke_sessions",
    "revoke_token",
    "scope_kind",
    "send_again",
    "set_password",
    "set_preferences",
    "sign_in_by_code",
    "sign_out",
    "start_sign_in",
    "start_totp",
    "sweep",
    "try_code",
    "unlock",
    "use_link",
    "withdraw_consent",
]
