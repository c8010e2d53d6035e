"""What a capstone that ends leaves behind: requests and places are taken back, and who would have waited for it is told."""

from __future__ import annotations

from datetime import datetime

from enterprises.capstones import queries, scheduling
from enterprises.capstones.models import Capstone, DefenceGroup, DefenceSlot
from enterprises.capstones.operations._support import tell
from enterprises.capstones.operations.grading import relieve_third
from enterprises.capstones.operations.judging import withdraw_review
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_

TOLD_NOT_HEARD = N_("毕业设计“%(title)s”不再答辩，原定 %(day)s %(time)s（%(room)s）的这一场取消，同组其他学生照常")


def call_off(capstone: Capstone, now: datetime) -> dict[str, list[int]]:
    """Take back what was asked for and is not answered: reviews, the third grade, the place in a timetable, links. Signed reviews and records stay.

    Reviewers, whoever was to give a third grade, and of a place that was published the panel and its secretary are told; student and supervisors are
    told by whoever ends it.
    """
    reviews = [row for row, _name in queries.reviews_of(capstone.id) if row.signed_at is None and row.cancelled_at is None]
    slots = [(slot, group) for slot, group in queries.slots_of(capstone.id) if slot.recorded_at is None]
    links = [row for row, _name in queries.links_of(capstone.id) if row.used_at is None and row.revoked_at is None]
    told = {"reviews": [row.id for row in reviews], "defences": [slot.group_id for slot, _group in slots], "links": [row.id for row in links]}
    for review in reviews:
        withdraw_review(review, now)
    for slot, group in slots:
        give_back(capstone, slot, group, now)
    for link in links:
        link.revoked_at = now
    relieve_third(capstone, now)
    session().flush()
    return told


def give_back(capstone: Capstone, slot: DefenceSlot, group: DefenceGroup, now: datetime) -> None:
    """Give a place in a timetable back; once that is published, panel and secretary are told."""
    if group.published_at is not None:
        _tell_panel(capstone, slot, group, now)
    session().delete(slot)


def _tell_panel(capstone: Capstone, slot: DefenceSlot, group: DefenceGroup, now: datetime) -> None:
    tell(
        person_ids=[group.secretary_id, *(member.person_id for member, _name in queries.members_of_group(group.id))],
        kind="capstones.defence",
        message=TOLD_NOT_HEARD,
        values={
            "title": queries.title_of(capstone),
            "day": group.on.isoformat(),
            "time": scheduling.clock_of(slot.starts_minute),
            "room": group.room,
        },
        url="/capstones/tasks",
        unique_key=f"capstones.defence:ended:{capstone.id}:{group.id}",
        now=now,
    )
