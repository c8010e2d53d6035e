"""The calendar: a month, the list under it, and the feed for other calendars."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, current_app, render_template, request, url_for

from courses.agenda import labels, operations, queries, rules
from courses.agenda.types import Item, ItemKind
from courses.learning.places import me
from courses.permissions import Can
from trainhub.identity.queries import accounts
from trainhub.identity.types import AccountState
from trainhub.kernel import clock, ical, site
from trainhub.kernel.access import guard, public
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _, in_language
from trainhub.kernel.web import done

blueprint = Blueprint("agenda", __name__)
FEED_DAYS_BACK, FEED_DAYS_AHEAD = 60, 400


@blueprint.get("/learning/calendar")
@guard(Can.ENROLMENT_LIST)
def month() -> Any:
    """A month as a grid, and everything of it as a list."""
    today = clock.today()
    year, number = rules.month_asked(request.args.get("month", ""), today)
    weeks = rules.weeks_of(year, number)
    person_id = me().person_id or 0
    found = [*queries.items(person_id, since=weeks[0][0], until=weeks[-1][-1], now=clock.now()), *_elsewhere(person_id, weeks[0][0], weeks[-1][-1])]
    before, after = rules.shifted(year, number, -1), rules.shifted(year, number, 1)
    feed = queries.feed_of(person_id)
    address = url_for("agenda.feed", secret=operations.secret_of(feed)) if feed is not None else ""
    return render_template(
        "courses/agenda/month.html",
        year=year,
        number=number,
        weeks=weeks,
        days=rules.by_day(found, clock.SHANGHAI),
        today=today,
        before=f"{before[0]}-{before[1]:02d}",
        after=f"{after[0]}-{after[1]:02d}",
        has_feed=bool(address),
        feed=site.link(address) if address else "",
        labels=labels,
    )


def _elsewhere(person_id: int, since: date, until: date) -> list[Item]:
    """What other rooms have in a person's calendar, on the day on which it begins (or the first day that is shown)."""
    events = [one for source in current_app.extensions.get(ical.SOURCES, []) for one in source(person_id, since, until)]
    return [
        Item(
            uid=one.uid,
            kind=ItemKind.ELSEWHERE,
            title=one.summary,
            course=one.category,
            starts_at=datetime.combine(max(one.starts, since), time(), clock.SHANGHAI) if not isinstance(one.starts, datetime) else one.starts,
            ends_at=None,
            is_whole_day=not isinstance(one.starts, datetime),
            url=urlsplit(one.url).path,
        )
        for one in events
    ]


@blueprint.post("/learning/calendar/feed")
@guard(Can.ENROLMENT_LIST)
def renew() -> Any:
    """Make the secret address of the feed, renew it, or throw it away."""
    person_id = me().person_id
    if person_id is None:
        raise Refused(_("你的账户没有关联个人信息，没有可订阅的日历。"))
    with transaction():
        if request.form.get("stop"):
            operations.stop(person_id=person_id, by=me())
            message = _("订阅地址已停用。")
        else:
            operations.renew(person_id=person_id, by=me(), now=clock.now())
            message = _("订阅地址已生成；旧地址立即失效。")
    return done(message, "agenda.month", _anchor="feed")


@blueprint.get("/calendar/<secret>.ics")
@public
def feed(secret: str) -> Response:
    """The feed: whoever knows the secret address reads it, and nothing else."""
    row = queries.feed_by_secret(secret) if len(secret) <= 64 else None
    held = accounts.accounts_of_persons([row.person_id]) if row is not None else {}  # of two persons who were merged the one in use
    if row is None or not held:
        abort(404)
    account = accounts.account(held[row.person_id])
    if account.state is not AccountState.ACTIVE:
        abort(404)
    today = clock.today()
    since, until = today - timedelta(days=FEED_DAYS_BACK), today + timedelta(days=FEED_DAYS_AHEAD)
    with in_language(account.language):  # what it still waits for is worded when it is found
        found = queries.items(row.person_id, since=since, until=until, now=clock.now())
        more = [event for source in current_app.extensions.get(ical.SOURCES, []) for event in source(row.person_id, since, until)]
        text = ical.calendar(_("我的课程日历"), [*(_event(item) for item in found), *more])
    answer = Response(text, mimetype="text/calendar")
    answer.headers["Cache-Control"] = "private, max-age=900"
    return answer


def _event(item: Item) -> ical.Event:
    summary = f"{labels.KINDS[item.kind]}：{item.title}"
    day = clock.local(item.starts_at).date()
    return ical.Event(
        uid=f"{item.uid}@trainhub",
        stamp=item.starts_at,
        starts=day if item.is_whole_day else item.starts_at,
        ends=day if item.is_whole_day else item.ends_at,
        summary=summary,
        description="\n".join((item.course, *([_("尚未开放：%(why)s", why="；".join(item.waits))] if item.waits else ()))),
        url=site.link(item.url),
        category=str(labels.KINDS[item.kind]),
        sequence=item.sequence,
    )
