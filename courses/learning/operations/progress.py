"""What learners do goes into the log; progress follows from it; completion pushes its facts down, once.

A block that is done stays done and a completed course stays completed: nothing regresses silently. The mark of a completed
course follows its corrections, audited, into the enrolment and its milestone. Everything here runs in the transaction of the
edge: a completion stands with its milestone, its training record and its notice, or not at all.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import case, update
from sqlalchemy.orm.attributes import set_committed_value

from courses.assessment import queries as assessment
from courses.assessment.models import Attempt
from courses.assessment.rules import result_x10
from courses.assessment.types import AttemptState, QuizSettings
from courses.catalogue import authoring_queries as authored
from courses.catalogue import queries as catalogue
from courses.catalogue.models import Block, Run
from courses.catalogue.operations import judging
from courses.catalogue.types import BlockKind, RunState
from courses.learning import log_queries, queries, review_queries, rules
from courses.learning.models import BlockProgress, Enrolment, EnrolmentMark, LearningEvent
from courses.learning.operations.certified import NotLearning, completion_key, day_of, issue_certificate
from courses.learning.operations.correcting import correct
from courses.learning.types import SEATED, BlockState, Counted, EnrolmentState, EventKind, Missed, Standing
from trainhub.identity.queries import accounts
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_, _
from trainhub.ledger import operations as ledger
from trainhub.ledger import trainings
from trainhub.ledger.types import Source
from trainhub.notifications import operations as notifications
from trainhub.people import queries as people
from trainhub.people.models import Person


def _check(enrolment: Enrolment, block: Block) -> None:
    if enrolment.state not in SEATED or block.run_id != enrolment.run_id:
        raise NotLearning(_("你目前不是这期课程的在学学员，学习进度没有记录。"))


def _log(enrolment: Enrolment, block: Block, kind: EventKind, data: dict[str, Any], now: datetime) -> None:
    session().add(LearningEvent(enrolment_id=enrolment.id, block_id=block.id, kind=kind, data=data, at=now))
    session().flush()
    # Not through the row: a heartbeat of the player must not make a form that somebody has open stale.
    session().execute(update(Enrolment).where(Enrolment.id == enrolment.id).values(last_active_at=now).execution_options(synchronize_session=False))


def _alone(enrolment: Enrolment) -> None:
    """Queue with everything else this learner reports: of two reports at the same moment the second is judged by what the first won."""
    session().flush()
    session().refresh(enrolment, with_for_update={"of": Enrolment})  # and not the person who was read with it


def mark_done(*, enrolment: Enrolment, block: Block, by: Identity, now: datetime) -> Standing:
    """The learner says a text, file or link is done. Once is enough: a repeat writes nothing."""
    _check(enrolment, block)
    if not queries.may_mark(block):
        raise NotLearning(_("这个内容要实际完成（观看、作答或发言）才算学完，不能直接标记。"))
    known = queries.progress_row(enrolment.id, block.id)
    if known is None or not known.is_done:
        _log(enrolment, block, EventKind.MARKED_DONE, {}, now)
        _derive(enrolment, block)
    return evaluate(enrolment=enrolment, by=by, now=now)


def start_video(*, enrolment: Enrolment, block: Block, by: Identity, now: datetime) -> None:
    """The player starts: from this instant on, watched seconds can have been watched. Another start with nothing watched in between is no news."""
    _check(enrolment, block)
    if block.kind is not BlockKind.VIDEO:
        raise NotLearning(_("这个内容不是视频。"))
    _alone(enrolment)
    if log_queries.last_kind(enrolment.id, block.id) is not EventKind.VIDEO_STARTED:
        _log(enrolment, block, EventKind.VIDEO_STARTED, {}, now)


def watch(*, enrolment: Enrolment, block: Block, start: float, end: float, by: Identity, now: datetime) -> BlockState:
    """Seconds `start` to `end` were played. What cannot have been watched since the last report is cut off; the rest counts once."""
    _check(enrolment, block)
    duration = queries.duration_of(block)
    _alone(enrolment)
    events = log_queries.events_of(enrolment.id, block.id)
    begun_at, last_at = (events[0].at, events[-1].at) if events else (None, None)
    part = None
    if block.kind is BlockKind.VIDEO:
        seen = rules.covered(events)
        part = rules.accepted(start, end, duration=duration, begun_at=begun_at, last_at=last_at, covered=seen, now=now)
    if part is None:
        return rules.block_state(block.kind, events)
    data = {"from": round(part[0], 1), "to": round(part[1], 1), "duration": duration}
    if data["from"] >= data["to"]:  # less than is kept: nothing would come of it but a longer log
        return rules.block_state(block.kind, events)
    _log(enrolment, block, EventKind.VIDEO_WATCHED, data, now)
    state = _derive(enrolment, block)
    evaluate(enrolment=enrolment, by=by, now=now)
    return state


def note_attempt(*, enrolment: Enrolment, attempt: Attempt, by: Identity, now: datetime) -> Standing:
    """An attempt was handed in or graded: the log learns it once per result.

    What counts of several attempts is reckoned by one at a time: of two settled at once the second knows the first.
    """
    _alone(enrolment)
    block = session().get_one(Block, attempt.block_id)  # also a removed one: what was handed in counts when it comes back
    graded = attempt.state is AttemptState.GRADED
    kind = EventKind.QUIZ_GRADED if graded else EventKind.QUIZ_SUBMITTED
    if not log_queries.has_event_of_attempt(enrolment.id, block.id, kind, attempt.id, attempt.score_x10):
        data: dict[str, Any] = {"attempt": attempt.id}
        if graded:
            data |= {"score_x10": attempt.score_x10, "result_x10": result_of(attempt)}
        _log(enrolment, block, kind, data, now)
        _derive(enrolment, block)
    return evaluate(enrolment=enrolment, by=by, now=now)


def note_result(*, enrolment: Enrolment, block: Block, attempt_id: int, now: datetime) -> bool:
    """What counts of a learner's attempts is another than the log says, because the rule of the quiz was changed: the log learns it. False when it
    is not, once the learner's other reports are through."""
    _alone(enrolment)
    attempt = assessment.attempt_by_id(attempt_id)
    if attempt is None or attempt.state is not AttemptState.GRADED:
        return False
    result, known = result_of(attempt), queries.progress_row(enrolment.id, block.id)
    if known is not None and known.score_x10 == result:
        return False
    _log(enrolment, block, EventKind.QUIZ_GRADED, {"attempt": attempt.id, "score_x10": attempt.score_x10, "result_x10": result}, now)
    _derive(enrolment, block)
    return True


