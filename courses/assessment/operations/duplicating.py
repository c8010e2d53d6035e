"""A part of a run copied with its quizzes: the questions are those of the course's bank, the items are new."""

from __future__ import annotations

from datetime import datetime

from courses.assessment import queries
from courses.assessment.models import QuizItem
from courses.catalogue.authoring_queries import Part
from courses.catalogue.operations import content
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session


def duplicate(*, part: Part, by: Identity, now: datetime) -> Part:
    """Copy a section, unit or block behind itself; quizzes in the copy ask the same questions."""
    made, blocks = content.duplicate(part=part, by=by, now=now)
    names = [column.key for column in QuizItem.__mapper__.column_attrs if column.key not in ("id", "block_id")]
    for item in queries.items_of_blocks(blocks):
        session().add(QuizItem(block_id=blocks[item.block_id], **{name: getattr(item, name) for name in names}))
    session().flush()
    return made
