"""An offer that students rank in a round that runs is changed, comes back or goes: they, and who answers for the round, are told."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime

from enterprises.placements import queries
from enterprises.placements.models import Position, PositionSeats, Round, Term
from enterprises.placements.operations._support import BadPlacement, tell, tell_hosts
from enterprises.placements.queries.hosting import open_terms
from enterprises.placements.queries.resting import offered_by_enterprise, offered_terms
from enterprises.placements.types import RoundState, SeatDecision
from trainhub.identity import queries as identities
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.clock import local
from trainhub.kernel.i18n import N_, _, listed
from trainhub.notifications.operations import notify
from trainhub.programmes import queries as programmes


def ranked(position: Position, term_ids: Collection[int] | None = None) -> int:
    """How many students rank a position in rounds that run (over some terms)."""
    return sum(len(persons) for _round, persons in queries.rankers_of(position.id, term_ids))


def demand_known(position: Position, term_ids: Collection[int], *, is_known: bool, titles: Collection[str] = (), gone: Collection[int] = ()) -> None:
    """Whoever takes an offer out of a round that runs says that they know it. `titles`: of the terms, where other terms may stay; `gone`: the terms whose
    seats are given up at once. Raises BadPlacement with how many students rank it."""
    count = 0 if is_known else ranked(position, term_ids)
    if count and titles and _stays_elsewhere(position, term_ids, gone):
        said = _(
            "有 %(n)d 名学生在进行中的轮次填报了这个岗位：保存后“%(terms)s”的席位须学校重新审核，通过前不参加安排，其他学期照常，学校会收到通知。确认要保存的，请勾选“仍要保存”。",
            n=count,
            terms=listed(titles),
        )
        raise BadPlacement(said, field="goes_on", code="ranked")
    if count:
        said = _(
            "有 %(n)d 名学生在进行中的轮次填报了这个岗位：保存后须学校重新审核，通过前暂不参加安排，他们和学校会收到通知。确认要保存的，请勾选“仍要保存”。",
            n=count,
        )
        raise BadPlacement(said, field="goes_on", code="ranked")


def _stays_elsewhere(position: Position, term_ids: Collection[int], gone: Collection[int]) -> bool:
    """Whether every round in which students rank it over these terms has another one in which it stays on offer: no wish rests then."""
    others = open_terms([position.id]).get(position.id, set()) - {*term_ids, *gone}
    return all(others & set(round_.term_ids) for round_, _persons in queries.rankers_of(position.id, term_ids))


RESTS = N_("轮次“%(round)s”进行中，企业修改了岗位“%(title)s”，有 %(n)d 名学生填报了它：审核通过前不参加安排，请尽快审核。")
RESTS_PARTLY = N_(
    "轮次“%(round)s”进行中，企业修改了岗位“%(title)s”在部分学期的席位，其他学期照常，有 %(n)d 名学生填报了它：审核通过前这些学期的席位不参加安排，请尽快审核。"
)


def tell_resting(position: Position, term_ids: Collection[int], *, by: Identity, now: datetime) -> None:
    """An offer that was approved for some terms waits for the schools again: who ranks it keeps the wish, the heads are asked to hurry. Students hear
    nothing in a round that has another term in which it is still on offer: there the wish counts as before."""
    opened = open_terms([position.id]).get(position.id, set())
    for round_, persons in queries.rankers_of(position.id, term_ids):
        is_open = round_.state is RoundState.OPEN
        tell(
            [] if opened & set(round_.term_ids) else persons,
            kind="placements.position_rests",
            message=N_("你填报的岗位“%(title)s”有修改，正等待学校重新审核；名次保留，通过后照常参加安排。%(day)s 24 时前仍可调整志愿。")
            if is_open
            else N_("你填报的岗位“%(title)s”有修改，正等待学校重新审核；志愿已截止，名次保留，通过后照常参加安排。"),
            url=f"/placements/rounds/{round_.id}/preferences",
            key=f"position:{position.id}:rests:{round_.id}:{now.isoformat()}",
            now=now,
            title=position.title,
            **({"day": round_.closes_on.isoformat()} if is_open else {}),
        )
        message = RESTS_PARTLY if opened & set(round_.term_ids) else RESTS
        _tell_heads(round_, position, "placements.offer_rests", message, len(persons), by, now)


def tell_back(position: Position, term_ids: Collection[int], *, before: Collection[int], now: datetime) -> None:
    """An offer that rested is approved (again) for some terms: who ranks it is told that the wish counts, unless it did: `before` are the terms in which
    it was on offer all the time; or unless the round has no term in which there are seats now."""
    opened = open_terms([position.id]).get(position.id, set())
    for round_, persons in queries.rankers_of(position.id, term_ids):
        if set(before) & set(round_.term_ids) or not opened & set(round_.term_ids):
            continue
        tell(
            persons,
            kind="placements.position_back",
            message=N_("你填报的岗位“%(title)s”已重新通过审核，你的志愿照常参加安排。"),
            url=f"/placements/rounds/{round_.id}/preferences",
            key=f"position:{position.id}:back:{round_.id}:{now.isoformat()}",
            now=now,
            title=position.title,
        )


def tell_gone(
    position: Position,
    term_ids: Collection[int] | None = None,
    *,
    by: Identity,
    now: datetime,
    tells_heads: bool = True,
    lost: Collection[int] | None = None,
) -> None:
    """A position is offered no more (over some terms): whoever ranks it in an open round still has time to rank another (nothing is said where the
    round has another term in which it is offered, or waits); who answers for a round that runs has to see whether its seats suffice, where students
    ranked it or seats went that were still to be had (`lost`: their terms, where the rows do not tell any more)."""
    kept, opened = offered_terms(position.id), open_terms([position.id]).get(position.id, set())
    ranking = queries.rankers_of(position.id, term_ids)
    for round_, persons in ranking:
        is_open = round_.state is RoundState.OPEN
        tell(
            [] if kept & set(round_.term_ids) else persons,
            kind="placements.position_gone",
            message=N_("你填报的岗位“%(title)s”不再接收，请在 %(day)s 24 时前调整志愿。")
            if is_open
            else N_("你填报的岗位“%(title)s”不再接收，不会参加安排；志愿已截止，学校会按你的其他志愿和剩余席位安排。"),
            url=f"/placements/rounds/{round_.id}/preferences",
            key=f"position:{position.id}:gone:{round_.id}:{now.isoformat()}",
            now=now,
            title=position.title,
            **({"day": round_.closes_on.isoformat()} if is_open else {}),
        )
    if tells_heads:
        counts = {round_.id: len(persons) for round_, persons in ranking}
        over = queries.rounds_over(*(_lost(position, term_ids) if lost is None else lost))
        running = {round_.id: round_ for round_ in (*over, *(one for one, persons in ranking if persons)) if round_.state is not RoundState.DRAFT}
        for round_ in running.values():
            others = set(round_.term_ids)
            message = STAYS_ELSEWHERE if opened & others else WAITS_ELSEWHERE if kept & others else GONE
            _tell_heads(round_, position, "placements.offer_gone", message, counts.get(round_.id, 0), by, now)


GONE = N_("轮次“%(round)s”进行中，岗位“%(title)s”不再接收，有 %(n)d 名学生填报了它：请核对席位，已计算的安排须重新计算。")
STAYS_ELSEWHERE = N_(
    "轮次“%(round)s”进行中，岗位“%(title)s”在一个或几个学期不再提供席位，其他学期照常，有 %(n)d 名学生填报了它：请核对席位，已计算的安排须重新计算。"
)

WAITS_ELSEWHERE = N_(
    "轮次“%(round)s”进行中，岗位“%(title)s”在一个或几个学期不再提供席位，其他学期的席位等待审核或暂不参加安排，有 %(n)d 名学生填报了它：请核对席位，已计算的安排须重新计算。"
)


def _lost(position: Position, term_ids: Collection[int] | None) -> set[int]:
    """The terms in which something goes that was still to be had: a place made for one student alone is nobody else's loss."""
    if term_ids is not None:
        return set(term_ids)
    return had(queries.seats_of_position(position.id))


