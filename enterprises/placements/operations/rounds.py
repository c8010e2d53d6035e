"""Rounds: set up, open, preferences, close."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete

from enterprises.placements import labels, lawful, queries, rules
from enterprises.placements.models import Preference, Priority, Round, Term
from enterprises.placements.operations._support import BadPlacement, WrongState, tell
from enterprises.placements.operations.holding import hold_round
from enterprises.placements.types import RoundState
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.errors import Stale
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import N_, _, listed
from trainhub.people import queries as people
from trainhub.people.models import Student
from trainhub.programmes.models import Cohort, Programme

SWITCHES = ("aim", "same_enterprise", "is_mentor_bound", "is_one_enterprise", "is_wishes_first", "priority_rule")
EDITABLE = frozenset(["title", "opens_on", "closes_on", "max_preferences", "seed", *SWITCHES])


def create_round(
    *,
    programme: Programme,
    cohort: Cohort,
    title: str,
    opens_on: date,
    closes_on: date,
    terms: Iterable[Term],
    by: Identity,
    now: datetime,
    max_preferences: int = 5,
    seed: int = 1,
    priorities: Mapping[str, int] | None = None,
    **settings: Any,
) -> Round:
    """Set up a round for a cohort over terms of its university; `settings`: SWITCHES; `priorities` as in `change_round`. Raises BadPlacement."""
    chosen = sorted(terms, key=lambda term: (term.starts_on, term.id))
    if not chosen:
        raise BadPlacement(_("请至少选择一个实习学期。"), field="terms")
    if any(term.university_id != programme.university_id for term in chosen):
        raise BadPlacement(_("只能选择本校的实习学期。"), field="terms")
    if cohort.programme_id != programme.id:
        raise BadPlacement(_("年级不属于这个专业。"), field="cohort_id")
    row = Round(
        programme_id=programme.id,
        cohort_id=cohort.id,
        title="",
        opens_on=opens_on,
        closes_on=closes_on,
        term_ids=[t.id for t in chosen],
        created_at=now,
    )
    _check_terms(chosen, closes_on)
    _set(row, {"title": title, "opens_on": opens_on, "closes_on": closes_on, "max_preferences": max_preferences, "seed": seed, **settings})
    session().add(row)
    session().flush()
    if priorities is not None:
        _put_in_order(row, priorities)
    audit.record(
        by=by, did="placements.round.created", on=row, data={"programme": programme.code, "cohort": cohort.year, "terms": [t.code for t in chosen]}
    )
    return row


def _check_terms(terms: Iterable[Term], closes_on: date) -> None:
    """The last wish is made before the first term begins: nobody is placed in a term that runs."""
    for term in terms:
        if term.starts_on <= closes_on:
            raise BadPlacement(
                _("“%(term)s”从 %(day)s 开始，志愿须在此之前截止。请提前截止日期，或选择更晚的学期。", term=term.title, day=term.starts_on),
                field="closes_on",
                code="term_begins_first",
            )


def _set(row: Round, values: dict[str, Any]) -> None:
    title = str(values.get("title", row.title)).strip()
    if not title:
        raise BadPlacement(_("请填写轮次名称。"), field="title")
    if values.get("closes_on", row.closes_on) < values.get("opens_on", row.opens_on):
        raise BadPlacement(_("截止日期不能早于开始日期。"), field="closes_on")
    if not 1 <= values.get("max_preferences", row.max_preferences or 5) <= 15:
        raise BadPlacement(_("志愿数应在 1 至 15 之间。"), field="max_preferences")
    if not 0 <= (values.get("same_enterprise", row.same_enterprise) or 0) <= 100:
        raise BadPlacement(_("同一企业的优先分应在 0 至 100 之间。"), field="same_enterprise")
    for key, value in {**values, "title": title}.items():
        setattr(row, key, value)


def _put_in_order(row: Round, priorities: Mapping[str, int]) -> int:
    """Keep the published order; how many entries changed. Raises BadPlacement for a number that the cohort does not have, a class
    that there is not, or an order without the rule that it follows."""
    if priorities and not row.priority_rule.strip():
        raise BadPlacement(_("优先名单随轮次公布，请写明依据，如“烈士子女、退役复学学生优先”。"), field="priority_rule")
    if wrong := sorted(number for number, rank in priorities.items() if not 1 <= rank <= 9):
        raise BadPlacement(_("优先级应为 1 至 9 的整数：%(numbers)s。", numbers=listed(wrong[:6])), field="priorities")
    known = queries.cohort_numbers(row.cohort_id)
    if strange := sorted(set(priorities) - set(known)):
        raise BadPlacement(_("本年级没有这些学号：%(numbers)s。请核对后重新填写。", numbers=listed(strange[:6])), field="priorities")
    before, after = queries.priorities_of(row.id), {known[number]: rank for number, rank in priorities.items()}
    if before != after:
        session().execute(delete(Priority).where(Priority.round_id == row.id))
        session().add_all(Priority(round_id=row.id, student_id=key, rank=rank) for key, rank in sorted(after.items()))
        session().flush()
    return sum(before.get(key) != after.get(key) for key in {*before, *after})


def change_round(
    *, round: Round, by: Identity, now: datetime, version: int | None = None, priorities: Mapping[str, int] | None = None, **fields: Any
) -> Round:
    """Change title, dates, number of preferences, the seed of the lottery or how it is planned before publication.

    `priorities`: the published order, by student number the class (1 goes first); it replaces the one before. Raises Stale,
    WrongState, BadPlacement.
    """
    check_version(round, version)
    if round.state is RoundState.PUBLISHED:
        raise WrongState(_("轮次已公布，不能再改。"))
    unknown = sorted(set(fields) - EDITABLE)
    if unknown:
        raise TypeError(f"change_round() got unexpected fields {unknown}")
    if fields.get("closes_on", round.closes_on) != round.closes_on:
        _check_terms(queries.terms_by_ids(round.term_ids), fields["closes_on"])
    today, promised, window = local(now).date(), round.closes_on, (round.opens_on, round.closes_on)
    closes_on = fields.get("closes_on", promised)
    is_earlier = round.state is RoundState.OPEN and closes_on < promised
    if is_earlier and closes_on < today:
        raise BadPlacement(_("填报正在进行，截止日期不能改到今天（%(day)s）以前。现在就要截止请用“提前关闭填报”。", day=today), field="closes_on")
    _set(round, fields)
    if round.state is RoundState.PLANNED:
        round.state, round.plan = RoundState.CLOSED, None
    session().flush()
    if priorities is not None:
        fields["priorities"] = _put_in_order(round, priorities)
    if is_earlier and round.opens_on == window[0]:
        tell(
            queries.persons_of_round(round, today),
            kind="placements.round_moved",
            message=N_("“%(title)s”的志愿填报改为 %(day)s 24 时截止（原定 %(before)s），请在此之前填好。"),
            url=f"/placements/rounds/{round.id}/preferences",
            key=f"round:{round.id}:moved:{now.isoformat()}",
            now=now,
            title=round.title,
            day=round.closes_on.isoformat(),
            before=promised.isoformat(),
        )
    elif round.state is RoundState.OPEN and (round.opens_on, round.closes_on) != window:
        tell(
            queries.persons_of_round(round, today),
            kind="placements.round_moved",
            message=N_("“%(title)s”的志愿填报时间改为 %(a)s 至 %(day)s 24 时（原定 %(from)s 至 %(before)s）。"),
            url=f"/placements/rounds/{round.id}/preferences",
            key=f"round:{round.id}:moved:{now.isoformat()}",
            now=now,
            title=round.title,
            a=round.opens_on.isoformat(),
            day=round.closes_on.isoformat(),
            before=promised.isoformat(),
            **{"from": window[0].isoformat()},
        )
    audit.record(by=by, did="placements.round.changed", on=round, data=fields)
    return round


def open_round(*, round: Round, by: Identity, now: datetime) -> Round:
    """Let students choose from `opens_on` to 23:59:59 of `closes_on`; tells them. Doing it again changes nothing."""
    if round.state is RoundState.OPEN:
        return round
    if round.state is RoundState.PUBLISHED:
        raise WrongState(_("轮次已公布，不能重新开放。"))
    if local(now).date() > round.closes_on:
        raise WrongState(_("截止日期 %(day)s 已过，请先修改日期。", day=round.closes_on), code="deadline_over")
    _check_terms(queries.terms_by_ids(round.term_ids), round.closes_on)
    round.state, round.plan = RoundState.OPEN, None
    session().flush()
    audit.record(by=by, did="placements.round.opened", on=round)
    tell(
        queries.persons_of_round(round, local(now).date()),
        kind="placements.round_open",
        message=N_("“%(title)s”开放填报实习志愿，%(day)s 24 时前可反复修改。"),
        url=f"/placements/rounds/{round.id}/preferences",
        key=f"round:{round.id}:open:{round.closes_on.isoformat()}",
        now=now,
        title=round.title,
        day=round.closes_on.isoformat(),
    )
    return round


def close_round(*, round: Round, by: Identity, now: datetime) -> Round:
    """Lock the preferences. Doing it again changes nothing.

    Before its last day is over the last day becomes today, and the students are told: lists and calendars show no day that is
    promised no longer.
    """
    if round.state is RoundState.OPEN:
        today, promised = local(now).date(), round.closes_on
        round.state = RoundState.CLOSED
        if today <= promised:
            round.closes_on = max(today, round.opens_on)
        session().flush()
        audit.record(by=by, did="placements.round.closed", on=round, data={"closes_on": [promised, round.closes_on]})
        if today <= promised:
            tell(
                queries.persons_of_round(round, today),
                kind="placements.round_closed_early",
                message=N_("“%(title)s”的志愿填报已提前截止（原定 %(day)s），你最后保存的志愿会参加安排。"),
                url=f"/placements/rounds/{round.id}/preferences",
                key=f"round:{round.id}:closed:{now.isoformat()}",
                now=now,
                title=round.title,
                day=promised.isoformat(),
            )
    elif round.state is RoundState.DRAFT:
        raise WrongState(_("轮次还没有开放。"))
    return round


def save_preferences(
    *, round: Round, student: Student, position_ids: Sequence[int], by: Identity, now: datetime, shown: Sequence[int] | None = None
) -> list[Preference]:
    """Save a student's ranked list (best first); it replaces the one before and may be saved again until the deadline.

    `shown`: the stored list as the page had shown it; what was saved elsewhere since is not overwritten. What stands in the list may
    stay, be moved or dropped also when it has become ineligible, or one too many.

    Raises WrongState when the window is not open, Stale, BadPlacement when the round is not for the student, a new position is not eligible, one is named twice or one too many.
    """
    # The lock on the round makes two saves of one student queue up: the second sees the rows of the first.
    hold_round(round)
    today = local(now).date()
    if round.state in (RoundState.CLOSED, RoundState.PLANNED, RoundState.PUBLISHED):
        raise WrongState(_("“%(title)s”的志愿填报已于 %(b)s 截止。", title=round.title, b=round.closes_on), code="window_closed")
    if round.state is not RoundState.OPEN or not rules.is_open(round.opens_on, round.closes_on, today):
        raise WrongState(
            _("“%(title)s”现在不能填报志愿（填报时间：%(a)s 至 %(b)s 24 时）。", title=round.title, a=round.opens_on, b=round.closes_on),
            code="window_closed",
        )
    if student.cohort_id != round.cohort_id:
        raise BadPlacement(_("这个轮次不面向你的年级。"))
    if not people.is_petoe(student, today):
        raise BadPlacement(_("这个轮次只安排参加卓越计划的学生。"), code="not_petoe")
    wanted = list(position_ids)
    known = queries.preferences_of(round.id, student.id)
    saved = [row.position_id for row in known]
    if saved == wanted:
        return known
    if shown is not None and saved != list(shown):
        raise Stale(_("你的志愿刚在别处改过，这次操作没有保存。请核对下面的志愿后再操作。"))
    eligible = {choice.position_id for choice in lawful.choices(round, student) if choice.is_eligible}
    problem = rules.check_preferences(wanted, eligible=eligible.union(saved), most=max(round.max_preferences, len(saved)))
    if problem is not None:
        raise BadPlacement(str(labels.PREFERENCE_PROBLEMS[problem]) % {"most": round.max_preferences}, field="ranks", code=problem.value)
    for row in known:
        session().delete(row)
    session().flush()
    rows = [
        Preference(round_id=round.id, student_id=student.id, rank=rank, position_id=position_id, saved_at=now)
        for rank, position_id in enumerate(wanted, start=1)
    ]
    session().add_all(rows)
    session().flush()
    audit.record(by=by, did="placements.preferences.saved", on=round, data={"student": student.id, "positions": wanted})
    return rows