def result_of(attempt: Attempt) -> int | None:
    """What counts of a person's graded attempts at a quiz, by the rule of the quiz (best, last, first, average)."""
    return result_x10(assessment.graded_scores(attempt.block_id, attempt.person_id), QuizSettings.of(attempt.block.settings).counts)


def tell_graded(*, enrolment: Enrolment, attempt: Attempt, now: datetime) -> None:
    """Tell a learner that a person has graded an attempt; the mark only where the review of the quiz shows it now."""
    if attempt.state is AttemptState.GRADED:
        is_hidden = attempt.block_id in review_queries.unshown_in(attempt.block.run_id, attempt.person_id, now)
        notifications.notify(
            account_ids=accounts.accounts_of_persons([enrolment.person_id]).values(),
            kind="courses.graded",
            message=N_("你的测验《%(title)s》已批阅，得分按测验的规则公布。") if is_hidden else N_("你的测验《%(title)s》已批阅，得分 %(score)s。"),
            values={"title": attempt.block.title or str(_("测验"))} | ({} if is_hidden else {"score": rules.tenths(attempt.score_x10 or 0)}),
            url=f"/learning/attempts/{attempt.id}",
            unique_key=f"attempt-graded:{attempt.id}:{attempt.score_x10}",
            now=now,
        )


def note_report(*, enrolment: Enrolment, block: Block, data: dict[str, Any], by: Identity, now: datetime) -> Standing:
    """A poll was answered, or a laboratory reported: `data` holds `is_completed` and perhaps `score_x10`, and what says so."""
    _check(enrolment, block)
    _log(enrolment, block, EventKind.REPORTED, data, now)
    _derive(enrolment, block)
    return evaluate(enrolment=enrolment, by=by, now=now)


def note_post(*, enrolment: Enrolment, block: Block, post_id: int, by: Identity, now: datetime) -> Standing:
    """The learner took part in a discussion."""
    _check(enrolment, block)
    _log(enrolment, block, EventKind.POSTED, {"post": post_id}, now)
    _derive(enrolment, block)
    return evaluate(enrolment=enrolment, by=by, now=now)


def note_work(*, enrolment: Enrolment, block: Block, submission_id: int, number: int, score_x10: int | None, by: Identity, now: datetime) -> Standing:
    """Version `number` of a piece of work was handed in (no score), or its mark was released: the log learns it once."""
    kind = EventKind.ASSIGNMENT_SUBMITTED if score_x10 is None else EventKind.ASSIGNMENT_GRADED
    data: dict[str, Any] = {"submission": submission_id, "number": number}
    if score_x10 is not None:
        data["score_x10"] = score_x10
    of_kind = [event.data for event in log_queries.events_of(enrolment.id, block.id) if event.kind is kind]
    if of_kind[-1:] != [data]:
        _log(enrolment, block, kind, data, now)
        _derive(enrolment, block)
    return evaluate(enrolment=enrolment, by=by, now=now)


