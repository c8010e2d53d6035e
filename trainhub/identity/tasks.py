"""Background work of accounts: opening those of a list, sweeping what has served its time, erasing personal data when their period is over."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from trainhub.identity import groups, queries
from trainhub.identity import operations as ops
from trainhub.identity.groups import Why
from trainhub.kernel import clock
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.jobs import Running

STEP = 10
"""After how many accounts the progress is told."""


def sweep(_running: Running) -> Mapping[str, Any]:
    """Delete attempts, used form keys, dead links, sessions and unfinished registrations past their time."""
    with transaction():
        return ops.sweep(now=clock.now(), today=clock.today())


def forget(running: Running) -> Mapping[str, Any]:
    """Erase personal data whose period is over (own.retention.*), each portion in its own transaction; how many of each kind."""
    counts = {}
    for number, (name, verb) in enumerate(ops.FORGETTING.items(), start=1):
        after, counts[name] = 0, 0
        while True:
            with transaction():
                found = verb(now=clock.now(), today=clock.today(), after=after)
            if not found:
                break
            after, counts[name] = found[-1], counts[name] + len(found)
        running.progress(number, len(ops.FORGETTING))
    return counts


def open_accounts(running: Running) -> Mapping[str, Any]:
    """Open the accounts of a list for whoever asked, as far as they may do it at the time."""
    group = groups.group(running.args["kind"], running.args["group"])
    by = queries.identity_of(running.asked_by_id or 0, today=clock.today(), origin=running.origin)
    return open_listed(group, Role(running.args["role"]), by=by, tell=running.progress, only=running.args.get("only"))


def open_listed(
    group: groups.Group, role: Role, *, by: Identity, tell: Callable[[int, int], None], only: Collection[int] | None = None
) -> dict[str, Any]:
    """Open what is missing, each account in its own transaction: killed half-way it goes on where it stopped, and a repeat changes nothing.
    `only`: these persons of the list alone.

    Who has an account already is given the role where it is missing. `opened`, `invited` (of these by e-mail), `had_account`, `granted` (of these the role), `left` (graduated or gone), `not_opened` (for another reason the list shows), `refused` (meanwhile, by somebody else).
    """
    ops.check_may_open(group, role, by=by)
    members = ops.members_of(group, today=clock.today())
    if only is not None:
        members = [one for one in members if one.listed.person_id in set(only)]
    session().rollback()  # what was read keeps no transaction open while each is opened in its own
    due, lacking = [one for one in members if one.is_due], [one for one in members if one.lacks_role]
    total = len(due) + len(lacking)
    counts = {"members": len(members), "opened": 0, "invited": 0, "granted": 0, "had_account": sum(one.account_id is not None for one in members)}
    refused: list[dict[str, str]] = []
    for number, one in enumerate(due):
        if number % STEP == 0:
            tell(number, total)
        try:
            with transaction():
                ops.open_member(group, one.listed, role=role, by=by, today=clock.today(), now=clock.now())
        except Refused as why:
            if why.code == "account_exists":
                counts["had_account"] += 1  # somebody else opened it since the list was read
            else:
                refused.append({"name": one.listed.name, "key": one.listed.key, "reason": why.message})
            continue
        counts["opened"] += 1
        counts["invited"] += bool(one.email) and ops.reaches_by_mail()
    for number, one in enumerate(lacking, start=len(due)):
        if number % STEP == 0:
            tell(number, total)
        try:
            with transaction():
                ops.give_role(group, one, role=role, by=by, today=clock.today(), now=clock.now())
        except Refused as why:
            refused.append({"name": one.listed.name, "key": one.listed.key, "reason": why.message})
            continue
        counts["granted"] += 1
    tell(total, total)
    left = sum(one.why is Why.LEFT for one in members)
    return {**counts, "left": left, "not_opened": sum(one.why is not None for one in members) - left + len(refused), "refused": refused}
