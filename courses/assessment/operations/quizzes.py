"""How a quiz is taken, and who may do more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from courses.assessment import passwords, queries
from courses.assessment.errors import NoAttempt
from courses.assessment.models import QuizAllowance
from courses.assessment.queries.hours import allowances_at
from courses.assessment.rules import due_at
from courses.assessment.rules.results import last_instant
from courses.assessment.types import Allowance, QuizSettings
from courses.catalogue.models import Block
from courses.catalogue.operations import versions
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import is_minute_of
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _


def set_up(*, block: Block, version: int | None, settings: Mapping[str, Any], by: Identity, now: datetime) -> Block:
    """Change how a quiz is taken; attempts that are running keep their time, one without an end gets that of a new closing, and a later closing gives
    everybody who sits in it the time they would have now. The password comes as it is typed and is stored sealed."""
    if "password" in settings:
        settings = {**settings, "password": passwords.sealed(str(settings["password"] or ""), str(block.settings.get("password") or ""))}
    for name in ("opens_at", "closes_at"):
        if settings.get(name) and is_minute_of(block.settings.get(name), datetime.fromisoformat(settings[name])):
            settings = {**settings, name: block.settings[name]}  # left alone, however its offset is written
    read = QuizSettings.of({**block.settings, **settings})
    if read.opens_at and read.closes_at and read.closes_at <= read.opens_at:
        raise NoAttempt(_("关闭时间应晚于开放时间。"), field="closes_at")
    before = QuizSettings.of(block.settings)
    made = versions.set_at_once(block=block, version=version, settings=settings, by=by, now=now)
    _reach_running(made, before, now)
    return made


def restore_rules(*, block: Block, number: int, version: int | None, by: Identity, now: datetime) -> Block:
    """Take the rules of an old version again, at once; a closing that is later by them reaches who sits in the quiz as in `set_up`."""
    before = QuizSettings.of(block.settings)
    made = versions.restore_rules(block=block, number=number, version=version, by=by, now=now)
    _reach_running(made, before, now)
    return made


def _reach_running(block: Block, before: QuizSettings, now: datetime) -> None:
    give_ends(blocks=[block], now=now)
    closes_at = QuizSettings.of(block.settings).closes_at
    if before.closes_at is not None and (closes_at is None or closes_at > before.closes_at):
        _lengthen(block, None, None)


def give_ends(*, blocks: Sequence[Block], now: datetime) -> int:
    """Attempts that were begun without an end end when their quiz, which has a closing since, closes for their learner; returns how many.

    Else they would be written in for ever, beside the answers that are shown once the quiz is closed. Nobody's time ends in the past.
    """
    closing = {block.id: settings.closes_at for block in blocks if (settings := QuizSettings.of(block.settings)).closes_at is not None}
    count = 0
    for attempt in queries.endless_attempts(closing.keys()) if closing else ():
        end = last_instant(closing[attempt.block_id], queries.allowance_for(attempt.block_id, attempt.person_id))
        if end is not None:
            attempt.due_at, count = max(end, now), count + 1
    session().flush()
    return count


def end_running(*, run_id: int, now: datetime) -> int:
    """Attempts that are being written in a run that has ended end now, and what was saved counts; returns how many. None ends later than it would."""
    count = 0
    for attempt in queries.running_of_run(run_id):
        if attempt.due_at is None or attempt.due_at > now:
            attempt.due_at, count = now, count + 1
    session().flush()
    return count


def allow(
    *,
    block: Block,
    by: Identity,
    now: datetime,
    person_id: int | None = None,
    cohort_id: int | None = None,
    extra_minutes: int = 0,
    extra_attempts: int = 0,
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
    reason: str = "",
) -> QuizAllowance:
    """Grant a person or a cohort more; a second grant replaces the first. An attempt that is running gets its new time at once."""
    if not (extra_minutes or extra_attempts or opens_at or closes_at):
        raise NoAttempt(_("请至少填写一项：加时、加次数或单独的开放时间。"), field="extra_minutes")
    if not (0 <= extra_minutes <= 10_080 and 0 <= extra_attempts <= 100):
        raise NoAttempt(_("加时最多 10080 分钟，加次数最多 100 次。"), field="extra_minutes")
    known = queries.allowance_row(block.id, person_id=person_id, cohort_id=cohort_id)
    row = known or QuizAllowance(block_id=block.id, person_id=person_id, cohort_id=cohort_id)
    row.extra_minutes, row.extra_attempts, row.opens_at, row.closes_at = extra_minutes, extra_attempts, opens_at, closes_at
    row.reason, row.given_by_id, row.given_at = reason.strip()[:200], by.account_id, now
    session().add(row)
    session().flush()
    _lengthen(block, person_id, cohort_id)
    audit.record(
        by=by,
        did="courses.quiz.allowed",
        on=("course_block", str(block.id)),
        data={"person": person_id, "cohort": cohort_id, "minutes": extra_minutes, "attempts": extra_attempts, "reason": row.reason},
    )
    return row


def _lengthen(block: Block, person_id: int | None, cohort_id: int | None) -> None:
    """Running attempts of whom something was granted end when the rules of today say; never earlier than they were told."""
    settings = QuizSettings.of(block.settings)
    running = queries.running_attempts(block.id, person_id=person_id, cohort_id=cohort_id)
    given = allowances_at(block.id, [attempt.person_id for attempt in running])
    for attempt in running:
        due = due_at(settings, given.get(attempt.person_id, Allowance()), attempt.started_at)
        if attempt.due_at is not None and (due is None or due > attempt.due_at):
            attempt.due_at = due
    session().flush()


def disallow(*, row: QuizAllowance, by: Identity, now: datetime) -> None:
    """Take a grant back; an attempt that is running keeps its time."""
    audit.record(
        by=by, did="courses.quiz.disallowed", on=("course_block", str(row.block_id)), data={"person": row.person_id, "cohort": row.cohort_id}
    )
    session().delete(row)
    session().flush()
