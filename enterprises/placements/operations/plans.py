"""Plans of a round: asked for, computed, compared, adopted, published, mended. Nothing of a plan is visible before publication."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from enterprises.placements import planning, premises, queries
from enterprises.placements.models import Placement, Round, RoundPlan
from enterprises.placements.operations._support import BadPlacement, NoSeat, WrongState, hold, parameter, take_seats, tell, tell_hosts
from enterprises.placements.operations.holding import hold_bases, hold_round
from enterprises.placements.operations.placing import check_room, withdraw_placement
from enterprises.placements.operations.rounds import close_round
from enterprises.placements.queries.fallen import withdrawn_in
from enterprises.placements.types import Aim, PlanKind, PlanSettings, RoundState, WhatIf, WithdrawalSide
from trainhub.kernel import audit, jobs
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_, _, in_language, listed, say

TITLES = {
    PlanKind.PLAN: N_("计算“%(title)s”的安排"),
    PlanKind.WHAT_IF: N_("试算“%(title)s”"),
    PlanKind.REPAIR: N_("修补“%(title)s”的安排"),
}


def ask_for_plan(
    *,
    round: Round,
    by: Identity,
    now: datetime,
    kind: PlanKind = PlanKind.PLAN,
    settings: PlanSettings | None = None,
    what_ifs: Sequence[WhatIf] = (),
) -> jobs.Job:
    """Queue a computation; while the same one of the round waits or runs it is that one.

    Raises WrongState when the round is not ready for it, or another computation of the round is under way.
    """
    check_plannable(round, kind, now)
    _check_what_ifs(round, kind, what_ifs)
    if round.state is RoundState.OPEN and kind is PlanKind.PLAN:
        close_round(round=round, by=by, now=now)
    args: dict[str, Any] = {
        "kind": kind.value,
        "settings": (settings or planning.settings_of(round)).as_data(),
        "what_ifs": [one.as_data() for one in what_ifs],
    }
    hold_round(round)
    running = queries.running_plan_job(round.id)
    if running is not None:
        if {name: running.args.get(name) for name in args} == args:
            return running
        raise WrongState(_("这个轮次的另一项计算正在进行，完成后再试。"), code="plan_running")
    return jobs.ask("placements.plan", by=by, title=say(TITLES[kind], title=round.title), round_id=round.id, **args)


def check_plannable(round: Round, kind: PlanKind, now: datetime) -> None:
    """Refuse a computation that makes no sense in the round's state, or when there is no term left to place anybody in."""
    today = local(now).date()
    if all(term.starts_on <= today for term in queries.terms_by_ids(round.term_ids)):
        raise WrongState(_("本轮次的学期都已开始，不能再安排学生进入。请为以后的学期新建轮次；个别学生可直接安排或走自主联系。"), code="terms_begun")
    if kind is PlanKind.REPAIR:
        if round.state is not RoundState.PUBLISHED:
            raise WrongState(_("轮次公布之后才需要修补；公布之前请直接重新计算。"))
        return
    if round.state is RoundState.PUBLISHED:
        raise WrongState(_("轮次已公布，不能重新计算。有学生退出或岗位变动时请用“修补安排”。"))
    if round.state is RoundState.DRAFT:
        raise WrongState(_("轮次还没有开放填报，不能计算安排。"))
    if kind is PlanKind.PLAN and round.state is RoundState.OPEN and today <= round.closes_on:
        raise WrongState(_("填报到 %(day)s 24 时截止，请先关闭填报。", day=round.closes_on), code="still_open")


def _check_what_ifs(round: Round, kind: PlanKind, what_ifs: Sequence[WhatIf]) -> None:
    if bool(what_ifs) is not (kind is PlanKind.WHAT_IF):
        raise BadPlacement(_("请至少填写一项试算条件。"), field="what_ifs")
    offered = queries.offered_in(round.term_ids) if what_ifs else []
    positions, places = {row.id for row in offered}, {row.base_id for row in offered} - {None}
    for one in what_ifs:
        if one.base_id is None and (one.term_id not in round.term_ids or one.position_id is None):
            raise BadPlacement(_("请选择岗位和本轮次的学期。"), field="what_ifs")
        if one.base_id is not None and one.base_id not in places:
            raise BadPlacement(_("本轮次没有这个基地的岗位，请从列表中选择。"), field="base_id", code="unknown_base")
        if one.position_id is not None and one.position_id not in positions:
            raise BadPlacement(
                _("本轮次没有这个岗位（没有提供、未通过审核或已关闭），请从列表中选择。"), field="position_id", code="unknown_position"
            )
        if one.base_id is None and not -1000 <= one.seats <= 1000:
            raise BadPlacement(_("席位增减应在 -1000 至 1000 之间。"), field="seats")


