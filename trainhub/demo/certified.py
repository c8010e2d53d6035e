"""The demo's supervision certificates: the mentors of one university have theirs, those of another wait for a second person."""

from __future__ import annotations

from datetime import date

from trainhub.certificates.models import IssueBatch
from trainhub.certificates.operations import batches
from trainhub.demo.world import World
from trainhub.kernel.access import Identity
from trainhub.oversight.issuing import operations

WAITING, DECIDED = -12, -11
"""Days from the demo's own: when the department prepared the batches, when the first was decided."""


def build(world: World) -> None:
    """Two batches from the finished placements of the demo province."""
    first, second = world.universities[0], world.universities[1]
    for university, is_decided in ((first, True), (second, False)):
        batch = _prepared(world, university.id)
        if batch is not None and is_decided:
            _issue(world, batch)


def _prepared(world: World, university_id: int) -> IssueBatch | None:
    since, today = date(world.day.year - 2, 1, 1), world.calendar.plus(WAITING)
    found = operations.supervisions(university_id=university_id, since=since, until=today, today=today)
    university = next(one for one in world.universities if one.id == university_id)
    account = world.accounts["province"]
    if not found:
        return None
    return operations.prepare_supervision(
        persons=[(one.person_id, one.enterprise) for one in found],
        issuer=university,
        since=since,
        until=today,
        title=f"{university.name}企业指导教师证明",
        by=Identity(account_id=account.id, person_id=account.person_id, name=account.display_name, grants=()),
        today=today,
        now=world.calendar.at(WAITING),
    )


def _issue(world: World, batch: IssueBatch) -> None:
    """Decide as another person and issue at once: nothing is left to the jobs."""
    now = world.calendar.at(DECIDED)
    batches.decide(batch=batch, is_approved=True, reason="已与实习记录核对", by=world.by, now=now)
    while batches.issue_portion(batch=batch, by=world.by, today=world.calendar.plus(DECIDED), now=now):
        pass
