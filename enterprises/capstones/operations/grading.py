"""Both sides grade on their own, a third person when they lie too far apart; a signed grade is only corrected by a new entry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from enterprises.capstones import queries, rules
from enterprises.capstones.impartiality import Office
from enterprises.capstones.labels import ROLES
from enterprises.capstones.models import Capstone, CapstoneGrade, ThirdGrade
from enterprises.capstones.operations._support import CapstoneRefused, WrongPerson, demand, demand_window, given, stop, tell
from enterprises.capstones.operations.impartial import against_own_grade, demand_no_student, demand_office, demand_still
from enterprises.capstones.operations.standing import against_own_correction, against_revision, against_scoring, against_term
from enterprises.capstones.types import Action, CapstoneState, Result, SupervisorRole, WindowStage
from trainhub.identity import queries as identity
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import add_once, session
from trainhub.kernel.i18n import N_, _
from trainhub.people import queries as people
from trainhub.people.models import Person

TOLD_NO_THIRD = N_("毕业设计“%(title)s”不再需要第三方评分，不必再评")
TOLD_THIRD = N_("请为毕业设计“%(title)s”作第三方评分：双方评分相差过大")


def grade(
    *,
    capstone: Capstone,
    role: SupervisorRole,
    points: Mapping[Any, int],
    comment: str = "",
    by: Identity,
    today: date,
    now: datetime,
) -> CapstoneGrade:
    """Sign the grade of one side: whole points 0 to 100 for every item of the rubric.

    Only the supervisor of that side, only after the thesis is in and inside the window of grading, once: a second grade is refused,
    a correction needs a reason (`correct_grade`). When nothing that carries weight is missing the state becomes `graded`.
    """
    demand(capstone, Action.GRADE, by)
    if not queries.is_supervisor(capstone.id, role, by.person_id):
        raise WrongPerson(_("只有这个毕业设计的%(role)s可以为这一方评分。", role=ROLES[role]))
    demand_window(capstone, WindowStage.GRADING, now)
    stop(against_term(capstone, role, now))
    demand_still(capstone, by, Office(role.value))
    if role in queries.grades_of(capstone.id):
        raise CapstoneRefused(_("这一方已经评分并签名。如需更正，请使用“更正评分”并写明理由。"), code="already_graded")
    stop(against_revision(capstone))
    row = _signed(capstone, role, points, comment, by, today, now)
    compute(capstone, today)
    audit.record(by=by, did="capstones.grade.signed", on=capstone, data={"role": role, "score_x10": row.score_x10})
    return row


def correct_grade(
    *, grade: CapstoneGrade, points: Mapping[Any, int], comment: str = "", reason: str, by: Identity, today: date, now: datetime
) -> CapstoneGrade:
    """Replace a signed grade by a new entry with a reason; the old one stays.

    Inside the window of grading or an extension of it, as the grade itself; after that the programme looks at the result again
    (`concluding.moderate`). Neither during a moderation nor after its conclusion, not after publication.
    """
    capstone = session().get_one(Capstone, grade.capstone_id)
    if not people.is_same_human(by.person_id, grade.person_id):
        raise WrongPerson(_("评分只能由签名的导师本人更正。"))
    demand(capstone, Action.CORRECT, by)
    if grade.replaced_at is not None:
        raise CapstoneRefused(_("这条评分已被更正过，请更正最新的一条。"), code="already_replaced")
    stop(against_scoring(capstone))
    demand_window(capstone, WindowStage.GRADING, now)
    stop(against_term(capstone, grade.role, now))
    stop(against_own_correction(capstone, by))
    demand_still(capstone, by, Office(grade.role.value))
    why = given(reason, _("请写明更正的理由，原评分会一并保留。"), field="reason")
    grade.replaced_at = now
    session().flush()
    row = _signed(capstone, grade.role, points, comment, by, today, now, replaces=grade, reason=why)
    compute(capstone, today)
    audit.record(
        by=by,
        did="capstones.grade.corrected",
        on=capstone,
        data={"role": grade.role, "before_x10": grade.score_x10, "score_x10": row.score_x10, "reason": why},
    )
    release_third(capstone, today, now)
    return row


def _signed(
    capstone: Capstone,
    role: SupervisorRole,
    points: Mapping[Any, int],
    comment: str,
    by: Identity,
    today: date,
    now: datetime,
    *,
    replaces: CapstoneGrade | None = None,
    reason: str = "",
) -> CapstoneGrade:
    items = queries.rubric_items(capstone, today)
    score, kept = _scored(points, items)
    assert by.person_id is not None
    row = CapstoneGrade(
        capstone_id=capstone.id,
        role=role,
        person_id=by.person_id,
        rubric=kept,
        rubric_id=rubric.id if (rubric := queries.rubric_of(capstone)) is not None else None,
        score_x10=score,
        comment=comment.strip(),
        signed_at=now,
        replaces_id=replaces.id if replaces is not None else None,
        reason=reason,
    )
    # The same person in two windows at once: one signature stands.
    add_once(row, lambda: CapstoneRefused(_("这一方已经评分并签名。如需更正，请使用“更正评分”并写明理由。"), code="already_graded"))
    return row


def _scored(points: Mapping[Any, int], items: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
    """The score in tenths, and the rubric as it is kept with the grade."""
    weights = {str(item["code"]): int(item["weight"]) for item in items}
    given_points = {str(getattr(key, "value", key)): value for key, value in points.items()}
    try:
        score = rules.rubric_score(given_points, weights)
    except ValueError as wrong:
        raise CapstoneRefused(_("每个评分项都要给 0 至 100 的整数分。"), field="points") from wrong
    return score, {
        str(item["code"]): {
            "points": given_points[str(item["code"])],
            "weight": item["weight"],
            "label": str(item["label"]),
            "serves": item["points"],
        }
        for item in items
    }


# -- the third grade ----------------------------------------------------------------------------------------------------


def ask_third(*, capstone: Capstone, person: Person, by: Identity, today: date, now: datetime) -> ThirdGrade:
    """Ask a person of neither side for a third grade; only when the two sides lie too far apart. Until it is signed another may be asked.

    Not by who has graded or stands near the student: nobody chooses the judge of the own grade.
    """
    demand(capstone, Action.ASK_THIRD, by)
    stop(against_own_grade(capstone, by, field="person_id"))
    stop(against_scoring(capstone))
    stop(against_third(capstone, today))
    demand_office(capstone, person, Office.THIRD)
    demand_no_student(person)
    demand_account(person)
    row = queries.third_of(capstone.id)
    if row is not None and row.signed_at is not None:
        raise CapstoneRefused(_("第三方已经评分并签名。"), code="already_graded")
    if row is None:
        row = ThirdGrade(capstone_id=capstone.id, person_id=person.id, asked_by_id=by.account_id, asked_at=now)
        session().add(row)
    elif row.person_id == person.id:
        return row
    else:
        _tell_relieved(row, capstone, now)
        row.person_id, row.asked_at, row.asked_by_id = person.id, now, by.account_id
    session().flush()
    audit.record(by=by, did="capstones.third_grade.asked", on=capstone, data={"person": person.id})
    tell(
        person_ids=[person.id],
        kind="capstones.third",
        message=TOLD_THIRD,
        values={"title": queries.title_of(capstone)},
        url="/capstones/tasks",
        unique_key=f"capstones.third:{capstone.id}:{person.id}:{now.isoformat()}",  # asked, relieved and asked anew is asked anew
        now=now,
    )
    return row


def against_third(capstone: Capstone, today: date) -> CapstoneRefused | None:
    """Why a third grade is not needed (any more): the two sides do not lie too far apart."""
    result = result_of(capstone, today)
    if result is not None and result.is_far_apart:
        return None
    return CapstoneRefused(_("双方评分没有相差过大，不需要第三方评分。"), code="not_needed")


def release_third(capstone: Capstone, today: date, now: datetime) -> None:
    """Tell who was asked for a third grade that nobody waits for it any more: the sides agree again, or a moderation has its conclusion."""
    row = queries.third_of(capstone.id)
    if row is None or row.signed_at is not None or (against_third(capstone, today) or against_scoring(capstone)) is None:
        return
    _tell_relieved(row, capstone, now)


def relieve_third(capstone: Capstone, now: datetime) -> None:
    """Tell who was asked for a third grade, and has not given it, that the capstone has ended."""
    row = queries.third_of(capstone.id)
    if row is not None and row.signed_at is None:
        _tell_relieved(row, capstone, now)


def _tell_relieved(row: ThirdGrade, capstone: Capstone, now: datetime) -> None:
    tell(
        person_ids=[row.person_id],
        kind="capstones.third",
        message=TOLD_NO_THIRD,
        values={"title": queries.title_of(capstone)},
        url="/capstones/tasks",
        unique_key=f"capstones.third_released:{row.id}:{row.person_id}:{row.asked_at.isoformat()}",
        now=now,
    )


def demand_account(person: Person) -> None:
    """Refuse to ask somebody without an account for a signature: one-time links are for an enterprise's supervisor only."""
    if person.id not in identity.accounts_of_persons([person.id]):
        raise CapstoneRefused(
            _("%(name)s 没有账户，无法登录签名。请先为其开通账户，或另选有账户的人。", name=person.name), field="person_id", code="no_account"
        )


