"""A placement that was ended too soon goes on: days of it may be logged again, and what it brought follows when it ends anew."""

from __future__ import annotations

from datetime import date, datetime

from enterprises.placements import queries, rules
from enterprises.placements.models import Placement
from enterprises.placements.operations._support import BadPlacement, NoSeat, WrongState, hold, take_seats, tell, tell_hosts
from enterprises.placements.operations.conflicts import release_again
from enterprises.placements.operations.holding import hold_bases
from enterprises.placements.operations.leave import put_back
from enterprises.placements.operations.placing import check_room
from enterprises.placements.types import PlacementState
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_, _


def reopen_placement(*, placement: Placement, reason: str, today: date, by: Identity, now: datetime) -> Placement:
    """The school opens a placement that is over again: until it is ended anew days, logs and photos are entered as before. Again changes nothing.

    One that was ended early lasts to the end of its term again (`_take_time_back`) and takes its seat back. Mark and milestone stay; training and
    certificate follow every day that is confirmed or corrected meanwhile (`has_brought`), and its new last day when it ends (`conclude`). Raises WrongState for what is not over, or where the student is placed elsewhere in the time that
    comes back; NoSeat; BadPlacement without a reason.
    """
    hold_bases([placement.base_id])  # bases before placements, as a repair does
    hold(placement)
    if placement.state is PlacementState.STARTED:
        return placement
    if placement.state is not PlacementState.FINISHED:
        raise WrongState(_("只有已结束的实习可以重新打开；已撤销的请重新安排。"))
    if not reason.strip():
        raise BadPlacement(_("请写明重新打开的理由。"), field="reason")
    before = placement.ends_on
    if placement.ended_early_on is not None:
        _take_time_back(placement)
    placement.state, placement.finished_on, placement.ended_early_on, placement.withdrawal_reason = PlacementState.STARTED, None, None, ""
    session().flush()
    for event in queries.events_of(placement.id):  # what was leave no longer, and lay behind the early end
        put_back(event, placement)
    release_again(placement, by=by, now=now)
    data = {"reason": reason.strip()[:400], "before": before, "until": placement.ends_on}
    audit.record(by=by, did="placements.placement.reopened", on=placement, data=data)
    said = {
        "kind": "placements.reopened",
        "message": N_("一项已结束的实习由学校重新打开，可以补登、确认实习日，理由：%(reason)s"),
        "url": f"/placements/{placement.id}",
        "reason": data["reason"],
    }
    tell([queries.person_of_student(placement.student_id), queries.person_of_mentor(placement.mentor_id)], now=now, **said)  # type: ignore[arg-type]
    tell_hosts(placement.enterprise_id, by=by, now=now, **said)  # type: ignore[arg-type]
    return placement


def _take_time_back(placement: Placement) -> None:
    """The rest of the term and the seat, unless student, seat or base are taken by now; until the day before another placement that is over
    too, which nobody can withdraw or end any more."""
    term = queries.term(placement.term_id)
    assert term is not None
    rest = (placement.ends_on + rules.ONE_DAY, term.ends_on)
    for other in queries.live_of_student(placement.student_id):
        shares = rules.spans_overlap((other.starts_on, other.ends_on), rest)
        lasts = other.term_id == placement.term_id and other.ended_early_on is None  # one alone lasts as long as the term asks
        if other.id == placement.id or not (shares or lasts):
            continue
        if other.state is PlacementState.FINISHED and lasts:
            said = _("这名学生从 %(day)s 起的另一项安排已按期结束，请先重新打开那项安排，再提前结束。", day=other.starts_on)
            raise WrongState(said, code="placed_elsewhere")
        if other.state is PlacementState.FINISHED:
            rest = (rest[0], min(rest[1], other.starts_on - rules.ONE_DAY))
        else:
            raise WrongState(_("这名学生从 %(day)s 起已有另一项安排，请先撤销或提前结束那项安排。", day=other.starts_on), code="placed_elsewhere")
    if rest[0] <= rest[1]:
        check_room(placement.base_id, [rest])
    if not take_seats(placement.position_id, placement.term_id, 1):
        raise NoSeat(_("提前结束时空出的席位已被占用，请先增加席位。"))
    placement.ends_on = max(placement.ends_on, rest[1])
