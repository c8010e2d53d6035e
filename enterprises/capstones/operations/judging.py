"""评阅: reviewers are asked and sign."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from enterprises.capstones import queries, scheduling
from enterprises.capstones.impartiality import Office
from enterprises.capstones.models import Capstone, Review
from enterprises.capstones.operations._support import (
    CapstoneRefused,
    WrongPerson,
    days_of,
    demand,
    demand_room,
    demand_window,
    given,
    heads_of,
    stop,
    tell,
)
from enterprises.capstones.operations.anonymising import against_blind, ask_for_anonymous
from enterprises.capstones.operations.grading import compute, demand_account
from enterprises.capstones.operations.impartial import (
    against_own_grade,
    demand_no_head,
    demand_no_student,
    demand_office,
    demand_other_house,
    demand_still,
)
from enterprises.capstones.operations.standing import most_similar
from enterprises.capstones.queries.judging import outdated_reports
from enterprises.capstones.types import Action, CapstoneState, ReviewKind, Verdict, WindowStage
from trainhub.identity import queries as identity
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_, _
from trainhub.notifications import operations as notifications
from trainhub.people.models import Person, Student
from trainhub.people.queries import is_same_human
from trainhub.programmes.models import Cohort

TOLD_REVIEW = N_("请在 %(day)s 前评阅毕业设计论文")
TOLD_NO_REVIEW = N_("一项请你评阅毕业设计论文的请求已撤回，不必再评阅")
TOLD_REVISE = N_("评阅意见：论文须修改后再审")
TOLD_FAILED = N_("%(name)s 的论文有一份评阅意见为“不通过”：由专业负责人决定退回修改后复评、另请评阅人，或按不合格办理")
TOLD_FAILED_HEADS = N_("%(name)s 的论文有一份评阅意见为“不通过”，请决定：退回修改后复评、另请评阅人，或按不合格办理")
TOLD_REVISE_SUPERVISORS = N_("%(name)s 的论文被评阅人退回：修改后再审，请指导")


def alike(capstones: Sequence[Capstone], today: date) -> frozenset[int]:
    """The capstones whose latest similarity report lies above the limit, or is of an earlier version: neither reviewed nor defended before another report."""
    ids = [row.id for row in capstones]
    most, found = most_similar(today), queries.similarities_of(ids)
    return outdated_reports(ids).union(key for key, share in found.items() if share > most * 10)


def demand_original(capstone: Capstone, today: date) -> None:
    """Refuse a thesis whose latest similarity report lies above the limit, or is of an earlier version."""
    if capstone.id in outdated_reports([capstone.id]):
        raise CapstoneRefused(_("查重报告是上一稿的：请学生提交新稿的查重报告后再送审、答辩。"), code="report_outdated")
    most, found = most_similar(today), queries.latest_similarity(capstone.id)
    if found is not None and found > most * 10:
        raise CapstoneRefused(
            _("最近一次查重比例为 %(found)s%%，超过 %(most)d%%：修改并重新查重后才能送审、答辩。", found=f"{found / 10:.1f}", most=most),
            code="too_similar",
        )


# -- reviews ------------------------------------------------------------------------------------------------------------


def ask_review(*, capstone: Capstone, person: Person, kind: ReviewKind, due_on: date, by: Identity, today: date, now: datetime) -> Review:
    """Ask somebody of neither side, with an account, to review a thesis. The same person again: the known row. Raises CapstoneRefused, WrongState.

    Who outvotes a reviewer that failed it is not chosen by its supervisor.
    """
    demand(capstone, Action.ASK_REVIEW, by)
    stop(against_own_grade(capstone, by, field="person_id") if queries.is_failed_in_review(capstone) else None)
    demand_original(capstone, today)
    demand_office(capstone, person, Office.REVIEW)
    demand_no_student(person)
    demand_account(person)
    if kind is ReviewKind.BLIND:
        demand_other_house(capstone, person, today)
        demand_no_head(capstone, person)
    known = queries.review_of(capstone.id, person.id)
    if known is not None:
        return known
    if due_on < today:
        raise CapstoneRefused(_("评阅期限已经过去。"), field="due_on")
    days = days_of(capstone, WindowStage.REVIEW)
    if days is not None and not days[0] <= due_on <= days[1]:
        raise CapstoneRefused(
            _("评阅时间是 %(a)s 至 %(b)s，期限须在其中，否则评阅人签不了名。", a=days[0].isoformat(), b=days[1].isoformat()),
            field="due_on",
            code="outside_window",
        )
    row = Review(capstone_id=capstone.id, person_id=person.id, kind=kind, due_on=due_on, asked_by_id=by.account_id, asked_at=now)
    session().add(row)
    session().flush()
    audit.record(by=by, did="capstones.review.asked", on=capstone, data={"review": row.id, "person": person.id, "kind": kind})
    tell(
        person_ids=[person.id],
        kind="capstones.review",
        message=TOLD_REVIEW,
        values={"day": due_on.isoformat()},
        url="/capstones/tasks",
        unique_key=f"capstones.review:{row.id}",
        now=now,
    )
    ask_for_anonymous(capstone, now)
    return row


def withdraw_review(review: Review, now: datetime) -> None:
    """A request that was not answered is taken back, and who was asked is told."""
    review.cancelled_at = now
    tell(
        person_ids=[review.person_id],
        kind="capstones.review",
        message=TOLD_NO_REVIEW,
        values={},
        url="/capstones/tasks",
        unique_key=f"capstones.review_cancelled:{review.id}",
        now=now,
    )


def cancel_review(*, review: Review, by: Identity, now: datetime) -> Review:
    """Take back a request that was not answered. A repeat changes nothing.

    Who failed the version before and does not read the new one has said no all the same: that verdict counts again, so that no
    verdict is made to vanish. After 修改后再审 somebody else reads the new version (`queries.awaited`).
    """
    capstone = session().get_one(Capstone, review.capstone_id)
    demand(capstone, Action.ASK_REVIEW, by)
    session().refresh(review)  # what its reviewer signed meanwhile is seen only now
    if review.cancelled_at is not None:
        return review
    if review.signed_at is not None:
        raise CapstoneRefused(_("评阅意见已签名，不能撤回。"))
    withdraw_review(review, now)
    said = {"review": review.id}
    before = [row for row, _name in queries.reviews_of(capstone.id) if row.signed_at and is_same_human(row.person_id, review.person_id)]
    if before and before[-1].verdict is Verdict.FAIL:
        before[-1].cancelled_at, said["counts_again"] = None, before[-1].id
    session().flush()
    audit.record(by=by, did="capstones.review.cancelled", on=capstone, data=said)
    compute(capstone, local(now).date())  # it may have been the last thing that was waited for
    return review


def _unread(cohort_id: int, today: date) -> list[Capstone]:
    """The theses of a cohort that may be read and have no reviewer."""
    same = alike(rows := queries.unreviewed(cohort_id), today)
    return [row for row in rows if row.id not in same]


def unread_originals(cohort_id: int, today: date) -> int:
    """How many theses of a cohort a cross review would be arranged for."""
    return len(_unread(cohort_id, today))


def ask_cross_reviews(*, cohort: Cohort, due_on: date, by: Identity, today: date, now: datetime) -> int:
    """Let the school supervisors of a cohort read each other's students: every submitted thesis without a reviewer gets one, evenly.

    Who has no account is left out, and so is a thesis above the limit of similarity: the others do not wait for it.
    """
    waiting = _unread(cohort.id, today)
    if not waiting:
        raise CapstoneRefused(_("没有等待安排评阅的论文：都已有评阅人，或查重超过上限、新稿还没有查重报告。"))
    people = {key: session().get_one(Person, key) for key in identity.accounts_of_persons(queries.school_supervisors_of(cohort.id))}
    given_to = scheduling.spread([row.id for row in waiting], sorted(people), queries.barred_from_each(waiting), held=queries.review_loads(people))
    for row in waiting:
        person_id = given_to.get(row.id)
        if person_id is not None:
            ask_review(capstone=row, person=people[person_id], kind=ReviewKind.CROSS, due_on=due_on, by=by, today=today, now=now)
    if not given_to:
        raise CapstoneRefused(_("没有可以交叉评阅的导师：同组只有一位有账户的校内导师，或都须回避。请改用指定评阅人。"))
    return len(given_to)


def sign_review(
    *, review: Review, score: int, verdict: Verdict, comment: str, file_id: int | None = None, by: Identity, today: date, now: datetime
) -> Review:
    """Sign a review: 0 to 100 points, a verdict, words, and a file if there is one (a form, a marked copy). `revise` sends the thesis back to its student; grades of supervisors stay.

    Once; raises WrongPerson, WrongState (the window of reviews), CapstoneRefused.
    """
    capstone = session().get_one(Capstone, review.capstone_id)
    if not is_same_human(by.person_id, review.person_id) or review.cancelled_at is not None:
        raise WrongPerson(_("只有被指定的评阅人可以签署评阅意见。"))
    demand(capstone, Action.REVIEW, by)
    session().refresh(review)  # `demand` holds the capstone: what another window signed meanwhile is seen only now
    demand_window(capstone, WindowStage.REVIEW, now)
    demand_still(capstone, by, Office.REVIEW)
    if review.signed_at is not None:
        raise CapstoneRefused(_("评阅意见已签名。"), code="already_graded")
    if review.kind is ReviewKind.BLIND:
        stop(against_blind(capstone))
    if verdict is Verdict.PASS:  # a reviewer may say no to it all the same, or have it revised
        demand_original(capstone, today)
    if not 0 <= score <= 100:
        raise CapstoneRefused(_("请给 0 至 100 的整数分。"), field="score")
    review.comment = given(comment, _("请写明评阅意见。"), field="comment", most=4000)
    if file_id is not None:
        demand_room(capstone, file_id, now)
    review.score_x10, review.verdict, review.signed_at, review.file_id = score * 10, verdict, now, file_id
    session().flush()
    said = {"review": review.id, "score_x10": review.score_x10, "verdict": verdict, "file": file_id}
    audit.record(by=by, did="capstones.review.signed", on=capstone, data=said)
    if verdict is Verdict.REVISE:
        _send_back(capstone, review, now)
    else:
        compute(capstone, today)
    if verdict is Verdict.FAIL:
        _tell_failed(capstone, review, now)
    return review


def _tell_failed(capstone: Capstone, review: Review, now: datetime) -> None:
    """Tell the student and both supervisors what may come next, and the heads that they have to decide it."""
    student = session().get_one(Student, capstone.student_id)
    person = session().get_one(Person, student.person_id)
    supervisors = [row.person_id for row, _name in queries.supervisions_of(capstone.id) if row.until is None]
    said: dict[str, Any] = {
        "kind": "capstones.review_failed", "values": {"name": person.name}, "url": f"/capstones/{capstone.id}#reviews", "now": now,
    }  # fmt: skip
    tell(person_ids=[person.id, *supervisors], message=TOLD_FAILED, unique_key=f"capstones.review_failed:{review.id}", **said)
    heads = heads_of(student)
    if heads:
        notifications.notify(account_ids=heads, message=TOLD_FAILED_HEADS, unique_key=f"capstones.review_failed:{review.id}:heads", **said)


def _send_back(capstone: Capstone, review: Review, now: datetime) -> None:
    """The thesis goes back; the review is kept, and the reviewer reads the next version anew."""
    review.cancelled_at = now
    if not queries.grades_of(capstone.id):
        capstone.state = CapstoneState.MIDTERM
    session().flush()
    tell_revise(capstone, TOLD_REVISE, TOLD_REVISE_SUPERVISORS, f"revise:{review.id}", now)


def tell_revise(capstone: Capstone, to_student: str, to_supervisors: str, key: str, now: datetime) -> None:
    """Tell the student that a revised thesis is needed, and both supervisors whose student it is."""
    person = session().get_one(Person, session().get_one(Student, capstone.student_id).person_id)
    supervisors = [row.person_id for row, _name in queries.supervisions_of(capstone.id) if row.until is None]
    for people, message, side in (([person.id], to_student, "student"), (supervisors, to_supervisors, "supervisors")):
        tell(
            person_ids=people,
            kind="capstones.revise",
            message=message,
            values={"name": person.name},
            url=f"/capstones/{capstone.id}#reviews",
            unique_key=f"capstones.{key}:{side}",
            now=now,
        )
