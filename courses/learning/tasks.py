"""What happens by itself: quizzes whose time is over are handed in, answers go when their period is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from courses.assessment import queries as assessment
from courses.assessment.operations import attempts, quizzes, retaining
from courses.assessment.rules import GRACE
from courses.catalogue import queries as catalogue
from courses.catalogue.models import Run
from courses.catalogue.operations import judging
from courses.catalogue.types import BlockKind
from courses.learning import exports, intakes, operations, queries, seat_queries, tables
from courses.learning.operations import enrolling
from courses.learning.types import Counted
from trainhub.kernel import clock, files
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session, transaction
from trainhub.kernel.each import each
from trainhub.kernel.errors import Refused
from trainhub.kernel.jobs import Running
from trainhub.kernel.made_tables import KEPT, Made

log = structlog.get_logger("courses.learning")
CLOSE_OVERDUE = "courses.close_overdue"
FORGET = "courses.forget"
SETTLE = "courses.settle_merged"
CERTIFY = "courses.certify"
CLOSE_WAITING = "courses.close_waiting"
PROMOTE = enrolling.PROMOTE
PROMOTE_LEFT = "courses.promote_left"
JUDGE = judging.TASK
AT_ONCE = 100
CLOSED_AT_ONCE = 1000
"""So many attempts are looked up at once."""
CLOSING = timedelta(minutes=5)
"""A tick hands in for no longer: other work of its worker has its turn."""


def close_overdue(running: Running) -> Mapping[str, Any]:
    """Hand in every attempt whose time is over, each in its own transaction, for as long as `CLOSING`: the next tick goes on.

    What fails is passed over, so that it holds nobody up, and is tried again by the next tick; the first failure is raised at the end.
    """
    started, closed = clock.now(), 0
    failed: Exception | None = None
    after: tuple[datetime, int] | None = None
    while rows := assessment.overdue(started - GRACE, limit=CLOSED_AT_ONCE, after=after):
        session().rollback()
        after = rows[-1]
        try:
            each([key for _due_at, key in rows], _close, of=CLOSE_OVERDUE)
        except Exception as error:
            failed = failed or error
        closed += len(rows)
        running.progress(closed, closed)
        if clock.now() - started >= CLOSING:
            break
    session().rollback()
    if failed is not None:
        raise failed
    return {"closed": closed}


def _close(attempt_id: int) -> None:
    now = clock.now()
    row, is_first = attempts.submit(attempt_id=attempt_id, by=SYSTEM, now=now)
    enrolment = queries.enrolment_of(row.block.run_id, row.person_id)
    if is_first and enrolment is not None:
        operations.note_attempt(enrolment=enrolment, attempt=row, by=SYSTEM, now=now)


def certify(running: Running) -> Mapping[str, Any]:
    """Ask once more for the certificates of completions that were refused one (a counter at its end, a clock), each in its own transaction.

    How many were issued, and how many are refused still. Safe to repeat.
    """
    issued = refused = after = 0
    while rows := queries.completed_after(after, AT_ONCE):
        after, due = rows[-1].id, operations.uncertified(rows)
        session().rollback()
        for enrolment_id in due:
            try:
                with transaction():
                    (enrolment,) = queries.enrolments_by_id([enrolment_id])
                    run = catalogue.runs_by_id([enrolment.run_id])[enrolment.run_id]
                    operations.ask_certificate(enrolment=enrolment, run=run, by=SYSTEM, now=clock.now())
                    issued += 1
            except Refused:
                session().rollback()
                refused += 1
    session().rollback()
    return {"issued": issued, "refused": refused}


def judge_anew(running: Running) -> Mapping[str, Any]:
    """Judge who learns in a run anew after its content, what it asks or its groups changed. Safe to repeat; the completed stay completed.

    What counts of several attempts at a quiz, and when those end that have no end, follows its rules too. Where the run was made to count for the
    goal, completions of before are recorded; one that the ledger refuses (`refused`) keeps nobody else from being judged or recorded.
    """
    run_id = int(running.args["run_id"])
    with transaction():
        quizzes.give_ends(blocks=[one for one in catalogue.blocks_of_run(run_id) if one.kind is BlockKind.QUIZ], now=clock.now())
    ids, rest = seat_queries.learning_ids(run_id), seat_queries.unrecorded_ids(run_id) if running.args.get(judging.RECORDS) else []
    total = len(ids) + len(rest)
    for start in range(0, len(ids), AT_ONCE):
        session().rollback()
        with transaction():
            now = clock.now()
            place, changed_at = _shared(run_id, now), judging.latest_change(run_id, running.args)
            some = queries.enrolments_by_id(ids[start : start + AT_ONCE])
            operations.recount(run_id=run_id, enrolments=some, now=now)
            for enrolment in some:
                operations.evaluate(enrolment=enrolment, by=SYSTEM, now=now, place=place, changed_at=changed_at)
        running.progress(min(start + AT_ONCE, len(ids)), total)
    recorded = refused = 0
    session().rollback()
    for start in range(0, len(rest), AT_ONCE):
        new, not_taken = _record(run_id, rest[start : start + AT_ONCE])
        recorded, refused = recorded + new, refused + not_taken
        running.progress(len(ids) + min(start + AT_ONCE, len(rest)), total)
    return {"learners": len(ids), "recorded": recorded, "refused": refused}


def _record(run_id: int, due: Sequence[int]) -> tuple[int, int]:
    """Record the trainings of completions of before the run counted for the goal, each in its own transaction.

    How many were new (not: who has no county, or is recorded already, such as by a roster), and how many the ledger refuses.
    """
    took: Counter[bool | None] = Counter()

    def record(enrolment_id: int) -> None:
        (enrolment,) = queries.enrolments_by_id([enrolment_id])
        run = catalogue.runs_by_id([run_id])[run_id]
        try:
            took[operations.record_training(enrolment, run, SYSTEM, clock.now())] += 1
        except Refused as refused:  # before it wrote anything: the organisation says that it teaches the course since a later day
            log.info("training_refused", enrolment=enrolment_id, why=refused.code)
            refusals.append(enrolment_id)

    refusals: list[int] = []
    each(due, record, of=f"{JUDGE}.records")
    return took[True], len(refusals)


def _shared(run_id: int, now: datetime) -> tuple[Run, list[Counted]] | None:
    """The run and what counts in it, read once for many; None where parts are for groups: then each learner has an outline of their own."""
    run, outline = catalogue.run_by_id(run_id), catalogue.outline(run_id, only_published=True)
    return None if run is None or any(part.access for part in outline.parts) else (run, queries.counted(outline, now))


def make_table(running: Running) -> Mapping[str, Any]:
    """Make one workbook that somebody asked for."""
    run = catalogue.run_by_id(int(running.args["run_id"]))
    return tables.make(running, run, clock.now()) if run is not None else {}


def workbook(run: Run, chosen: Mapping[str, str]) -> Made:
    """Very many learners as their list was narrowed and sorted."""
    return exports.whole(exports.statement(run.id, chosen))


def forget(_running: Running) -> Mapping[str, Any]:
    """Erase answers whose period is over, and tables that were kept long enough; running it twice changes nothing."""
    with transaction():
        answers = retaining.forget_answers(today=clock.today())
        digests = tables.forget(clock.now())
        digests += files.forget((intakes.KIND,), before=clock.now() - KEPT)
    files.erase(digests)
    session().rollback()
    return {"answers": answers, "tables": len(digests)}


def close_waiting(_running: Running) -> Mapping[str, Any]:
    """End the waiting for runs that are over, and tell who waited, each run in its own transaction. Safe to repeat."""
    ids = seat_queries.outlived(clock.today())
    session().rollback()

    def close(run_id: int) -> None:
        operations.close_waiting(run_id=run_id, by=SYSTEM, now=clock.now())

    return {"runs": each(ids, close, of=CLOSE_WAITING)}


def promote(running: Running) -> Mapping[str, Any]:
    """Give the seats that are free to those who wait, some to a transaction; in between others enrol and leave. Safe to repeat."""
    run_id, count = int(running.args["run_id"]), 0
    while True:
        with transaction():
            some = operations.promote(run_id=run_id, by=SYSTEM, now=clock.now(), is_job=True)
            left = seat_queries.to_be_promoted(run_id)
        count += len(some)
        running.progress(count, count + left)
        if not some or not left:
            return {"promoted": count}


def promote_left(_running: Running) -> Mapping[str, Any]:
    """Promote where somebody waits beside a free seat, as after a job that failed for good, each run in its own transaction. Safe to repeat."""
    ids = seat_queries.runs_to_promote()
    session().rollback()

    def one(run_id: int) -> None:
        operations.promote(run_id=run_id, by=SYSTEM, now=clock.now())

    return {"runs": each(ids, one, of=PROMOTE_LEFT)}


def settle_merged(_running: Running) -> Mapping[str, Any]:
    """Leave one open enrolment a run to every human whose persons were merged; running it twice changes nothing."""
    with transaction():
        return {"withdrawn": len(operations.settle_merged(by=SYSTEM, now=clock.now()))}
