"""An enterprise has to be verified anew, or leaves a base, and comes back: offers rest and placements stand; whom it concerns is told of either."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from enterprises.placements import queries
from enterprises.placements.models import Placement, Position, Round
from enterprises.placements.operations._support import tell, tell_hosts
from enterprises.placements.types import RoundState, SeatDecision
from trainhub.identity import queries as identities
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.clock import local
from trainhub.kernel.i18n import N_
from trainhub.notifications.operations import notify
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind
from trainhub.programmes import queries as programmes

UNVERIFIED = {
    "hosts": N_("“%(name)s”的登记信息有改动，须由主管部门重新核验；核验之前岗位不参加新的安排，已有的实习安排照常进行。"),
    "placed": N_("“%(name)s”正在重新核验，那里的一项实习安排照常进行，结果会另行通知。"),
    "ranked": N_("你填报的岗位“%(title)s”所在企业正在重新核验，名次保留；核验通过后照常参加安排。"),
    "heads": N_("“%(name)s”正在重新核验：有 %(n)d 项实习安排在那里，照常进行；%(k)d 个岗位暂不参加进行中的轮次。"),
}
VERIFIED = {
    "hosts": N_("“%(name)s”已通过核验，岗位可以提交审核，已通过审核的照常参加安排。"),
    "placed": N_("“%(name)s”已重新通过核验，那里的实习安排照常进行。"),
    "ranked": N_("你填报的岗位“%(title)s”所在企业已通过核验，你的志愿照常参加安排。"),
    "heads": N_("“%(name)s”已重新通过核验：有 %(n)d 项实习安排在那里，%(k)d 个岗位照常参加进行中的轮次。"),
}
LEFT = {
    "hosts": N_("“%(name)s”不再是“%(base)s”的共建单位：在那里的岗位不再接收学生，已有的实习安排由学校处理。"),
    "placed": N_("“%(name)s”不再是“%(base)s”的共建单位，那里的一项实习安排照常进行，学校会核对是否须更换单位。"),
    "ranked": N_("你填报的岗位“%(title)s”不再接收：企业已不再共建这个基地。志愿还开放的，请调整。"),
    "heads": N_(
        "“%(name)s”不再是“%(base)s”的共建单位：有 %(n)d 项实习安排在那里，请核对协议、保险和指导教师，须更换的请更换单位；%(k)d 个岗位不再参加进行中的轮次。"
    ),
}
JOINED = {
    "hosts": N_("“%(name)s”又是“%(base)s”的共建单位，在那里已通过审核的岗位照常参加安排。"),
    "placed": N_("“%(name)s”又是“%(base)s”的共建单位，那里的实习安排照常进行。"),
    "ranked": N_("你填报的岗位“%(title)s”重新接收，你的志愿照常参加安排。"),
    "heads": N_("“%(name)s”又是“%(base)s”的共建单位：有 %(n)d 项实习安排在那里，%(k)d 个岗位照常参加进行中的轮次。"),
}


def verification_changed(*, organisation: Organisation, is_verified: bool, by: Identity, now: datetime) -> None:
    """An enterprise lost its verification, or has it (again); see `organisations.operations.VERIFICATION`."""
    if organisation.kind is OrganisationKind.ENTERPRISE:
        kind = "placements.host_verified" if is_verified else "placements.host_unverified"
        _tell(organisation, None, kind, VERIFIED if is_verified else UNVERIFIED, by, now)


def hosting_changed(*, base: Organisation, organisation: Organisation, is_host: bool, by: Identity, now: datetime) -> None:
    """An enterprise left a base, or is a partner of it again; see `organisations.operations.HOSTING`."""
    if organisation.kind is OrganisationKind.ENTERPRISE:
        kind = "placements.host_joined" if is_host else "placements.host_left"
        _tell(organisation, base, kind, JOINED if is_host else LEFT, by, now)


def _tell(enterprise: Organisation, base: Organisation | None, kind: str, said: dict[str, str], by: Identity, now: datetime) -> None:
    """Tell students and mentors of the placements there, who ranks what is offered there, the enterprise, and the heads of both."""
    going = [row for row in queries.going_at_unit(enterprise.id) if base is None or row.base_id == base.id]
    offers = [row for row in queries.offers_of_unit(enterprise.id) if base is None or row.base_id == base.id]
    key, named = (
        f"{kind}:{enterprise.id}:{base.id if base else 0}:{now.isoformat()}",
        {"name": enterprise.name, **({"base": base.name} if base else {})},
    )
    rounds = _rounds(offers)
    if base is None or going or offers:
        tell_hosts(enterprise.id, by=by, kind=kind, message=said["hosts"], now=now, url="/placements/positions", key=key, **named)
    for row in going:
        persons = [queries.person_of_student(row.student_id), queries.person_of_mentor(row.mentor_id)]
        tell(persons, kind=kind, message=said["placed"], now=now, url=f"/placements/{row.id}", key=f"{key}:{row.id}", **named)
    for offer in offers:
        for round_, ranking in queries.rankers_of(offer.id):
            url, one = f"/placements/rounds/{round_.id}/preferences", f"{key}:ranked:{offer.id}:{round_.id}"
            tell(ranking, kind=kind, message=said["ranked"], now=now, url=url, key=one, title=offer.title)
    _tell_heads(going, rounds, kind, said["heads"], named, key, by, now)


def _rounds(offers: Sequence[Position]) -> list[tuple[Round, int]]:
    """The rounds that run for which something of the offers was approved, with how many of them."""
    if not offers:
        return []
    seats = queries.seats_of_positions([offer.id for offer in offers])
    terms = {key: {row.term_id for row in rows if row.seats and row.decision is SeatDecision.APPROVED} for key, rows in seats.items()}
    running = [row for row in queries.rounds_over(*{one for found in terms.values() for one in found}) if row.state is not RoundState.DRAFT]
    return [(row, sum(bool(found & set(row.term_ids)) for found in terms.values())) for row in running]


def _tell_heads(
    going: Sequence[Placement],
    rounds: Sequence[tuple[Round, int]],
    kind: str,
    message: str,
    named: dict[str, str],
    key: str,
    by: Identity,
    now: datetime,
) -> None:
    """One notice for each programme that has somebody there, or a round that runs over what is offered there."""
    placed, offered = Counter(queries.student(row.student_id).programme_id for row in going), dict[int, int]()
    for round_, count in rounds:
        offered[round_.programme_id] = max(count, offered.get(round_.programme_id, 0))
    today, told = local(now).date(), set[int]()
    for programme_id in sorted({*placed, *offered}):
        programme = programmes.by_id(programme_id)
        assert programme is not None
        heads = {
            *identities.accounts_holding(Role.PROGRAMME_ADMIN, today=today, programme_id=programme_id),
            *identities.accounts_holding(Role.UNIVERSITY_ADMIN, today=today, organisation_id=programme.university_id),
        }
        notify(
            account_ids=heads - told - {by.account_id},
            kind=kind,
            message=message,
            values={**named, "n": placed[programme_id], "k": offered.get(programme_id, 0)},
            url="/placements/?state=going" if placed[programme_id] else "/placements/positions",
            unique_key=f"{key}:heads:{programme_id}",
            now=now,
        )
        told |= heads