def plan_round(*, round: Round, by: Identity, now: datetime, time_limit: float = 60.0) -> dict[str, Any]:
    """Compute the plan of a closed round at once and keep it in the round, invisible to students; the result is its summary.

    The same preferences, seats and seed give the same plan; computing again replaces it. Raises WrongState.
    """
    check_plannable(round, PlanKind.PLAN, now)
    if round.state is RoundState.OPEN:
        close_round(round=round, by=by, now=now)
    problem = planning.problem_of(round, today=local(now).date())
    plan = keep_plan(round=round, data=planning.compute(problem, now=now, time_limit=time_limit), by=by, now=now)
    return dict(plan.data["summary"])


def keep_plan(*, round: Round, data: dict[str, Any], by: Identity, now: datetime) -> RoundPlan:
    """Keep a computed plan beside the earlier ones; one without trial conditions becomes the one to publish.

    Of what was tried out the last own.placement.plans_kept stay, and what was adopted or published.
    """
    kind = PlanKind(data["kind"])
    check_plannable(round, kind, now)
    row = RoundPlan(round_id=round.id, number=queries.next_plan_number(round.id), kind=kind, data=data, made_by_id=by.account_id, made_at=now)
    session().add(row)
    session().flush()
    if kind is PlanKind.PLAN and PlanSettings.of(data["settings"]) == planning.settings_of(round):
        round.plan, round.state = {**data, "plan_id": row.id}, RoundState.PLANNED
        session().flush()
    for old in queries.plans_to_forget(round, keep=parameter("own.placement.plans_kept", local(now).date()).number):
        session().delete(old)
    audit.record(
        by=by,
        did="placements.round.planned",
        on=round,
        data={"number": row.number, "kind": kind.value, "summary": data["summary"], "result": data["result_hash"]},
    )
    return row


def adopt_plan(*, plan: RoundPlan, round: Round, by: Identity, now: datetime) -> Round:
    """Take one of the computed plans as the one to publish, with its settings. Doing it again changes nothing.

    Raises WrongState, also while students still choose: a window is ended by `close_round`, which tells them.
    """
    hold_round(round)
    if plan.round_id != round.id or plan.kind is not PlanKind.PLAN:
        raise WrongState(_("试算用的条件不是真的，不能公布。请先按试算结果调整席位，再重新计算。"))
    if round.state is RoundState.PUBLISHED:
        raise WrongState(_("轮次已公布，不能更换安排。"))
    if round.plan is not None and round.plan.get("plan_id") == plan.id:
        return round
    check_plannable(round, PlanKind.PLAN, now)
    settings = PlanSettings.of(plan.data["settings"])
    round.aim, round.same_enterprise, round.is_mentor_bound = Aim(settings.aim), settings.same_enterprise, settings.is_mentor_bound
    round.is_one_enterprise, round.is_wishes_first = settings.is_one_enterprise, settings.is_wishes_first
    round.plan, round.state = {**plan.data, "plan_id": plan.id}, RoundState.PLANNED
    session().flush()
    audit.record(by=by, did="placements.round.plan_adopted", on=round, data={"number": plan.number, "result": plan.data["result_hash"]})
    return round