def _ask_for_mark(enrolment: Enrolment, changed_at: datetime | None, now: datetime) -> None:
    """Something happened that may change the total: the gradebook will compute it again.

    What the learner did stands in the log with its instant; `changed_at`: of what others changed. Written also where it is due already: a total that is being computed from what stood before ends before this or begins after it.
    """
    row = session().get(EnrolmentMark, enrolment.id)
    if row is None:
        session().add(EnrolmentMark(enrolment_id=enrolment.id, is_due=True, changed_at=changed_at or now))
    else:
        known, mine = EnrolmentMark.changed_at, EnrolmentMark.enrolment_id == enrolment.id
        later = {} if changed_at is None else {"changed_at": case((known > changed_at, known), (known.is_not(None), changed_at))}
        session().execute(update(EnrolmentMark).where(mine).values(is_due=True, **later).execution_options(synchronize_session=False))
        session().expire(row)
    session().flush()


def _derive(enrolment: Enrolment, block: Block) -> BlockState:
    """Store what follows from the log of one block."""
    state = rules.block_state(block.kind, log_queries.events_of(enrolment.id, block.id))
    _store(enrolment.id, block.id, queries.progress_row(enrolment.id, block.id), state)
    return state


def _store(enrolment_id: int, block_id: int, row: BlockProgress | None, state: BlockState) -> None:
    if row is None:
        row = BlockProgress(enrolment_id=enrolment_id, block_id=block_id)
        session().add(row)
    row.is_done, row.share_x1000, row.score_x10 = state.is_done, state.share_x1000, state.score_x10
    row.waits_for_grade, row.done_at, row.position_x10 = state.waits_for_grade, state.done_at, state.position_x10
    session().flush()


def standing_of(enrolment: Enrolment, run: Run, now: datetime, blocks: Sequence[Counted] | None = None) -> Standing:
    """Where a learner stands now, from the stored progress. Reads only. `blocks` spares reading the outline again."""
    if blocks is None:
        blocks = queries.counted(authored.outline_for(run.id, enrolment.person_id), now)
    missed = Missed.of(enrolment.missed) if enrolment.state is EnrolmentState.COMPLETED else None
    mark = queries.mark_of(enrolment)
    settled = mark.settled if mark is not None else {}
    standing = rules.standing(blocks, queries.states_of(enrolment.id), run.pass_mark_x10, run.completion_share_x1000, missed, settled)
    return rules.with_mark(standing, mark, missed)


def evaluate(
    *,
    enrolment: Enrolment,
    by: Identity,
    now: datetime,
    is_fresh: bool = False,
    place: tuple[Run, Sequence[Counted]] | None = None,
    columns: Collection[int] | None = None,
    changed_at: datetime | None = None,
) -> Standing:
    """Store progress and score, and complete the course when everything is there. Safe to repeat.

    While an author may still bring back what was taken away nobody completes: who then has everything does when all are judged (`judging.holds`).
    Where the gradebook gives the mark, the total is asked for again and completion waits for it, unless it `is_fresh`; `columns` are then those
    in which the learner has nothing. `place`: the run with its blocks, read once for many. `changed_at`: when what is asked was changed last, where
    that is why they are judged: who completes by it does so on that day, or that of what they did last, and not on a later one.
    """
    run = place[0] if place is not None else catalogue.run_by_id(enrolment.run_id)
    assert run is not None
    standing = standing_of(enrolment, run, now, place[1] if place is not None else None)
    if standing.is_from_book and not is_fresh:
        _ask_for_mark(enrolment, changed_at, now)
        standing = replace(standing, is_mark_due=True)
    if enrolment.state is EnrolmentState.COMPLETED:
        correct(enrolment, completion_key(run), rules.mark_of_completed(standing, enrolment.score_x10), by, now)
        return standing
    if (enrolment.progress_x1000, enrolment.score_x10) != (standing.progress_x1000, standing.shown_x10):
        _store_standing(enrolment, progress_x1000=standing.progress_x1000, score_x10=standing.shown_x10)
    if enrolment.state is EnrolmentState.ACTIVE and standing.is_complete and run.state is not RunState.DRAFT and not judging.holds(run.id):
        day = None if changed_at is None else day_of(enrolment, run, changed_at, now, place[1] if place is not None else None)
        complete(enrolment=enrolment, run=run, standing=standing, by=by, now=now, columns=columns, day=day)
    return standing


def is_held(enrolment: Enrolment, standing: Standing) -> bool:
    """Whether a learner has everything that is asked for and does not complete, because something may still be brought back."""
    return enrolment.state is EnrolmentState.ACTIVE and standing.is_complete and judging.holds(enrolment.run_id)


def _store_standing(enrolment: Enrolment, **values: int | None) -> None:
    """Not through the row either: of two reports at the same moment neither is refused because the other came first."""
    statement = update(Enrolment).where(Enrolment.id == enrolment.id, Enrolment.state != EnrolmentState.COMPLETED)
    session().execute(statement.values(**values).execution_options(synchronize_session=False))
    for name, value in values.items():
        set_committed_value(enrolment, name, value)