def grade_third(*, capstone: Capstone, points: Mapping[Any, int], comment: str = "", by: Identity, today: date, now: datetime) -> ThirdGrade:
    """Sign the third grade, once."""
    demand(capstone, Action.GRADE_THIRD, by)
    stop(against_scoring(capstone))
    stop(against_third(capstone, today))
    demand_still(capstone, by, Office.THIRD)
    row = queries.third_of(capstone.id)
    assert row is not None
    session().refresh(row)  # `demand` holds the capstone: what another window signed meanwhile is seen only now
    if row.signed_at is not None:
        raise CapstoneRefused(_("第三方已经评分并签名。"), code="already_graded")
    row.score_x10, row.rubric = _scored(points, queries.rubric_items(capstone, today))
    row.comment, row.signed_at = comment.strip(), now
    session().flush()
    compute(capstone, today)
    audit.record(by=by, did="capstones.third_grade.signed", on=capstone, data={"score_x10": row.score_x10})
    return row


# -- the result ---------------------------------------------------------------------------------------------------------


def result_of(capstone: Capstone, today: date) -> Result | None:
    """The result as the scores stand, or None while something that carries weight is missing."""
    scores, weights = queries.scores_of(capstone), queries.weights_of(capstone, today)
    if rules.lacking(scores, weights):
        return None
    third = queries.third_of(capstone.id)
    known = {name: value for name, value in scores.items() if value is not None}
    return rules.result(known, weights, queries.numbers(today), third_x10=third.score_x10 if third is not None else None)


def compute(capstone: Capstone, today: date) -> Result | None:
    """Write the result of the scores that are there; with all of them, and no review or defence open, the state becomes `graded`.

    Not while its reviewers fail it: signatures of the supervisors do not take from the head what a failed thesis comes to (`failing`).
    """
    result = result_of(capstone, today)
    if result is None:
        return None
    if capstone.state is CapstoneState.SUBMITTED and (queries.awaited(capstone) or queries.is_failed_in_review(capstone)):
        return None
    third = queries.third_of(capstone.id)
    capstone.score_x10, capstone.grade_text = result.score_x10, result.grade.value
    capstone.computation = {
        "scores_x10": queries.scores_of(capstone),
        "weights": queries.weights_of(capstone, today),
        "difference_x10": result.difference_x10,
        "third_x10": third.score_x10 if third is not None else None,
        "replaced": result.replaced,
    }
    if capstone.state is CapstoneState.SUBMITTED:
        capstone.state = CapstoneState.GRADED
    session().flush()
    return result
