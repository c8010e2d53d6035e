"""Questions about accounts, sessions and grants. Every select of the feature stands in this package."""

from trainhub.identity.queries.accounts import (
    account,
    account_of_person,
    accounts_holding,
    accounts_of_persons,
    email_of,
    login_name,
    login_names,
    names_typed,
    password_history,
)
from trainhub.identity.queries.acting import Known, by_api_token, by_session, identity_of, unread_counter
from trainhub.identity.queries.grants import GrantRow, active, grants_of, same_grant, stored_grants, subject_of_account, subject_of_scope
from trainhub.identity.queries.security import api_tokens, failures_from, failures_of, last_attempt, link, links_since, open_sessions, recovery_codes_left

__all__ = [
    "GrantRow",
    "Known",
    "account",
    "account_of_person",
    "accounts_holding",
    "accounts_of_persons",
    "active",
    "api_tokens",
    "by_api_token",
    "by_session",
    "email_of",
    "failures_from",
    "failures_of",
    "grants_of",
    "identity_of",
    "last_attempt",
    "link",
    "links_since",
    "login_name",
    "login_names",
    "names_typed",
    "open_sessions",
    "password_history",
    "recovery_codes_left",
    "same_grant",
    "stored_grants",
    "subject_of_account",
    "subject_of_scope",
    "unread_counter",
]
