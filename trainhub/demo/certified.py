"""The demo's supervision certificates: the mentors of one university have theirs, drawn from its own template; those of another wait
for a second person."""

from __future__ import annotations

import json
from datetime import date

from trainhub.certificates.models import IssueBatch
from trainhub.certificates.operations import batches, templates
from trainhub.certificates.types import Kind
from trainhub.demo.world import World
from trainhub.kernel.access import Identity
from trainhub.organisations.models import Organisation
from trainhub.oversight.issuing import operations

DRAWN, WAITING, DECIDED = -40, -12, -11
"""Days from the demo's own: when the template was drawn up, when the department prepared the batches, when the first was decided."""
TEMPLATE = "partner_mentor"
TEAL, PALE, DARK = "#2f6f73", "#a3c4c2", "#12454a"
ORNAMENTS = {"border": {"color": TEAL, "light": PALE}, "rosette": {"color": "#e6f0ef"}, "divider": {"color": TEAL}}
TEXTS = {"#9c7a3c": TEAL, "#14304f": DARK}
"""What the university's own layout has instead of the gold and blue of the built-in one."""


def build(world: World) -> None:
    """Two batches from the finished placements of the demo province."""
    first, second = world.universities[0], world.universities[1]
    _template(world, first)
    for university, is_decided in ((first, True), (second, False)):
        batch = _prepared(world, university.id)
        if batch is not None and is_decided:
            _issue(world, batch)


def _template(world: World, university: Organisation) -> None:
    """A layout of the university's own in other colours, drawn up by the department, approved by another, and made its default."""
    drawer, now = _department(world), world.calendar.at(DRAWN)
    row = templates.start(code=TEMPLATE, kind=Kind.MENTOR, owner=university, by=drawer, now=now)
    body = json.loads(row.body)
    for element in body["elements"]:
        element |= ORNAMENTS.get(element["kind"], {})
        element |= {"color": TEXTS[element["color"]]} if element.get("color") in TEXTS else {}
    templates.save(template=row, body=json.dumps(body, ensure_ascii=False), version=row.version, by=drawer)
    templates.submit(template=row, by=drawer, now=now)
    templates.decide(template=row, is_approved=True, reason="版面清楚，可以使用", by=world.by, now=now)
    templates.choose(issuer=university, kind=Kind.MENTOR, template=TEMPLATE, by=drawer, now=now)


def _department(world: World) -> Identity:
    account = world.accounts["province"]
    return Identity(account_id=account.id, person_id=account.person_id, name=account.display_name, grants=())


def _prepared(world: World, university_id: int) -> IssueBatch | None:
    since, today = date(world.day.year - 2, 1, 1), world.calendar.plus(WAITING)
    found = operations.supervisions(university_id=university_id, since=since, until=today, today=today)
    university = next(one for one in world.universities if one.id == university_id)
    if not found:
        return None
    return operations.prepare_supervision(
        persons=[(one.person_id, one.enterprise) for one in found],
        issuer=university,
        since=since,
        until=today,
        title=f"{university.name}企业指导教师证明",
        by=_department(world),
        today=today,
        now=world.calendar.at(WAITING),
    )


def _issue(world: World, batch: IssueBatch) -> None:
    """Decide as another person and issue at once: nothing is left to the jobs."""
    now = world.calendar.at(DECIDED)
    batches.decide(batch=batch, is_approved=True, reason="已与实习记录核对", by=world.by, today=world.calendar.plus(DECIDED), now=now)
    while batches.issue_portion(batch=batch, by=world.by, today=world.calendar.plus(DECIDED), now=now):
        pass
