"""How far a learner is on a path. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from courses.learning.types import EnrolmentState
from courses.paths.types import Progress, Step, StepState


def progress(steps: Sequence[Step], *, is_ordered: bool) -> Progress:
    """The state of every step. In an ordered path a required course waits for the required ones before it; what was begun stays open."""
    states: list[StepState] = []
    is_open, next_index = True, None
    for index, step in enumerate(steps):
        if step.enrolment is EnrolmentState.COMPLETED:
            state = StepState.DONE
        elif step.enrolment in (EnrolmentState.ACTIVE, EnrolmentState.PENDING, EnrolmentState.WAITING):
            state = StepState.LEARNING
        elif is_ordered and not is_open:
            state = StepState.LATER
        else:
            state = StepState.READY if step.has_run else StepState.CLOSED
        if next_index is None and state in (StepState.LEARNING, StepState.READY):
            next_index = index
        if step.is_required and state is not StepState.DONE:
            is_open = False
        states.append(state)
    required = [index for index, step in enumerate(steps) if step.is_required]
    done = sum(states[index] is StepState.DONE for index in required)
    return Progress(done, len(required), tuple(states), next_index)
