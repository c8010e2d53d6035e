"""What a restore does with ways in: those of the archive end, and what was taken from accounts since is named.

An archive remembers doors that were shut after it was made. A link that was used would set a password once more for whoever has the old mail; a session
or a token that was ended would work again. All of them are short-lived or quickly made anew, so all end. A password, a role and a closing are no doors
that can be shut unseen: what changed since is named for the operator, as far as the database that was replaced knew it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update

from trainhub.identity.models import ApiToken, OneTimeLink, UserSession
from trainhub.identity.queries import standing
from trainhub.identity.queries.standing import Known, Standing
from trainhub.kernel import audit, clock
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session


def look() -> Known:
    """The accounts as they stand today."""
    return standing.accounts_as_they_stand(clock.today())


def put(seen: Known | None, by: Identity, now: datetime) -> Mapping[str, Any]:
    """End every session, token and link of the archive, and say which accounts were changed since (`seen`: as they stood)."""
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


def _named(was: Standing, now: Standing | None) -> dict[str, list[dict[str, str]]]:
    """Which roles (with the code of their scope) and names to sign in by (with their kind; of a student number the school's code) have to be ended, given,
    taken away and added again; a kind with nothing is left out. Names are whole: once the replaced database is gone nobody else knows them."""
    held, logins = (now.held, now.logins) if now is not None else (frozenset(), frozenset())
    there = now.scopes if now is not None else {}

    def grants(chosen: Iterable[tuple[object, ...]]) -> list[dict[str, str]]:
        told = {(str(grant[0]), was.scopes.get(grant) or there.get(grant, "")) for grant in chosen}
        return [{"role": role, "scope": scope} for role, scope in sorted(told)]

    def names(chosen: Iterable[tuple[str, str, str]]) -> list[dict[str, str]]:
        return [{"kind": kind, "scope": scope, "value": value} for kind, scope, value in sorted(chosen)]

    named = {
        "end": grants(was.ended & held),
        "give": grants(was.held - held),
        "remove_logins": names(logins - was.logins),
        "add_logins": names(was.logins - logins),
    }
    return {name: values for name, values in named.items() if values}


def _changed(seen: Known, restored: Known) -> list[dict[str, Any]]:
    """`grants`: a role was ended since, and holds again; `grants_given`: one given since is gone; `logins_removed`: a name taken away since signs in
    again; `logins_added`: a new one does not; `second_factor`: it was begun, changed or ended since."""
    found = []
    for key, was in sorted(seen.items()):
        now = restored.get(key)
        if now is None:
            found.append({"account": key, "name": was.name, "changed": ["made"], **_named(was, None)})
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
