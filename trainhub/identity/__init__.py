"""Accounts, sign-in, sessions, role grants, API tokens, consent."""
