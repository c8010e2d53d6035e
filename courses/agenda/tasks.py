"""What happens by itself: who has a seat hears that a live session was moved or cancelled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from courses.catalogue import authoring_queries as authored
from courses.catalogue import live_queries, rules
from courses.catalogue import queries as catalogue
from courses.catalogue.models import Block
from courses.catalogue.operations import live
from courses.learning import seat_queries
from trainhub.identity.queries import accounts
from trainhub.kernel import clock
from trainhub.kernel.db import session, transaction
from trainhub.kernel.i18n import N_
from trainhub.kernel.jobs import Running
from trainhub.notifications import operations as notifications
from trainhub.people import queries as people

AT_ONCE = 500


def tell_live(running: Running) -> Mapping[str, Any]:
    """Tell who has a seat, and is not kept out of it by groups, so many to a transaction. Safe to repeat: nobody is told twice.

    Nothing to tell where the session is shown and begins when learners know it to, or is cancelled as they know.
    """
    args = running.args
    run_id, block_id, was = int(args["run_id"]), int(args["block_id"]), (str(args["was"][0]), str(args["was"][1]))
    present, run, block = live_queries.shown(run_id).get(block_id), catalogue.run_by_id(run_id), session().get(Block, block_id)
    is_cancelled = live.was_cancelled(args)
    if run is None or block is None or (present is None if is_cancelled else present is not None and live.begins(present) == live.begins(was)):
        return {"told": 0, live.CANCELLED: is_cancelled and present is None}
    access, title, told = live_queries.access_of(block_id), block.title or run.title, 0
    groups = authored.group_keys_by_human([run_id]) if any(access) else {}
    persons = seat_queries.seated_persons(run_id)
    values = {"title": title, "course": run.title, "was": _at(was[0])} | ({"at": _at(present[0])} if present else {})
    message = (
        N_("直播课《%(title)s》（%(course)s）照常举行，%(at)s 开始。此前的取消通知作废。")
        if is_cancelled
        else N_("直播课《%(title)s》（%(course)s）改为 %(at)s 开始，原定 %(was)s。")
        if present
        else N_("直播课《%(title)s》（%(course)s）原定 %(was)s，现已取消。")
    )
    url = f"/learning/runs/{run_id}/units/{block.unit_id}#block-{block_id}" if present else "/learning/calendar"
    for start in range(0, len(persons), AT_ONCE):
        session().rollback()
        with transaction():
            some = sorted(seat_queries.seated_among(run_id, persons[start : start + AT_ONCE]))
            if any(access):
                humans = people.humans_of(some)
                some = [one for one in some if not rules.is_foreign(access, groups.get((run_id, humans[one]), set()))]
            told += notifications.notify(
                account_ids=accounts.accounts_of_persons(some).values(),
                kind="courses.live_moved",
                message=message,
                values=values,
                url=url,
                unique_key=f"live:{block_id}:{args['at']}",
                now=clock.now(),
            )
        running.progress(min(start + AT_ONCE, len(persons)), len(persons))
    return {"told": told, live.CANCELLED: present is None}


def _at(text: str) -> str:
    return f"{clock.local(datetime.fromisoformat(text)):%Y-%m-%d %H:%M}"