def complete(
    *,
    enrolment: Enrolment,
    run: Run,
    standing: Standing,
    by: Identity,
    now: datetime,
    columns: Collection[int] | None = None,
    day: date | None = None,
) -> bool:
    """Complete a course once: milestone, training record, certificate and notice. False when it was completed before.

    What had no score is kept (`columns`: of the gradebook), so that what is asked for later is told from it and lowers no mark; and what was
    graded with its weight, so that nothing that is removed or weighed otherwise later changes the mark. `day`: of the completion (default today).
    """
    today = day or local(now).date()
    missed: dict[str, Any] = {"blocks": sorted(standing.unscored), "columns": None if columns is None else sorted(columns)}
    missed["graded"] = [list(pair) for pair in standing.graded]
    taken = session().execute(
        update(Enrolment)
        .where(Enrolment.id == enrolment.id, Enrolment.state == EnrolmentState.ACTIVE)
        .values(
            state=EnrolmentState.COMPLETED,
            completed_on=today,
            score_x10=standing.score_x10,
            missed=missed,
            progress_x1000=1000,
            version=Enrolment.version + 1,
        )
        .execution_options(synchronize_session=False)
    )
    if not taken.rowcount:  # type: ignore[attr-defined]
        return False
    session().refresh(enrolment)
    course, human = run.course, people.human_id(enrolment.person_id)
    ledger.reach_milestone(
        person_id=human,
        source=Source.COURSE,
        key=completion_key(run),
        title=run.title,
        reached_on=today,
        organisation_id=course.owner_id,
        programme_id=run.programme_id,
        hours_x10=run.hours_x10,
        score_x10=standing.score_x10,
        by=by,
        now=now,
    )
    counted = record_training(enrolment, run, by, now) is not None if run.counts_for_goal else None
    number = issue_certificate(enrolment=enrolment, run=run, by=by, now=now)
    notifications.notify(
        account_ids=accounts.accounts_of_persons([human]).values(),
        kind="courses.completed",
        message=N_("恭喜你完成课程《%(title)s》，结业证书已签发。") if number else N_("恭喜你完成课程《%(title)s》。"),
        values={"title": run.title},
        url=f"/learning/runs/{run.id}/progress",
        unique_key=f"course-completed:{enrolment.id}",
        now=now,
    )
    audit.record(
        by=by,
        did="courses.enrolment.completed",
        on=enrolment,
        data={"run": run.id, "score_x10": standing.score_x10, "certificate": number, "counted": counted},
    )
    return True


def record_training(enrolment: Enrolment, run: Run, by: Identity, now: datetime) -> bool | None:
    """The completion as a training of the goal (FJ-16c), in the learner's county, else in that of the training organisation (of the whole province: in
    the one that another row of the human tells). Whether it is new (once; a roster may have been first); None where neither has a county. Raises what the
    ledger refuses."""
    person = session().get_one(Person, enrolment.person_id)
    county = person.county_code or run.course.owner.region_code
    if county is None:
        return None
    _row, is_new = ledger.record_training(
        person_id=person.id,
        organisation_id=run.course.owner_id,
        course=run.title,
        category=run.goal_category,
        county_code=county,
        hours_x10=run.hours_x10,
        completed_on=enrolment.completed_on or local(now).date(),
        is_counted=True,
        source=Source.COURSE,
        source_id=enrolment.id,
        by=by,
        now=now,
    )
    if person.county_code is None:
        trainings.place(person.id, by, now)
    return is_new


def recompute(*, enrolment: Enrolment, by: Identity, now: datetime) -> list[int]:
    """Compute all progress of a learner again from the log; returns the blocks whose stored progress differed (normally none)."""
    _alone(enrolment)
    rows = queries.progress_rows(enrolment.id)
    events = log_queries.all_events_of(enrolment.id)
    kinds = {block.id: block.kind for block in catalogue.blocks_of_run(enrolment.run_id)}
    differed = []
    for block_id, happened in events.items():
        if block_id not in kinds:
            continue
        fresh = rules.block_state(kinds[block_id], happened)
        row = rows.get(block_id)
        if row is None or queries.as_state(row) != fresh:
            differed.append(block_id)
            _store(enrolment.id, block_id, row, fresh)
    for block_id in rows.keys() - events.keys():  # stored, and nothing in the log says why
        if block_id in kinds:
            differed.append(block_id)
            session().delete(rows[block_id])
    session().flush()
    evaluate(enrolment=enrolment, by=by, now=now, changed_at=now)
    if differed:
        audit.record(by=by, did="courses.progress.recomputed", on=enrolment, data={"blocks": differed})
    return differed
