"""What happens by itself: reviews are given out when work is due, filled when somebody leaves, and end in the queue of the staff."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from courses.assignments.models import Assignment
from courses.assignments.operations import holding, lateness, peers, releasing, sheets, telling
from courses.assignments.queries import lateness as late
from courses.assignments.queries import work
from courses.catalogue import queries as catalogue
from courses.catalogue.models import Run
from courses.learning import intakes
from courses.learning.tables import PART
from trainhub.identity.queries import identity_of
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.kernel.db import portions, session, transaction
from trainhub.kernel.downloads import codes_of
from trainhub.kernel.each import each
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.kernel.jobs import Running
from trainhub.kernel.made_tables import Made
from trainhub.kernel.numbers import is_key

TEND_PEERS = "courses.tend_peer_review"


def _assignment(run: Run, chosen: Mapping[str, str]) -> Assignment:
    """The assignment that the address of a table names."""
    asked = chosen.get(PART, "")
    found = work.assignment_of(int(asked)) if is_key(asked) else None
    if found is None or found.block.run_id != run.id:
        raise NotFound(_("没有这项作业。"))
    return found


def place(run: Run, chosen: Mapping[str, str]) -> Mapping[str, Any]:
    """Where the table of marks belongs: the page of its assignment."""
    return {"block_id": _assignment(run, chosen).block_id}


def workbook(run: Run, chosen: Mapping[str, str]) -> Made:
    """The marks of an assignment that very many handed in."""
    assignment_id = _assignment(run, chosen).id
    return Made(sheets.SCHEMA.columns, sheets.rows(assignment_id), work.count_handed_in(assignment_id), codes=codes_of(sheets.SCHEMA))


def take_table(given: intakes.Given, progress: intakes.Progress) -> int:
    """A table of marks with very many lines: checked, then written in one transaction. Raises what `sheets.take` raises."""

    def assignment() -> Assignment:
        run = catalogue.run_by_id(given.run_id)
        assert run is not None
        return _assignment(run, given.chosen)

    wanted = sheets.check(assignment=assignment(), file=given.file, filename=given.name, by=given.by, progress=progress)
    session().rollback()
    with transaction():
        reason = given.chosen.get("reason", "")
        return sheets.write(assignment=assignment(), wanted=wanted, filename=given.name, reason=reason, by=given.by, now=given.now)


def tend_peer_review(running: Running) -> Mapping[str, Any]:
    """Begin, fill and close peer reviews and remind of them, each assignment in its own transaction."""
    now = clock.now()
    begun, under_way, over = work.due_for_allocation(now), work.with_open_reviews(now, is_over=False), work.with_open_reviews(now, is_over=True)
    session().rollback()
    given = 0

    def tend(assignment_id: int) -> None:
        nonlocal given
        assignment = work.assignment_by_id(assignment_id)
        if assignment is None:
            return
        if assignment_id in over:
            peers.close(assignment=assignment, now=now)
        else:
            given += peers.begin(assignment=assignment, by=SYSTEM, now=now)
            telling.remind(assignment, now)

    each(sorted({*begun, *under_way, *over}), tend, of=TEND_PEERS)
    return {"begun": len(begun), "given_out": given, "closed": len(over)}


def release_marks(running: Running) -> Mapping[str, Any]:
    """Show the marks of an assignment, a hundred to a transaction; what was shown is not shown again."""
    done, assignment_id = 0, int(running.args["assignment_id"])
    while True:
        with transaction():
            assignment = _hold(assignment_id)
            is_wanted = assignment is not None and assignment.released_at is not None  # else somebody stopped it meanwhile
            waiting = work.unreleased(assignment_id, releasing.AT_ONCE) if is_wanted else []
            for submission in waiting:
                releasing.show(submission=submission, by=SYSTEM, now=clock.now())
        if not waiting:
            return {"released": done}
        done += len(waiting)


def _hold(assignment_id: int) -> Assignment | None:
    """Nobody hands in or marks while a piece is read and written."""
    assignment = work.assignment_by_id(assignment_id)
    if assignment is not None:
        holding.alone(assignment)
    return assignment


def _asked_by(running: Running) -> Identity:
    """Who changed the rule, for the log to name; the system where that account was disabled since: the marks follow the rule all the same."""
    if running.asked_by_id is None:
        return SYSTEM
    try:
        return identity_of(running.asked_by_id, today=clock.today(), origin=running.origin)
    except NotFound:
        return SYSTEM


def recount_lateness(running: Running) -> Mapping[str, Any]:
    """Count anew how late the works of an assignment are, a hundred to a transaction; what was counted changes nothing."""
    assignment_id = int(running.args["assignment_id"])
    by = _asked_by(running)
    ids = late.handed_in_ids(assignment_id)
    session().rollback()
    changed = 0
    for place, some in enumerate(portions(ids, lateness.AT_ONCE), start=1):
        with transaction():
            _hold(assignment_id)
            changed += lateness.recount(submissions=list(work.whole(some).values()), by=by, now=clock.now())
        running.progress(min(place * lateness.AT_ONCE, len(ids)), len(ids))
    return {"changed": changed}
