"""What counts of several attempts follows the rule of the quiz, also when the rule is changed after they were graded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from courses.assessment import queries as assessment
from courses.assessment.rules import result_x10
from courses.assessment.types import QuizSettings
from courses.learning import log_queries
from courses.learning.models import Enrolment
from courses.learning.operations.progress import note_result
from trainhub.people import queries as people


def recount(*, run_id: int, enrolments: Sequence[Enrolment], now: datetime) -> int:
    """Note the result of every quiz of some learners of a run that is not what its rule makes of their attempts today; returns how many.

    Three queries however many learners; only what differs is written. Who judges them afterwards (`evaluate`) sees it.
    """
    same = people.rows_of_humans([row.person_id for row in enrolments])
    stored = log_queries.states_of_many([row.id for row in enrolments])
    scores: defaultdict[int, defaultdict[int, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
    blocks = {}
    for block, person_id, attempt_id, score in assessment.graded_of_run(run_id, frozenset[int]().union(*same.values())):
        blocks[block.id] = block
        scores[person_id][block.id].append((attempt_id, score))
    count = 0
    for row in enrolments:
        for block_id, block in blocks.items():
            mine = [pair for person_id in sorted(same[row.person_id]) for pair in scores[person_id][block_id]]
            if not mine:
                continue
            state = stored.get(row.id, {}).get(block_id)
            result = result_x10([score for _key, score in mine], QuizSettings.of(block.settings).counts)
            if state is None or state.score_x10 != result:
                count += note_result(enrolment=row, block=block, attempt_id=mine[-1][0], now=now)
    return count
