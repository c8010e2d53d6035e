"""What placements tell the pages of bases and mentors, which know nothing of placements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import url_for

from enterprises.mentors import queries as mentors
from enterprises.placements import labels, queries
from enterprises.placements.rules.ratings import told
from enterprises.placements.types import EventKind, RaterSide
from trainhub.kernel import ical, site
from trainhub.kernel.access import Identity, who
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import keys_of
from trainhub.policy.book import book


def of_base(base_id: int, identity: Identity, on: date) -> dict[str, Any]:
    """Students placed on a day, the terms hosted, the roster of mentors of its enterprises, what students think of it."""
    roster = mentors.names_at_base(base_id, on)
    return {
        "placed": queries.placed_by_base([base_id], on).get(base_id, 0),
        "hosted": queries.of_base(base_id),
        "mentors": roster,
        "mentors_now": sum(until is None or until >= on for _name, _since, until in roster),
        "ratings": _ratings(base_id, on),
    }


def _ratings(base_id: int, on: date) -> dict[str, Any]:
    """How many students' ratings of a base are told on a day, from how many on (own.reports.small_cell_min), and the mean of each topic."""
    least = book().at("own.reports.small_cell_min", on=on).number
    rows = told(queries.base_ratings(base_id), on=on, least=least)
    topics = labels.RATING_TOPICS[RaterSide.STUDENT]
    marks = {topic: [row.marks[topic] for row in rows if topic in row.marks] for topic in topics}
    return {
        "count": len({row.human for row in rows}),
        "least": least,
        "items": [(label, round(sum(marks[topic]) / len(marks[topic]), 1) if marks[topic] else None) for topic, label in topics.items()],
    }


def evidence_pages(keys: Sequence[str], is_own: bool) -> dict[str, str]:
    """The pages of the placements that a certificate rests on: the holder sees them all, others those in their scope."""
    seen = queries.seen_of(set(keys_of(keys)), None if is_own else who())
    return {str(key): url_for("placements.show", placement_id=key) for key in seen}


def calendar(person_id: int, since: date, until: date) -> list[ical.Event]:
    """A person's placements (as student or mentor) with leave and visits, visits a person makes, and the last days of rounds."""
    home = site.link("")
    found = [
        ical.Event(
            uid=f"placement-{row.id}@trainhub",
            stamp=row.created_at,
            starts=row.starts_on,
            ends=row.ends_on,
            summary=f"{row.enterprise} · {row.title}" if row.is_mine else f"{row.student} · {row.title}",
            url=f"{home}/placements/{row.id}",
            category=_("企业实习"),
        )
        for row in queries.of_person(person_id, since, until)
    ]
    found += [
        ical.Event(
            uid=f"placement-event-{row.id}@trainhub",
            stamp=row.created_at,
            starts=row.since,
            ends=row.until,
            summary=f"{labels.EVENT_KINDS[row.kind]} · {row.student} · {row.enterprise}" + (_("（结束日期待定）") if row.is_open_ended else ""),
            # Feeds are read by other programs and shown to others: why somebody was away, or hurt, is said on the page alone.
            description=row.text if row.kind is EventKind.VISIT else "",
            url=f"{home}/placements/{row.placement_id}/events",
            category=_("企业实习"),
        )
        for row in queries.events_of_person(person_id, since, until)
    ]
    return found + [
        ical.Event(
            uid=f"round-{row.id}@trainhub",
            stamp=row.created_at,
            starts=row.closes_on,
            ends=row.closes_on,
            summary=_("%(title)s：志愿填报截止", title=row.title),
            url=f"{home}/placements/rounds/{row.id}/preferences",
            category=_("企业实习"),
        )
        for row in queries.rounds_of_person(person_id, since, until)
    ]