def publish_round(*, round: Round, by: Identity, now: datetime) -> int:
    """Make the plan real: placements, seats taken, students told. All or nothing; publishing again makes none (0).

    Raises NoSeat when seats were taken meanwhile, WrongState without a plan or when the input has changed since.
    """
    hold_round(round)
    if round.state is RoundState.PUBLISHED:
        return 0
    if round.state is not RoundState.PLANNED or round.plan is None:
        raise WrongState(_("请先计算安排，核对后再公布。"))
    today = local(now).date()
    if planning.hash_of(planning.problem_of(round, today=today)) != round.plan["input_hash"]:
        raise WrongState(_("志愿、席位、学生名单或登记的实习日在计算之后有变化，请重新计算后再公布。"), code="plan_outdated")
    rows = _place(round, [row for row in round.plan["assignments"] if not row[4]], now)
    round.plan = {**round.plan, "published": _published(round)}
    round.state, round.published_at = RoundState.PUBLISHED, now
    session().flush()
    audit.record(by=by, did="placements.round.published", on=round, data={"placements": len(rows), "result": round.plan["result_hash"]})
    tell(
        queries.persons_of_round(round, today),
        kind="placements.round_published",
        message=N_("“%(title)s”的安排已公布，请查看并确认。"),
        url=f"/placements/rounds/{round.id}/result",
        key=f"round:{round.id}:published",
        now=now,
        title=round.title,
    )
    for enterprise_id, count in sorted(Counter(row.enterprise_id for row in rows).items()):
        tell_hosts(
            enterprise_id,
            by=by,
            kind="placements.host_placed",
            message=N_("“%(title)s”的安排已公布：你们企业新增 %(n)d 项实习安排，请查看并安排指导教师。"),
            url="/placements/",
            key=f"round:{round.id}:published:{enterprise_id}",
            now=now,
            title=round.title,
            n=count,
        )
    return len(rows)


def _published(round: Round) -> list[int]:
    """The computed plans that were made real, the first one first: none of them is ever forgotten. Of a round that did not note them, all that may
    have been: plans computed until it was published, and repairs."""
    known: dict[str, Any] = round.plan or {}
    if "published" in known:
        return list(known["published"])
    if round.published_at is None:
        return [known["plan_id"]] if "plan_id" in known else []
    may_have_been = (row for row in reversed(queries.plans_of(round.id)) if row.kind is not PlanKind.WHAT_IF)
    return [row.id for row in may_have_been if row.kind is PlanKind.REPAIR or row.made_at <= round.published_at]


def _settled(plan: RoundPlan, round: Round) -> list[int]:
    """The fallen places that a repair, or an earlier one, knew of. One of before rests on all that it saw, so that nothing fell since."""
    known: dict[str, Any] = round.plan or {}
    seen = plan.data["settled"] if "settled" in plan.data else withdrawn_in(round.id)
    return sorted({*known.get("settled", ()), *seen})


def _place(round: Round, new: Sequence[Sequence[Any]], now: datetime) -> list[Placement]:
    """Take the seats and make the placements of [student, term, position, rank, ...]. Raises NoSeat."""
    positions = queries.positions_by_ids({row[2] for row in new})
    terms = {term.id: term for term in queries.terms_by_ids(round.term_ids)}
    counts: dict[tuple[int, int], int] = {}
    for _student, term_id, position_id, *_rest in new:
        counts[position_id, term_id] = counts.get((position_id, term_id), 0) + 1
    coming: dict[int | None, list[tuple[date, date]]] = {}
    for _student, term_id, position_id, *_rest in new:
        coming.setdefault(positions[position_id].base_id, []).append((terms[term_id].starts_on, terms[term_id].ends_on))
    hold_bases(coming)
    for base_id, spans in coming.items():
        check_room(base_id, spans)
    for (position_id, term_id), count in sorted(counts.items()):
        if not take_seats(position_id, term_id, count):
            raise NoSeat(_("岗位“%(title)s”的席位已被占用，请重新计算后再公布。", title=positions[position_id].title))
    rows = [
        Placement(
            student_id=student_id,
            position_id=position_id,
            term_id=term_id,
            enterprise_id=positions[position_id].enterprise_id,
            base_id=positions[position_id].base_id,
            round_id=round.id,
            starts_on=terms[term_id].starts_on,
            ends_on=terms[term_id].ends_on,
            rank=rank,
            created_at=now,
        )
        for student_id, term_id, position_id, rank, *_rest in new
    ]
    session().add_all(rows)
    session().flush()
    return rows


