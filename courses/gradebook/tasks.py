"""What happens by itself: totals that may have changed are handed down to learning, final grades go into training plans."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

import structlog

from courses.catalogue.models import Run
from courses.gradebook import feed_queries, queries
from courses.gradebook.models import Gradebook
from courses.gradebook.operations import feeding, grades, sheets
from courses.learning import intakes
from courses.learning import queries as learners
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.jobs import Running
from trainhub.kernel.made_tables import Made

log = structlog.get_logger("courses.gradebook")
HAND_DOWN = "courses.hand_down_marks"
FEED = "courses.feed_plans"
AT_ONCE = 200
MOST = 20_000
"""A tick takes no more; the next goes on."""


def workbook(run: Run, _chosen: Mapping[str, str]) -> Made:
    """The whole gradebook of a run with very many learners."""
    columns, rows = sheets.lines(_book(run.id))
    return Made(columns, rows, run.taken, codes=["student_no"])


def take_table(given: intakes.Given, progress: intakes.Progress) -> int:
    """A table of grades with very many lines: checked, then written in one transaction. Raises what `sheets.take` raises."""
    book = _book(given.run_id)
    wanted = sheets.check(book=book, file=given.file, filename=given.name, by=given.by, progress=progress)
    session().rollback()
    with transaction():
        reason = given.chosen.get("reason", "")
        return sheets.write(book=_book(given.run_id), wanted=wanted, filename=given.name, reason=reason, by=given.by, now=given.now)


def _book(run_id: int) -> Gradebook:
    book = queries.book_of(run_id)
    if book is None:
        raise NotFound(_("这期课程还没有建立成绩册。"))
    return book


def hand_down_marks(running: Running) -> Mapping[str, Any]:
    """Compute due totals, two hundred to a transaction. Safe to repeat: a total that is handed down is not due."""
    done = 0
    while done < MOST:
        due = learners.marks_due(AT_ONCE)
        session().rollback()
        if not due:
            break
        for run_id, pairs in groupby(due, key=lambda pair: pair[0]):
            with transaction():
                grades.hand_down(run_id=run_id, enrolment_ids=[key for _run, key in pairs], by=SYSTEM, now=clock.now())
        done += len(due)
    return {"totals": done}


def feed_plans(running: Running) -> Mapping[str, Any]:
    """Take the final grades of every run that feeds a training plan, a transaction each. Safe to repeat: only differences are written."""
    keys = feed_queries.every_feed()
    session().rollback()
    marks = conclusions = 0
    for key in keys:
        try:
            with transaction():
                feed = feed_queries.feed(key)
                if feed is not None:
                    taken = feeding.take(feed=feed, by=SYSTEM, today=clock.today(), now=clock.now())
                    marks, conclusions = marks + taken[0], conclusions + taken[1]
        except Refused as refused:  # its course, part or feed was changed or taken away at this moment: the next tick finds what stands
            log.info("feed_refused", feed=key, why=refused.code)
    return {"feeds": len(keys), "marks": marks, "conclusions": conclusions}
