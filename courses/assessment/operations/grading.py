"""What people decide about answers: marks and words; grading again by a corrected question, with a preview of what changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from courses.assessment import queries, rules
from courses.assessment.errors import NoAttempt
from courses.assessment.models import Attempt, AttemptAnswer, Question
from courses.assessment.types import BY_PERSON, Asked, AttemptState, Change, QuizSettings
from courses.catalogue.models import Run
from courses.catalogue.queries import subject_of_run
from courses.permissions import Can
from trainhub.kernel import audit
from trainhub.kernel.access import Identity, demand
from trainhub.kernel.db import session
from trainhub.kernel.errors import Stale
from trainhub.kernel.i18n import _
from trainhub.people import queries as people

MAX_WORDS = 4_000
PREVIEWED = 500
"""So many answers of a run are graded on trial for a page."""


def settle(attempt: Attempt, now: datetime) -> None:
    """Graded as soon as no answer waits for a person; waiting again when one does."""
    score = rules.score_x10([(answer.points_x10, _exact(answer)) for answer in attempt.answers])
    if score is None:
        attempt.state, attempt.score_x10, attempt.graded_at = AttemptState.SUBMITTED, None, None
    elif (attempt.state, attempt.score_x10) != (AttemptState.GRADED, score):
        attempt.state, attempt.score_x10, attempt.graded_at = AttemptState.GRADED, score, now
    session().flush()


def _exact(answer: AttemptAnswer) -> int | Fraction | None:
    return answer.share_x1000 if answer.points_x100 is None else rules.share_of(answer.points_x100, answer.points_x10)


def grade(
    *,
    attempt_id: int,
    points: Mapping[int, int],
    feedback: Mapping[int, str],
    by: Identity,
    now: datetime,
    seen: Mapping[int, str] | None = None,
) -> Attempt:
    """A person's marks by position, in hundredths of a point and kept as they were typed, and words. May be repeated: the last word counts and is audited.

    `seen`: the marks and words that stood on the page (`AttemptAnswer.standing`). Raises Stale, and writes nothing, where somebody else has given
    another mark or other words since that these would overwrite.
    """
    queries.hold(attempt_id)
    attempt = queries.attempt_by_id(attempt_id)
    if attempt is None or attempt.state is AttemptState.IN_PROGRESS:
        raise NoAttempt(_("这次作答还没有交卷，不能评分。"))
    if people.is_same_human(by.person_id, attempt.person_id):
        raise NoAttempt(_("不能给自己的作答评分，请由课程的另一位教师评分。"))
    wanted = {
        answer.position: (_share(answer, points[answer.position]), points[answer.position]) for answer in attempt.answers if answer.position in points
    }
    said = {position: words.strip()[:MAX_WORDS] for position, words in feedback.items()}
    for answer in attempt.answers:
        if (seen or {}).get(answer.position, answer.standing) != answer.standing:
            _check_seen(answer, (seen or {})[answer.position], wanted.get(answer.position), said.get(answer.position, answer.feedback))
    before = {answer.position: answer.share_x1000 for answer in attempt.answers if answer.position in wanted}
    for answer in attempt.answers:
        given = wanted.get(answer.position)
        if given is not None and given != (answer.share_x1000, answer.points_x100):
            _give(answer, *given, by)
        answer.feedback = said.get(answer.position, answer.feedback)
    settle(attempt, now)
    audit.record(
        by=by,
        did="courses.attempt.graded",
        on=attempt,
        data={
            "before": {str(k): v for k, v in before.items()},
            "shares": {str(k): share for k, (share, _typed) in wanted.items()},
            "points": {str(k): f"{Decimal(typed) / 100:f}" for k, (_share, typed) in wanted.items()},
            "score_x10": attempt.score_x10,
        },
    )
    return attempt


def _check_seen(answer: AttemptAnswer, seen: str, wanted: tuple[int, int] | None, words: str) -> None:
    """Refuse to overwrite what a colleague has given since: the mark, or the words (which older pages do not
    send along)."""
    seen_mark, has_words, seen_words = seen.partition(":")
    mark, _colon, said = answer.standing.partition(":")
    is_other_mark = seen_mark != mark and wanted != (answer.share_x1000, answer.points_x100)
    if is_other_mark or (has_words and seen_words != said and words != answer.feedback):
        raise Stale(_("第 %(n)d 题刚由另一位教师评分，你的修改没有保存，也没有覆盖对方的评分。请核对后再保存。", n=answer.position))


def _share(answer: AttemptAnswer, points_x100: int) -> int:
    """The share that is kept beside the points: half up."""
    return int(rules.share_of(points_x100, answer.points_x10) + Fraction(1, 2))


def _give(answer: AttemptAnswer, share: int, points_x100: int, by: Identity) -> None:
    if not 0 <= share <= rules.FULL:
        raise NoAttempt(_("第 %(n)d 题的得分应在 0 和满分之间。", n=answer.position), field=f"share{answer.position}")
    answer.share_x1000, answer.points_x100 = share, points_x100
    answer.graded_by_id = by.account_id


def regrade_preview(question: Question, run_id: int | None = None) -> list[Change]:
    """What would change if the answers to older versions were graded by the current one, of a run or of every one; of very many the first
    `PREVIEWED`. A mark that a person gave stays."""
    if question.kind in BY_PERSON:
        return []
    asked = queries.asked_of(queries.current_version(question), question.kind)
    return [_change(asked, answer) for answer in queries.answers_to_regrade(question.id, question.current_no, run_id, limit=PREVIEWED)]


def _change(asked: Asked, answer: AttemptAnswer) -> Change:
    settings = QuizSettings.of(answer.attempt.block.settings)
    is_kept = answer.graded_by_id is not None
    found = rules.mark(asked, answer.response, answer.shown.get("values"), allows_negative=settings.allows_negative)
    return Change(
        answer_id=answer.id,
        attempt_id=answer.attempt_id,
        run_id=answer.attempt.block.run_id,
        person_name=answer.attempt.person.name,
        number=answer.attempt.number,
        before_x1000=answer.share_x1000,
        after_x1000=answer.share_x1000 if is_kept else found.share_x1000,
        is_kept=is_kept,
    )


def regrade(*, question: Question, run: Run, by: Identity, now: datetime, answer_ids: Collection[int] | None = None) -> list[Attempt]:
    """Grade one run's answers to older versions by the current one; returns the attempts whose score may have changed.

    Only for who grades in that run: the bank belongs to the course, marks to the run. The answers keep the version they were asked; the
    version that graded them is noted beside it, each change is audited. A mark that a person gives at the same moment stays.
    `run`: as `catalogue.run_by_id` gives it. `answer_ids`: only these of them, where they are many and go in pieces.
    """
    demand(by, Can.RUN_GRADE, subject_of_run(run))
    version, changes = queries.current_version(question), []
    if question.kind not in BY_PERSON:
        wanted = queries.ids_to_regrade(question.id, question.current_no, run.id) if answer_ids is None else answer_ids
        queries.hold_to_regrade(wanted)
        asked = queries.asked_of(version, question.kind)
        for answer in queries.answers_to_regrade(question.id, question.current_no, run.id, wanted):
            change = _change(asked, answer)
            answer.graded_version_id = version.id
            if not change.is_kept and change.before_x1000 != change.after_x1000:
                answer.share_x1000 = change.after_x1000
                changes.append({"attempt": answer.attempt_id, "before": change.before_x1000, "after": change.after_x1000})
    session().flush()
    attempts = queries.attempts_by_id({int(one["attempt"] or 0) for one in changes})
    for attempt in attempts:
        settle(attempt, now)
    audit.record(by=by, did="courses.question.regraded", on=question, data={"number": version.number, "run": run.id, "changes": changes})
    return attempts