def had(rows: Iterable[PositionSeats]) -> set[int]:
    """The terms of the rows in which seats were approved and not yet taken."""
    return {row.term_id for row in rows if row.decision is SeatDecision.APPROVED and row.seats > row.taken}


def _tell_heads(round_: Round, position: Position, kind: str, message: str, count: int, by: Identity, now: datetime) -> None:
    programme, today = programmes.by_id(round_.programme_id), local(now).date()
    assert programme is not None
    accounts = {
        *identities.accounts_holding(Role.PROGRAMME_ADMIN, today=today, programme_id=programme.id),
        *identities.accounts_holding(Role.UNIVERSITY_ADMIN, today=today, organisation_id=programme.university_id),
    }
    notify(
        account_ids=accounts - {by.account_id},
        kind=kind,
        message=message,
        values={"round": round_.title, "title": position.title, "n": count},
        url=f"/placements/positions/{position.id}",
        unique_key=f"position:{position.id}:{kind}:{round_.id}:{now.isoformat()}",
        now=now,
    )


def tell_term_moved(term: Term, before: tuple[date, date], *, by: Identity, now: datetime) -> None:
    """A term has other dates: each enterprise that offers seats in it agreed to the earlier ones, and students chose for them."""
    values = {"title": term.title, "a": term.starts_on.isoformat(), "b": term.ends_on.isoformat()}
    values |= {"c": before[0].isoformat(), "d": before[1].isoformat()}
    key = f"term:{term.id}:moved:{now.isoformat()}"
    for enterprise_id, seats in offered_by_enterprise(term.id).items():
        tell_hosts(
            enterprise_id,
            by=by,
            kind="placements.term_moved",
            message=N_(
                "实习学期“%(title)s”改为 %(a)s 至 %(b)s（原定 %(c)s 至 %(d)s）。你们企业在这个学期提供 %(n)d 个席位，不再合适的请修改席位或关闭岗位。"
            ),
            url="/placements/positions",
            key=f"{key}:{enterprise_id}",
            now=now,
            n=seats,
            **values,
        )
    for round_ in queries.rounds_over(term.id):
        if round_.state is not RoundState.DRAFT:
            tell(
                queries.persons_of_round(round_, local(now).date()),
                kind="placements.term_moved",
                message=N_("实习学期“%(title)s”改为 %(a)s 至 %(b)s（原定 %(c)s 至 %(d)s），请核对你的志愿和安排。"),
                url=f"/placements/rounds/{round_.id}/preferences",
                key=f"{key}:{round_.id}",
                now=now,
                **values,
            )
