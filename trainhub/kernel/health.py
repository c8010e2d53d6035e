"""Is the process alive; are database, migrations and worker in order."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, current_app, jsonify
from sqlalchemy import func, select

from trainhub.kernel import clock
from trainhub.kernel.access import public
from trainhub.kernel.db import session
from trainhub.kernel.jobs import ALIVE, WorkerHeartbeat
from trainhub.kernel.migrations import head, revision_of

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@public
def healthz() -> Any:
    """The process lives."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@public
def readyz() -> Any:
    """200 only when the database answers, is migrated to this version, and a worker was seen in the last 60 s."""
    checks: dict[str, str] = {}
    try:
        at = revision_of(session().connection())
        checks["database"] = "ok"
        checks["migrations"] = "ok" if at == head() else f"database at {at}, code at {head()}: run trainhub init"
        seen = session().scalar(select(func.max(WorkerHeartbeat.seen_at)))
        fresh = seen is not None and clock.now() - seen < ALIVE
        checks["worker"] = "ok" if fresh else "no worker was seen in the last 60 s: start trainhub worker"
    except sa.exc.SQLAlchemyError as error:
        current_app.logger.error("readyz: %s", error)
        checks.setdefault("database", "the database does not answer or has no tables: run trainhub init")
    ready = all(value == "ok" for value in checks.values())
    return jsonify(status="ok" if ready else "not ready", checks=checks), 200 if ready else 503
