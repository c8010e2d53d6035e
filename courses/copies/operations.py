"""A whole run prepared anew, or a part of one copied: content, quizzes, what assignments ask for, how grades are made up.

Each feature copies what is its own; here they are asked one after another, from below upwards. Learners and their traces stay behind.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from courses.assessment.operations import bank, duplicating
from courses.assignments.operations import copying as works
from courses.catalogue import queries as catalogue
from courses.catalogue.authoring_queries import Part
from courses.catalogue.models import Run
from courses.gradebook.operations import copying as grades
from trainhub.kernel.access import Identity


def renew(*, run: Run, code: str, starts_on: date, by: Identity, now: datetime) -> Run:
    """A draft copy of a run for new learners; every date moves by the difference of the two starts."""
    by_days = timedelta(days=(starts_on - run.starts_on).days)
    new = bank.duplicate_run(run=run, code=code, starts_on=starts_on, by=by, now=now)
    keys = {block.key: block.id for block in catalogue.blocks_of_run(new.id)}
    blocks = {block.id: keys[block.key] for block in catalogue.blocks_of_run(run.id) if block.key in keys}
    works.copy_rules(blocks=blocks, run_id=new.id, by_days=by_days, by=by, now=now)
    grades.copy_book(run_id=run.id, new=new, blocks=blocks, by=by, now=now)
    return new


def duplicate(*, part: Part, by: Identity, now: datetime) -> Part:
    """A copy of a section, unit or block behind it; quizzes ask the same questions, assignments ask for the same at the same dates."""
    made, blocks = duplicating.duplicate(part=part, by=by, now=now)
    works.copy_rules(blocks=blocks, run_id=part.run_id, by_days=timedelta(0), by=by, now=now)
    return made
