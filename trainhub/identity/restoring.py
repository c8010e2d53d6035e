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
from trainhub.identity.queries.standing import Known
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


def _changed(seen: Known, restored: Known) -> list[dict[str, Any]]:
    found = []
    for key, (name, state, set_at, ended) in sorted(seen.items()):
        known = restored.get(key)
        what = ["made"] if known is None else []
        if known is not None:
            what += ["state"] * (known[1] != state) + ["password"] * (known[2] != set_at) + ["grants"] * bool(ended - known[3])
        if what:
            found.append({"account": key, "name": name, "changed": what})
    return found
