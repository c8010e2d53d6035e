"""What was handed in, read whole: every text and file of an assignment, in pieces."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from courses.assignments.models import Submission, SubmissionFile, SubmissionMember, SubmissionVersion
from trainhub.kernel.db import session

CHUNK = 200
"""Works that are read at once."""
MOST_COMPARED = 1_000_000
"""Characters that are compared with each other: two seconds and two hundred megabytes."""

_STANDS = sa.and_(SubmissionVersion.submission_id == Submission.id, SubmissionVersion.number == Submission.number)


def latest_versions(assignment_id: int) -> Iterator[tuple[Submission, SubmissionVersion]]:
    """What stands of every submission of an assignment, with authors and files; no more of it is held than a piece."""
    statement = (
        select(Submission, SubmissionVersion)
        .join(SubmissionVersion, _STANDS)
        .where(Submission.assignment_id == assignment_id)
        .options(
            joinedload(Submission.group),
            selectinload(Submission.members).joinedload(SubmissionMember.person),
            selectinload(SubmissionVersion.files).joinedload(SubmissionFile.file),
        )
        .order_by(Submission.id)
        .limit(CHUNK)
    )
    last = 0
    while True:
        part = list(session().execute(statement.where(Submission.id > last)))
        yield from ((one, version) for one, version in part)
        if len(part) < CHUNK:
            return
        last = part[-1][0].id


def compared_texts(assignment_id: int) -> tuple[dict[int, str], int]:
    """(the texts that are compared, by submission; how many texts there are): the first of them, up to `MOST_COMPARED` characters, one at least."""
    has_text = sa.and_(Submission.assignment_id == assignment_id, SubmissionVersion.text != "")
    lengths = select(Submission.id, func.length(SubmissionVersion.text)).join(SubmissionVersion, _STANDS).where(has_text).order_by(Submission.id)
    chosen: list[int] = []
    total = count = 0
    for key, length in session().execute(lengths):
        count, total = count + 1, total + int(length)
        if total <= MOST_COMPARED or not chosen:
            chosen.append(key)
    if not chosen:
        return {}, 0
    statement = select(Submission.id, SubmissionVersion.text).join(SubmissionVersion, _STANDS).where(has_text, Submission.id <= chosen[-1])
    return {key: text for key, text in session().execute(statement)}, count
