"""More time, attempts or other hours at a quiz: granted below, and told to the learners whom it concerns."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from courses.assessment.errors import NoAttempt
from courses.assessment.models import QuizAllowance
from courses.assessment.operations import quizzes
from courses.catalogue.models import Block
from courses.learning import seat_queries
from trainhub.identity.queries import accounts
from trainhub.kernel.access import Identity
from trainhub.kernel.i18n import N_, _
from trainhub.notifications import operations as notifications


def allow(*, block: Block, by: Identity, now: datetime, person_id: int | None = None, cohort_id: int | None = None, **more: Any) -> QuizAllowance:
    """Grant a person or a cohort more at a quiz (see `quizzes.allow`) and tell them. The same grant again tells nobody.

    A person must be learning in the run; a cohort may be given more before its students come in.
    """
    if person_id is not None and not seat_queries.seated_among(block.run_id, [person_id]):
        raise NoAttempt(_("这个人不是本期课程的学员。"), field="login")
    row = quizzes.allow(block=block, by=by, now=now, person_id=person_id, cohort_id=cohort_id, **more)
    people = seat_queries.seated_of_cohort(block.run_id, cohort_id) if cohort_id is not None else [person_id or 0]
    what = f"{row.extra_minutes}:{row.extra_attempts}:{row.opens_at or ''}:{row.closes_at or ''}"
    notifications.notify(
        account_ids=accounts.accounts_of_persons(people).values(),
        kind="courses.quiz.allowed",
        message=_words(row),
        values={"title": block.title or str(_("测验")), "minutes": row.extra_minutes, "attempts": row.extra_attempts},
        url=f"/learning/blocks/{block.id}/quiz",
        unique_key=f"quiz-allowed:{row.id}:{what}",
        now=now,
    )
    return row


def _words(row: QuizAllowance) -> str:
    if row.opens_at is not None or row.closes_at is not None:
        return N_("测验《%(title)s》的开放时间或作答条件为你单独作了设置，请在测验页查看。")
    if row.extra_minutes and row.extra_attempts:
        return N_("测验《%(title)s》为你加时 %(minutes)s 分钟，并增加 %(attempts)s 次作答机会。")
    if row.extra_minutes:
        return N_("测验《%(title)s》为你加时 %(minutes)s 分钟。")
    return N_("测验《%(title)s》为你增加 %(attempts)s 次作答机会。")
