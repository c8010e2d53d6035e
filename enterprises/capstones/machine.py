"""The capstone as a declared state machine: who may do what at which stage, and what comes after. Pure: values in, an answer out.

`MACHINE` is the whole of it. Operations ask `demand` (operations._support), pages ask `permits`; nothing else decides by state.
Review, defence, third grade and reconsideration are parts of `submitted` and `graded` with rows of their own: they run beside
each other, and `graded` is reached when everything that carries weight has been scored.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from enterprises.capstones.types import CONCLUDED, WORKING, Action, CapstoneState

S = CapstoneState


class Actor(StrEnum):
    """Who somebody is to one capstone."""

    STUDENT = "student"
    SCHOOL = "school"
    ENTERPRISE = "enterprise"
    REVIEWER = "reviewer"
    SECRETARY = "secretary"
    THIRD = "third"
    HOST = "host"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Step:
    """One action: the states it starts from, who does it, and the states it may lead to (empty: it stays where it is)."""

    states: tuple[CapstoneState, ...]
    actors: tuple[Actor, ...]
    after: tuple[CapstoneState, ...] = ()


BOTH = (Actor.SCHOOL, Actor.ENTERPRISE)

MACHINE: dict[Action, Step] = {
    Action.SUPERVISE: Step((*WORKING, S.SUBMITTED), (Actor.ADMIN,)),
    Action.CHANGE_TOPIC: Step(WORKING, (Actor.ADMIN,)),
    Action.ARRANGE: Step((*WORKING, S.SUBMITTED, S.GRADED, S.MODERATION, *CONCLUDED), (Actor.ADMIN,)),
    Action.WISH: Step(WORKING, (Actor.STUDENT,)),
    Action.EXTEND: Step((*WORKING, S.SUBMITTED, S.GRADED), (Actor.ADMIN,)),
    Action.SEND_LINK: Step((*WORKING, S.SUBMITTED, S.GRADED), (Actor.HOST, Actor.ADMIN)),
    Action.ISSUE_TASK: Step(WORKING, BOTH),
    Action.GUIDE: Step((*WORKING, S.SUBMITTED, S.GRADED), (Actor.STUDENT, *BOTH)),
    Action.CONFIRM_FOR: Step((*WORKING, S.SUBMITTED, S.GRADED), (Actor.ADMIN,)),
    Action.HAND_IN: Step((*WORKING, S.SUBMITTED), (Actor.STUDENT,)),
    Action.COMMENT: Step((*WORKING, S.SUBMITTED), (Actor.STUDENT, *BOTH)),
    Action.OPEN: Step((S.ASSIGNED,), (Actor.SCHOOL,), (S.OPENED,)),
    Action.PASS_MIDTERM: Step((S.OPENED,), (Actor.SCHOOL,), (S.MIDTERM,)),
    Action.RETURN: Step(WORKING, (Actor.SCHOOL,)),
    Action.CHECK_REPORT: Step((*WORKING, S.SUBMITTED, S.GRADED, S.MODERATION), (Actor.SCHOOL,)),
    # The stages before the thesis bind only where a programme keeps them; a thesis is taken in each of them.
    Action.SUBMIT: Step((*WORKING, S.SUBMITTED), (Actor.STUDENT,), (S.SUBMITTED,)),
    Action.ANONYMISE: Step((S.SUBMITTED,), (Actor.STUDENT, Actor.ADMIN)),
    Action.ASK_REVIEW: Step((S.SUBMITTED,), (Actor.ADMIN,)),
    Action.REVIEW: Step((S.SUBMITTED,), (Actor.REVIEWER,), (S.SUBMITTED, S.MIDTERM, S.GRADED)),
    # A thesis that its reviewers fail is revised and read again, or ends without a defence.
    Action.SEND_BACK: Step((S.SUBMITTED,), (Actor.ADMIN,), (S.SUBMITTED, S.MIDTERM)),
    Action.CONCLUDE_FAILED: Step((S.SUBMITTED,), (Actor.ADMIN,), (S.GRADED,)),
    Action.PLACE: Step((S.SUBMITTED,), (Actor.ADMIN,)),
    Action.DEFEND: Step((S.SUBMITTED,), (Actor.SECRETARY,), (S.SUBMITTED, S.GRADED)),
    Action.GRADE: Step((S.SUBMITTED,), BOTH, (S.SUBMITTED, S.GRADED)),
    Action.CORRECT: Step((S.SUBMITTED, S.GRADED), BOTH),
    Action.ASK_THIRD: Step((S.GRADED,), (Actor.ADMIN,)),
    Action.GRADE_THIRD: Step((S.GRADED,), (Actor.THIRD,)),
    Action.MODERATE: Step((S.GRADED,), (Actor.ADMIN,), (S.MODERATION,)),
    Action.SETTLE: Step((S.MODERATION,), (Actor.ADMIN,), (S.GRADED,)),
    Action.FINISH: Step((S.GRADED,), (Actor.ADMIN,), CONCLUDED),
    Action.APPEAL: Step(CONCLUDED, (Actor.STUDENT,)),
    Action.DECIDE_APPEAL: Step(CONCLUDED, (Actor.ADMIN,), CONCLUDED),
    Action.ARCHIVE: Step(CONCLUDED, (Actor.ADMIN,)),
    # Once graded only the capstone of who has dropped out is ended: its result is not published.
    Action.WITHDRAW: Step((*WORKING, S.SUBMITTED, S.GRADED, S.MODERATION), (Actor.ADMIN,), (S.WITHDRAWN,)),
}
"""Every action on a capstone; what is not listed is refused."""

HOLDING: frozenset[Action] = frozenset(
    {
        Action.SUPERVISE, Action.GUIDE, Action.CONFIRM_FOR, Action.ASK_REVIEW,
        Action.SEND_LINK, Action.CHANGE_TOPIC, Action.ARRANGE, Action.HAND_IN, Action.SUBMIT, Action.ANONYMISE, Action.REVIEW, Action.SEND_BACK, Action.CONCLUDE_FAILED,
        Action.DEFEND, Action.GRADE, Action.CORRECT, Action.ASK_THIRD, Action.GRADE_THIRD,
        Action.MODERATE, Action.SETTLE, Action.FINISH, Action.APPEAL, Action.CHECK_REPORT, Action.DECIDE_APPEAL, Action.ARCHIVE, Action.WITHDRAW,
    }
)  # fmt: skip
"""What is done to one capstone at a time although its outcome hangs on what others do: two sides that sign at once would each miss the
other's grade, and nobody would be left to say that everything is there; a supervisor would be exchanged while the grade is signed; and
what is sent twice at once would be written twice."""

SIGNED: frozenset[Action] = frozenset(
    {
        Action.ISSUE_TASK, Action.GUIDE, Action.OPEN, Action.PASS_MIDTERM, Action.RETURN, Action.REVIEW, Action.DEFEND, Action.GRADE, Action.CORRECT,
        Action.GRADE_THIRD, Action.CHECK_REPORT,
    }
)  # fmt: skip
"""What counts for a school: nobody does it by an account that only an enterprise vouches for."""

ALLOWED: dict[Action, tuple[CapstoneState, ...]] = {action: step.states for action, step in MACHINE.items()}
"""In which states an action may happen."""


class Answer(StrEnum):
    """Why not, in the order in which it is asked."""

    YES = "yes"
    WRONG_PERSON = "wrong_person"
    WRONG_STATE = "wrong_state"


def permits(action: Action, state: CapstoneState, actors: Collection[Actor]) -> Answer:
    """Whether somebody who is all of `actors` may do it now. The person is asked first: a stranger learns nothing of the state."""
    step = MACHINE[action]
    if not any(actor in step.actors for actor in actors):
        return Answer.WRONG_PERSON
    return Answer.YES if state in step.states else Answer.WRONG_STATE
