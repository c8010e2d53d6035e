"""The declared state machine: every action from every state by every actor, first in the table, then in the verbs themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session, SessionTransaction

from enterprises.capstones import operations, queries
from enterprises.capstones.machine import MACHINE, Actor, Answer, permits
from enterprises.capstones.models import Capstone, DefenceSlot, GuidanceEntry, Review
from enterprises.capstones.operations import WrongPerson, WrongState
from enterprises.capstones.types import Action, CapstoneState, LinkPurpose, ReviewKind, Stage, SupervisorRole, Verdict, WindowStage
from tests.factories import capstones as make
from tests.factories import ground
from tests.factories.capstones import NOW, TODAY
from trainhub.kernel.access import Grant, Identity, Role, ScopeKind
from trainhub.kernel.errors import Refused
from trainhub.people.models import Person

# What the table promises, written down a second time: a slip in it has to be made twice.
W, S, G, M, C = "assigned opened midterm", "submitted", "graded", "moderation", "passed failed"
PROMISED = {
    "supervise": ("admin", f"{W} {S}"), "change_topic": ("admin", W), "wish": ("student", W), "extend": ("admin", f"{W} {S} {G}"), "issue_task": ("school enterprise", W),
    "arrange": ("admin", f"{W} {S} {G} {M} {C}"),
    "send_link": ("host admin", f"{W} {S} {G}"),
    "confirm_for": ("admin", f"{W} {S} {G}"),
    "guide": ("student school enterprise", f"{W} {S} {G}"), "hand_in": ("student", f"{W} {S}"), "comment": ("student school enterprise", f"{W} {S}"),
    "open": ("school", "assigned"), "pass_midterm": ("school", "opened"), "return": ("school", W), "check_report": ("school", f"{W} {S} {G} {M}"), "submit": ("student", f"{W} {S}"),
    "anonymise": ("student admin", S), "send_back": ("admin", S), "conclude_failed": ("admin", S),
    "ask_review": ("admin", S), "review": ("reviewer", S), "place": ("admin", S), "defend": ("secretary", S),
    "grade": ("school enterprise", S), "correct": ("school enterprise", f"{S} {G}"), "ask_third": ("admin", G), "grade_third": ("third", G),
    "moderate": ("admin", G), "settle": ("admin", M), "finish": ("admin", G), "appeal": ("student", C), "decide_appeal": ("admin", C),
    "archive": ("admin", C), "withdraw": ("admin", f"{W} {S} {G} {M}"),
}  # fmt: skip


def test_the_table_is_the_promised_one() -> None:
    found = {action.value: (set(step.actors), set(step.states)) for action, step in MACHINE.items()}
    assert found == {key: (set(map(Actor, who.split())), set(map(CapstoneState, at.split()))) for key, (who, at) in PROMISED.items()}
    assert set(MACHINE) == set(Action)


@pytest.mark.parametrize("action", list(Action))
def test_what_is_not_listed_is_refused(action: Action) -> None:
    who, at = PROMISED[action.value]
    for state in CapstoneState:
        for actor in Actor:
            expected = Answer.WRONG_PERSON if actor not in who.split() else Answer.YES if state in at.split() else Answer.WRONG_STATE
            assert permits(action, state, {actor}) is expected, (state, actor)
        assert permits(action, state, ()) is Answer.WRONG_PERSON


@dataclass
class World:
    """One capstone with everybody who can be something to it."""

    found: make.Case
    by: dict[Actor, Identity]
    slot: DefenceSlot
    review: Review
    spare: Person
    group_day: object
    left: GuidanceEntry  # names a supervisor who is in office no more


def _world(session: Session) -> World:
    found = make.case()
    reviewer, secretary, third, spare = (make.signer() for _n in range(4))
    panel = [ground.person() for _n in range(3)]
    ground.teacher(of=found.programme, who=spare)
    make.mentor(found.enterprise, who=spare)
    head = make.head_of(found.programme)
    cohort = ground.cohort(found.programme)
    found.student.cohort_id = cohort.id
    group = operations.form_group(
        cohort=cohort, name="第一组", room="A101", on=TODAY, starts_minute=510, minutes_each=30, chair=panel[0], members=panel[1:], secretary=secretary,
        by=head, now=NOW,
    )  # fmt: skip
    operations.set_windows(cohort=cohort, windows={WindowStage.THESIS: (TODAY, TODAY)}, by=head, now=NOW)
    slot = DefenceSlot(group_id=group.id, capstone_id=found.capstone.id, starts_minute=510, scores={})
    review = Review(capstone_id=found.capstone.id, person_id=reviewer.id, kind=ReviewKind.BLIND, due_on=TODAY, asked_at=NOW)
    by = {
        Actor.STUDENT: found.by("student"),
        Actor.SCHOOL: found.by("school"),
        Actor.ENTERPRISE: found.by("enterprise"),
        Actor.REVIEWER: make.as_person(reviewer),
        Actor.SECRETARY: make.as_person(secretary),
        Actor.THIRD: make.as_person(third),
        Actor.HOST: make.as_person(ground.person(), Grant(Role.ENTERPRISE_COORDINATOR, ScopeKind.ORGANISATION, found.enterprise.id)),
        Actor.ADMIN: head,
    }
    operations.submit_thesis(capstone=found.capstone, file_id=make.pdf(), by=by[Actor.STUDENT], now=NOW)
    make.grade(found, SupervisorRole.SCHOOL, 60)
    make.grade(found, SupervisorRole.ENTERPRISE, 90)
    operations.ask_third(capstone=found.capstone, person=third, by=head, today=TODAY, now=NOW)
    paper = operations.moderate(capstone=found.capstone, reason="抽查", by=head, now=NOW)
    assert paper.decided_at is None
    found.capstone.finished_on = TODAY
    session.add_all([slot, review])  # after the grades: with a review or a defence open nothing is graded
    left = GuidanceEntry(
        capstone_id=found.capstone.id, person_id=ground.person().id, role=SupervisorRole.SCHOOL, on=make.START, content="讨论",
        logged_by_person_id=found.who.id, created_at=NOW,
    )  # fmt: skip
    session.add(left)
    session.flush()
    return World(found, by, slot, review, spare, TODAY, left)


def _verbs(world: World) -> dict[Action, Callable[[Actor], object]]:
    """How each action is done by somebody; `side` is the side he would stand on."""
    found, capstone, ops = world.found, world.found.capstone, operations
    by = world.by
    grades = queries.grades_of(capstone.id)

    def side(who: Actor) -> SupervisorRole:
        return SupervisorRole.ENTERPRISE if who is Actor.ENTERPRISE else SupervisorRole.SCHOOL

    def paper() -> object:
        return next(paper for paper, _file in queries.papers_of(capstone.id) if paper.stage is Stage.THESIS)

    other, file = make.topic(programme=found.programme, enterprise=found.enterprise), make.pdf()
    times = {"today": TODAY, "now": NOW}
    left = world.left
    return {
        Action.SUPERVISE: lambda who: ops.assign_supervisor(
            capstone=capstone, role=SupervisorRole.SCHOOL, person=world.spare, by=by[who], **times
        ),
        Action.CHANGE_TOPIC: lambda who: ops.change_topic(capstone=capstone, topic=other, reason="改题", by=by[who], **times),
        Action.ARRANGE: lambda who: ops.arrange(
            capstone=capstone, place="二号车间", starts_on=make.START, ends_on=make.END, reason="搬迁", by=by[who], now=NOW
        ),
        Action.WISH: lambda who: ops.save_wishes(capstone=capstone, role=SupervisorRole.SCHOOL, person_ids=[], by=by[who], **times),
        Action.EXTEND: lambda who: ops.extend(
            capstone=capstone, stage=WindowStage.THESIS, until=TODAY + timedelta(days=3), reason="住院", by=by[who], now=NOW
        ),
        Action.SEND_LINK: lambda who: ops.make_link(capstone=capstone, purpose=LinkPurpose.GRADE, by=by[who], now=NOW),
        Action.ISSUE_TASK: lambda who: ops.hand_in(capstone=capstone, stage=Stage.TASK_BOOK, file_id=file, by=by[who], now=NOW),
        Action.GUIDE: lambda who: ops.log_guidance(capstone=capstone, role=side(who), on=TODAY, content="讨论", by=by[who], **times),
        Action.CONFIRM_FOR: lambda who: ops.confirm_guidance_for(entry=left, reason="核对", by=by[who], now=NOW),
        Action.HAND_IN: lambda who: ops.hand_in(capstone=capstone, stage=Stage.DRAFT, file_id=file, by=by[who], now=NOW),
        Action.COMMENT: lambda who: ops.comment(paper=paper(), text="好", by=by[who], now=NOW),  # type: ignore[arg-type]
        Action.OPEN: lambda who: ops.pass_stage(capstone=capstone, stage=Stage.OPENING, by=by[who], now=NOW),
        Action.PASS_MIDTERM: lambda who: ops.pass_stage(capstone=capstone, stage=Stage.MIDTERM, by=by[who], now=NOW),
        Action.RETURN: lambda who: ops.return_paper(paper=paper(), reason="补充", by=by[who], now=NOW),  # type: ignore[arg-type]
        Action.CHECK_REPORT: lambda who: ops.check_similarity(paper=paper(), share_x10=10, by=by[who], now=NOW),  # type: ignore[arg-type]
        Action.SUBMIT: lambda who: ops.submit_thesis(capstone=capstone, file_id=file, by=by[who], now=NOW),
        Action.ANONYMISE: lambda who: ops.hand_in_anonymous(capstone=capstone, file_id=file, by=by[who], now=NOW),
        Action.ASK_REVIEW: lambda who: ops.ask_review(
            capstone=capstone, person=world.spare, kind=ReviewKind.BLIND, due_on=TODAY, by=by[who], **times
        ),
        Action.REVIEW: lambda who: ops.sign_review(review=world.review, score=80, verdict=Verdict.PASS, comment="好", by=by[who], **times),
        Action.SEND_BACK: lambda who: ops.send_back(capstone=capstone, reason="重做", by=by[who], now=NOW),
        Action.CONCLUDE_FAILED: lambda who: ops.conclude_failed(capstone=capstone, score_x10=400, note="不及格", by=by[who], **times),
        Action.PLACE: lambda who: ops.place_defence(capstone=capstone, by=by[who]),
        Action.DEFEND: lambda who: ops.record_defence(
            slot=world.slot, scores={m.person_id: 80 for m, _n in queries.members_of_group(world.slot.group_id)}, questions="问", verdict=Verdict.PASS,
            by=by[who], **times,
        ),
        Action.GRADE: lambda who: ops.grade(capstone=capstone, role=side(who), points=make.points(), by=by[who], **times),
        Action.CORRECT: lambda who: ops.correct_grade(grade=grades[side(who)], points=make.points(70), reason="误", by=by[who], **times),
        Action.ASK_THIRD: lambda who: ops.ask_third(capstone=capstone, person=world.spare, by=by[who], **times),
        Action.GRADE_THIRD: lambda who: ops.grade_third(capstone=capstone, points=make.points(), by=by[who], **times),
        Action.MODERATE: lambda who: ops.moderate(capstone=capstone, reason="抽查", by=by[who], now=NOW),
        Action.SETTLE: lambda who: ops.settle(capstone=capstone, score_x10=None, note="维持", by=by[who], **times),
        Action.FINISH: lambda who: ops.finish(capstone=capstone, by=by[who], **times),
        Action.APPEAL: lambda who: ops.appeal(capstone=capstone, reason="漏评", by=by[who], **times),
        Action.DECIDE_APPEAL: lambda who: ops.decide_appeal(capstone=capstone, score_x10=None, note="维持", by=by[who], **times),
        Action.ARCHIVE: lambda who: ops.archive(capstone=capstone, by=by[who], **times),
        Action.WITHDRAW: lambda who: ops.withdraw(capstone=capstone, reason="终止", by=by[who], **times),
    }  # fmt: skip


REPEATS = {  # saying it again where it already is changes nothing, for the right person
    (Action.FINISH, CapstoneState.PASSED), (Action.FINISH, CapstoneState.FAILED), (Action.WITHDRAW, CapstoneState.WITHDRAWN),
    (Action.OPEN, CapstoneState.OPENED), (Action.PASS_MIDTERM, CapstoneState.MIDTERM),
}  # fmt: skip


def test_the_verbs_obey_the_table(session: Session) -> None:
    """Every verb in every state by every actor: who is wrong is refused as such, who is right by the state. What a verb did is undone before the next."""
    world = _world(session)
    capstone, verbs = world.found.capstone, _verbs(world)
    wrong: list[str] = []
    for state in CapstoneState:
        done = _put(session, capstone, state)
        for action in MACHINE:
            for actor in Actor:
                if (action, state) in REPEATS and actor in MACHINE[action].actors:
                    continue
                answer = _tried(session, lambda action=action, actor=actor: verbs[action](actor))  # type: ignore[misc]
                expected = permits(action, state, {actor})
                if answer is not expected:
                    wrong.append(f"{action} in {state} by {actor}: {answer} instead of {expected}")
                if answer is Answer.YES:
                    done.rollback()
                    done = _put(session, capstone, state)
        done.rollback()
    assert wrong == []
    assert capstone.state is CapstoneState.MODERATION


def _put(session: Session, capstone: Capstone, state: CapstoneState) -> SessionTransaction:
    """The capstone in a state, until that is rolled back."""
    undone = session.begin_nested()
    capstone.state = state
    session.flush()
    return undone


def _tried(session: Session, verb: Callable[[], object]) -> Answer:
    """How a verb answers; who is refused for who they are or when has changed nothing."""
    writes = session.connection().info["writes"]
    try:
        verb()
    except (WrongPerson, WrongState) as no:
        session.flush()
        assert session.connection().info["writes"] == writes, "refused after something was written"
        return Answer.WRONG_PERSON if isinstance(no, WrongPerson) else Answer.WRONG_STATE
    except Refused:
        return Answer.YES  # another reason than who and when
    return Answer.YES
