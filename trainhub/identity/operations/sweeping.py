"""Deleting what has served its time: nothing here is a record of anything."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete

from trainhub.identity.models import OneTimeLink, Registration, SignInAttempt, UserSession
from trainhub.kernel.db import session
from trainhub.kernel.forms import FormSubmission
from trainhub.kernel.retention import ended_at


def sweep(*, now: datetime, today: date) -> dict[str, int]:
    """Delete old attempts and form keys, links and registrations past their time, and old sessions (own.retention.sign_in_log_months)."""
    kept = ended_at("sign_in_log", now=now, today=today)
    statements: dict[str, Any] = {
        "attempts": delete(SignInAttempt).where(SignInAttempt.at < now - timedelta(days=1)),
        "submissions": delete(FormSubmission).where(FormSubmission.used_at < now - timedelta(days=7)),
        "links": delete(OneTimeLink).where(OneTimeLink.expires_at < now - timedelta(days=30)),
        "registrations": delete(Registration).where(Registration.expires_at < now),
        "sessions": delete(UserSession).where(UserSession.expires_at < kept),
    }
    return {
        name: session().execute(statement.execution_options(synchronize_session=False)).rowcount  # type: ignore[attr-defined]
        for name, statement in statements.items()
    }
