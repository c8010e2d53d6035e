"""Deleting what has served its time."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete

from trainhub.identity import queries
from trainhub.identity.models import OneTimeLink, Registration, SignInAttempt, UserSession
from trainhub.kernel.db import session
from trainhub.kernel.forms import FormSubmission
from trainhub.kernel.retention import ended_at


def sweep(*, now: datetime, today: date) -> dict[str, int]:
    """Delete old attempts and form keys, links and registrations past their time, and old sessions (own.retention.sign_in_log_months).

    Sessions and links of somebody under a legal hold, or with an open request about their data, stay.
    """
    kept = ended_at("sign_in_log", now=now, today=today)
    kept_accounts = queries.kept_accounts()
    statements: dict[str, Any] = {
        "attempts": delete(SignInAttempt).where(SignInAttempt.at < now - timedelta(days=1)),
        "submissions": delete(FormSubmission).where(FormSubmission.used_at < now - timedelta(days=7)),
        "links": delete(OneTimeLink).where(OneTimeLink.expires_at < now - timedelta(days=30), OneTimeLink.account_id.not_in(kept_accounts)),
        "registrations": delete(Registration).where(Registration.expires_at < now),
        "sessions": delete(UserSession).where(UserSession.expires_at < kept, UserSession.account_id.not_in(kept_accounts)),
    }
    return {
        name: session().execute(statement.execution_options(synchronize_session=False)).rowcount  # type: ignore[attr-defined]
        for name, statement in statements.items()
    }
