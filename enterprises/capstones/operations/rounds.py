"""A choice round is set up, changed as long as it is not published, and dropped when nobody has chosen in it."""

from __future__ import annotations

import secrets
from datetime import date, datetime

from enterprises.capstones import queries, rules
from enterprises.capstones.labels import ROUND_KINDS
from enterprises.capstones.models import ChoiceRound
from enterprises.capstones.operations._support import CapstoneRefused, WrongState, stop, tell
from enterprises.capstones.operations.arranging import against_days
from enterprises.capstones.queries.choosing import has_teams
from enterprises.capstones.types import ChoiceState, RoundKind
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import N_, _
from trainhub.notifications import operations as notifications
from trainhub.programmes.models import Cohort

SEEDS = 1 << 31  # nobody knows the one of a round before it is planned
CHOOSING_MOST = 366
"""Days from today within which choosing ends: a year that is mistyped would lock the cohort."""
ORDER = list(RoundKind)
TOLD_CHANGED = N_("毕业设计选题（%(kind)s）的填报时间改为 %(first)s 至 %(last)s 24 时")


def hold_round(round: ChoiceRound) -> None:
    """One act on a round at a time: who joins two teams at once would be in both, and a choice would be saved after the round has closed."""
    session().refresh(round, with_for_update={"key_share": True})


def create_choices(
    *, cohort: Cohort, kind: RoundKind, opens_on: date, closes_on: date, starts_on: date, ends_on: date, most: int = 5, seed: int | None = None,
    by: Identity, now: datetime,
) -> ChoiceRound:  # fmt: skip
    """Set up a round. One first round, then supplementary ones, then final ones, each after the one before is published. Raises CapstoneRefused.

    The seed of its lottery comes from the machine's secure source of randomness; it is kept, and shown with the plan.
    """
    session().refresh(cohort, with_for_update={"key_share": True})  # two rounds at once: the second sees the first
    today = local(now).date()
    _demand_possible(opens_on, closes_on, starts_on, ends_on, most, today)
    before = queries.rounds_of(cohort.id)
    if any(rules.holds_up(row.state, row.closes_on, today) for row in before):
        raise CapstoneRefused(_("这个年级还有未公布的轮次，先公布它，再开下一轮。"))
    _demand_order(kind, [row.kind for row in before if row.state is ChoiceState.PUBLISHED])
    row = ChoiceRound(
        programme_id=cohort.programme_id, cohort_id=cohort.id, kind=kind, opens_on=opens_on, closes_on=closes_on, starts_on=starts_on,
        ends_on=ends_on, most=most, seed=secrets.randbelow(SEEDS) if seed is None else seed, created_at=now,
    )  # fmt: skip
    session().add(row)
    session().flush()
    audit.record(by=by, did="capstones.round.created", on=row, data={"kind": kind, "opens_on": opens_on, "closes_on": closes_on})
    return row


def kinds_after(published: list[RoundKind]) -> list[RoundKind]:
    """Which kinds of rounds may follow those that are published."""
    if not published:
        return [RoundKind.FIRST]
    latest = max(ORDER.index(kind) for kind in published)
    return [kind for kind in ORDER[1:] if ORDER.index(kind) >= latest]


def _demand_order(kind: RoundKind, published: list[RoundKind]) -> None:
    if kind in kinds_after(published):
        return
    if not published:
        raise CapstoneRefused(_("补选和终轮在首轮公布之后进行。"), field="kind")
    raise CapstoneRefused(
        _(
            "首轮、补选、终轮依次进行，不能倒回：%(kind)s之后不再有%(asked)s。",
            kind=ROUND_KINDS[max(published, key=ORDER.index)],
            asked=ROUND_KINDS[kind],
        ),
        field="kind",
    )


