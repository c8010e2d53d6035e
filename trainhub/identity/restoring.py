"""What a restore does with ways in: those of the archive end, and what was taken from accounts since is named.

An archive remembers doors that were shut after it was made. A link that was used would set a password once more for whoever has the old mail; a session
or a token that was ended would work again. All of them are short-lived or quickly made anew, so all end. A password, a role and a closing are no doors
that can be shut unseen: what changed since is named for the operator, as far as the database that was replaced knew it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update

from trainhub.identity.models import ApiToken, OneTimeLink, UserSession
from trainhub.identity.queries import standing
from trainhub.identity.queries.standing import Known, Standing
from trainhub.kernel import audit, clock
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session

look = standing.accounts_as_they_stand


def put(seen: Known | None, by: Identity) -> Mapping[str, Any]:
    """End every session, token and link of the archive, and say which accounts were changed since (`seen`: as they stood)."""
    now = clock.now()
    told = {
        "sessions": _end(UserSession, (UserSession.revoked_at.is_(None), UserSession.expires_at > now), "revoked_at", now),
        "tokens": _end(ApiToken, (ApiToken.revoked_at.is_(None),), "revoked_at", now),
        "links": _end(OneTimeLink, (OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > now), "expires_at", now),
    }
    audit.record(by=by, did="identity.session.revoked", on=("instance", "all"), data=told)
    return {**told, "changed_since": _changed(seen or {}, look())}


def _end(table: type[UserSession | ApiToken | OneTimeLink], live: tuple[Any, ...], column: str, now: datetime) -> int:
    statement = update(table).where(*live).values({column: now}).execution_options(synchronize_session=False)
    ended: int = session().execute(statement).rowcount  # type: ignore[attr-defined]
    return ended


def _named(was: Standing, now: Standing) -> dict[str, list[str]]:
    """Which roles and names to sign in by have to be ended, given, taken away and added again; a kind with nothing is left out."""
    named = {
        "end": sorted({str(grant[0]) for grant in was.ended & now.held}),
        "give": sorted({str(grant[0]) for grant in was.held - now.held}),
        "remove_logins": sorted(value for _kind, _scope, value in now.logins - was.logins),
        "add_logins": sorted(value for _kind, _scope, value in was.logins - now.logins),
    }
    return {name: values for name, values in named.items() if values}


def _changed(seen: Known, restored: Known) -> list[dict[str, Any]]:
    """`grants`: a role was ended since, and holds again; `grants_given`: one given since is gone; `logins_removed`: a name taken away since signs in
    again; `logins_added`: a new one does not; `second_factor`: it was begun, changed or ended since."""
    found = []
    for key, was in sorted(seen.items()):
        now = restored.get(key)
        if now is None:
            found.append({"account": key, "name": was.name, "changed": ["made"]})
            continue
        changes = {
            "state": now.state != was.state,
            "password": now.password_set_at != was.password_set_at,
            "second_factor": now.second_factor_at != was.second_factor_at,
            "grants": bool(was.ended & now.held),
            "grants_given": bool(was.held - now.held),
            "logins_removed": bool(now.logins - was.logins),
            "logins_added": bool(was.logins - now.logins),
        }
        if what := [name for name, is_so in changes.items() if is_so]:
            found.append({"account": key, "name": was.name, "changed": what, **_named(was, now)})
    return found
