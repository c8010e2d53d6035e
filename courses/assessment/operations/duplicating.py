"""A part of a run copied with its quizzes: the questions are those of the course's bank, items and draws are new."""

from __future__ import annotations

from datetime import datetime

from courses.assessment.operations.items import copy_parts
from courses.catalogue.authoring_queries import Part
from courses.catalogue.operations import content
from trainhub.kernel.access import Identity


def duplicate(*, part: Part, by: Identity, now: datetime) -> tuple[Part, dict[int, int]]:
    """Copy a section, unit or block behind itself; quizzes in the copy ask the same questions. Also answers old block -> new block."""
    made, blocks = content.duplicate(part=part, by=by, now=now)
    copy_parts(blocks)
    return made, blocks