def _demand_possible(opens_on: date, closes_on: date, starts_on: date, ends_on: date, most: int, today: date) -> None:
    """Refuse days on which nobody can choose, or of capstones that cannot be."""
    if closes_on < opens_on:
        raise CapstoneRefused(_("截止日期不能早于开始日期。"), field="closes_on")
    if closes_on < today:
        raise CapstoneRefused(_("填报截止 %(day)s 已经过去，没有人能填报。", day=closes_on.isoformat()), field="closes_on")
    if (closes_on - today).days > CHOOSING_MOST:
        raise CapstoneRefused(_("填报截止 %(day)s 离现在超过一年，请核对年份。", day=closes_on.isoformat()), field="closes_on")
    stop(against_days(starts_on, ends_on, today))
    if ends_on <= closes_on:
        raise CapstoneRefused(_("毕业设计在填报截止（%(day)s）之前就结束了，请核对日期。", day=closes_on.isoformat()), field="ends_on")
    if not 1 <= most <= 15:
        raise CapstoneRefused(_("志愿数应在 1 至 15 之间。"), field="most")


def change_choices(
    *, round: ChoiceRound, opens_on: date, closes_on: date, starts_on: date, ends_on: date, most: int, by: Identity, now: datetime,
    version: int | None = None,
) -> ChoiceRound:  # fmt: skip
    """Change the days of a round and how many topics one may rank: all of it before it is opened; while it is open the last day and the days of the
    capstones, and more topics; after it has closed the days of the capstones only, and it is computed anew. Who may choose is told of
    other days to choose. A repeat changes nothing. Raises WrongState once it is published, CapstoneRefused, Stale.
    """
    hold_round(round)
    if round.state is ChoiceState.PUBLISHED:
        raise WrongState(_("轮次已公布，不能再更改。"))
    check_version(round, version)
    before = {"opens_on": round.opens_on, "closes_on": round.closes_on, "starts_on": round.starts_on, "ends_on": round.ends_on, "most": round.most}
    after = {"opens_on": opens_on, "closes_on": closes_on, "starts_on": starts_on, "ends_on": ends_on, "most": most}
    if before == after:
        return round
    is_closed, today = round.state in (ChoiceState.CLOSED, ChoiceState.PLANNED), local(now).date()
    if is_closed and (opens_on, closes_on, most) != (round.opens_on, round.closes_on, round.most):
        raise CapstoneRefused(_("填报已经关闭，只能更改毕业设计的起止日期。"), field="closes_on")
    if round.state is ChoiceState.OPEN and (opens_on != round.opens_on or most < round.most):
        raise CapstoneRefused(_("已经开放填报：开始日期不能再改，志愿数只能增加。"), field="opens_on" if opens_on != round.opens_on else "most")
    _demand_possible(opens_on, today if is_closed else closes_on, starts_on, ends_on, most, today)
    round.opens_on, round.closes_on, round.starts_on, round.ends_on, round.most = opens_on, closes_on, starts_on, ends_on, most
    if round.state is ChoiceState.PLANNED:
        round.state, round.plan = ChoiceState.CLOSED, None
    session().flush()
    audit.record(by=by, did="capstones.round.changed", on=round, data={"before": before, "after": after})
    if round.state is ChoiceState.OPEN and before["closes_on"] != closes_on:
        tell(
            person_ids=[person.id for _student, person in queries.without_capstone(round.cohort_id)],
            kind="capstones.round_open",
            message=TOLD_CHANGED,
            values={"kind": notifications.word(ROUND_KINDS[round.kind]), "first": opens_on.isoformat(), "last": closes_on.isoformat()},
            url="/capstones/choices",
            now=now,
        )
    return round


def drop_choices(*, round: ChoiceRound, by: Identity) -> None:
    """Remove a round that was set up by mistake: not published, and nobody has chosen or formed a team in it. Raises WrongState, CapstoneRefused."""
    hold_round(round)
    if round.state is ChoiceState.PUBLISHED:
        raise WrongState(_("轮次已公布，不能删除。"))
    chose = len(queries.all_choices(round.id))
    if chose or has_teams(round.id):
        raise CapstoneRefused(_("已有 %(n)d 份志愿或小组，不能删除这一轮：请更改日期，或关闭后计算、公布。", n=chose), code="has_choices")
    audit.record(by=by, did="capstones.round.removed", on=round, data={"kind": round.kind, "cohort": round.cohort_id})
    session().delete(round)
    session().flush()