def _check_premises(plan: RoundPlan, round: Round, today: date) -> None:
    """Refuse a repair whose premises do not hold any more; what it takes back is held. Raises WrongState (`plan_outdated`)."""
    settings = PlanSettings.of(plan.data["settings"])
    problem = planning.problem_of(round, today=today, kind=PlanKind.REPAIR, settings=settings)
    is_same = planning.hash_of(problem) == plan.data["input_hash"]
    before, parts = plan.data.get("premises"), (plan.data["assignments"], plan.data["removed"])
    if is_same:
        return
    if before is None or not (plan.data["removed"] or premises.new_of(plan.data["assignments"])):
        raise WrongState(_("安排、席位、学生名单或登记的实习日在计算之后有变化，请重新计算修补方案。"), code="plan_outdated")
    after = premises.premises_of(problem.case, problem.removable, *parts)
    if students := premises.changed(before, after):
        raise WrongState(
            _("%(who)s的安排、学籍、周数或可安排的学期在计算之后有变化，请重新计算修补方案。", who=_called(students)), code="plan_outdated"
        )
    if answered := [row for one in premises.answered_since(before, after) if (row := queries.placement(one)) is not None]:
        who = _called([row.student_id for row in answered])
        raise WrongState(_("要撤回的安排在计算之后已被确认或签署（%(who)s），请重新计算修补方案。", who=who), code="plan_outdated")
    if lost := premises.broken(problem.case, problem.removable, *parts):
        names = queries.position_names({post for _student, _term, post in lost})
        said = _("“%(what)s”的席位、接收条件或指导力量在计算之后有变化，请重新计算修补方案。", what=listed(sorted(names.values())[:3]))
        raise WrongState(said, code="plan_outdated")


def _called(student_ids: Collection[int]) -> str:
    """Some students by name, and how many more there are."""
    names = [f"{name}（{number}）" for number, name in sorted(queries.student_names(set(student_ids)).values())]
    return listed(names[:3]) if len(names) <= 3 else _("%(names)s等 %(n)d 名学生", names=listed(names[:3]), n=len(names))


def publish_repair(*, plan: RoundPlan, round: Round, by: Identity, now: datetime) -> tuple[int, int]:
    """Make a repair real: take back what it moves, place anew; started terms stay. Again changes nothing: (0, 0).

    The result is (placements made, placements taken back). What others did since it was computed (accepted, signed, logged days) is no matter. Raises
    WrongState (`plan_outdated`) when something of the students it touches has changed, when a place it takes back was accepted or signed meanwhile, or
    when what it gives cannot be any more; NoSeat.
    """
    if plan.round_id != round.id or plan.kind is not PlanKind.REPAIR:
        raise WrongState(_("这不是本轮次的修补方案。"))
    hold_round(round)
    if round.plan is not None and round.plan.get("repair_id") == plan.id:
        return 0, 0
    # Bases before seats, as everybody does who places students.
    hold_bases(row.base_id for row in queries.positions_by_ids({one[2] for one in plan.data["assignments"] if not one[4]}).values())
    with in_language("zh"):
        why = _("轮次“%(title)s”重新安排", title=round.title)  # the student reads it later, whichever language who publishes reads
    taken_back = [row for key in sorted(plan.data["removed"]) if (row := queries.placement(key)) is not None]
    for row in taken_back:  # placements before seats: a student who declines one of them at the same moment holds it and waits for its seat
        hold(row)
    _check_premises(plan, round, local(now).date())
    for row in taken_back:
        withdraw_placement(placement=row, reason=why, by=by, now=now, side=WithdrawalSide.SCHOOL, tells_hosts=False)
    session().flush()
    rows = _place(round, [row for row in plan.data["assignments"] if not row[4]], now)
    moved = sorted({*queries.moved_by_repairs(round), *plan.data["removed"]})
    published = list(dict.fromkeys([*_published(round), plan.id]))
    round.plan = {**plan.data, "repair_id": plan.id, "moved": moved, "published": published, "settled": _settled(plan, round)}
    session().flush()
    audit.record(
        by=by,
        did="placements.round.repaired",
        on=round,
        data={"made": len(rows), "removed": len(plan.data["removed"]), "result": plan.data["result_hash"]},
    )
    tell(
        {queries.person_of_student(row.student_id) for row in rows},
        kind="placements.round_repaired",
        message=N_("“%(title)s”的安排有调整，请查看并确认。"),
        url=f"/placements/rounds/{round.id}/result",
        key=f"round:{round.id}:repair:{plan.number}",
        now=now,
        title=round.title,
    )
    made, lost = Counter(row.enterprise_id for row in rows), Counter(row.enterprise_id for row in taken_back)
    for enterprise_id in sorted({*made, *lost}):
        tell_hosts(
            enterprise_id,
            by=by,
            kind="placements.host_repaired",
            message=N_("“%(title)s”的安排有调整：你们企业新增 %(a)d 项，撤回 %(b)d 项。"),
            url="/placements/",
            key=f"round:{round.id}:repair:{plan.number}:{enterprise_id}",
            now=now,
            title=round.title,
            a=made[enterprise_id],
            b=lost[enterprise_id],
        )
    return len(rows), len(plan.data["removed"])
