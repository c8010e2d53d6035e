"""An enterprise has to be verified anew, or leaves a base, and comes back: offers rest and placements stand; whom it concerns is told of either."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from enterprises.placements import queries
from enterprises.placements.models import Position, Round
from enterprises.placements.operations._support import tell_hosts
from enterprises.placements.queries.hosting import There, open_terms, people_at_unit
from enterprises.placements.queries.resting import rankers_of_many
from enterprises.placements.types import Gone, RoundState
from trainhub.identity import queries as identities
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.clock import local
from trainhub.kernel.i18n import N_
from trainhub.notifications.operations import Telling, notify_each
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind
from trainhub.programmes import queries as programmes

UNVERIFIED = {
    "hosts": N_("“%(name)s”的登记信息有改动，须由主管部门重新核验；核验之前岗位不参加新的安排，已有的实习安排照常进行。"),
    "placed": N_("“%(name)s”正在重新核验，那里与你有关的 %(n)d 项实习安排照常进行，结果会另行通知。"),
    "ranked": N_("你填报的岗位“%(title)s”所在企业正在重新核验，名次保留；核验通过后照常参加安排。"),
    "heads": N_("“%(name)s”正在重新核验：有 %(n)d 项实习安排在那里，照常进行；%(k)d 个岗位暂不参加进行中的轮次。"),
}
VERIFIED = {
    "hosts": N_("“%(name)s”已通过核验，岗位可以提交审核，已通过审核的照常参加安排。"),
    "placed": N_("“%(name)s”已重新通过核验，那里与你有关的 %(n)d 项实习安排照常进行。"),
    "ranked": N_("你填报的岗位“%(title)s”所在企业已通过核验，你的志愿照常参加安排。"),
    "heads": N_("“%(name)s”已重新通过核验：有 %(n)d 项实习安排在那里，%(k)d 个岗位照常参加进行中的轮次。"),
}
LEFT = {
    "hosts": N_("“%(name)s”不再是“%(base)s”的共建单位：在那里的岗位不再接收学生，已有的实习安排由学校处理。"),
    "placed": N_("“%(name)s”不再是“%(base)s”的共建单位，那里与你有关的 %(n)d 项实习安排照常进行，学校会核对是否须更换单位。"),
    "ranked": N_("你填报的岗位“%(title)s”不再接收：企业已不再共建这个基地。志愿还开放的，请调整。"),
    "heads": N_(
        "“%(name)s”不再是“%(base)s”的共建单位：有 %(n)d 项实习安排在那里，请核对协议、保险和指导教师，须更换的请更换单位；%(k)d 个岗位不再参加进行中的轮次。"
    ),
}
JOINED = {
    "hosts": N_("“%(name)s”又是“%(base)s”的共建单位，在那里已通过审核的岗位照常参加安排。"),
    "placed": N_("“%(name)s”又是“%(base)s”的共建单位，那里与你有关的 %(n)d 项实习安排照常进行。"),
    "ranked": N_("你填报的岗位“%(title)s”重新接收，你的志愿照常参加安排。"),
    "heads": N_("“%(name)s”又是“%(base)s”的共建单位：有 %(n)d 项实习安排在那里，%(k)d 个岗位照常参加进行中的轮次。"),
}


def verification_changed(*, organisation: Organisation, is_verified: bool, by: Identity, now: datetime) -> None:
    """An enterprise lost its verification, or has it (again); see `organisations.operations.VERIFICATION`."""
    if organisation.kind is OrganisationKind.ENTERPRISE:
        kind = "placements.host_verified" if is_verified else "placements.host_unverified"
        _tell(organisation, None, kind, VERIFIED if is_verified else UNVERIFIED, by, now, None if is_verified else Gone.UNVERIFIED)


def hosting_changed(*, base: Organisation, organisation: Organisation, is_host: bool, by: Identity, now: datetime) -> None:
    """An enterprise left a base, or is a partner of it again; see `organisations.operations.HOSTING`."""
    if organisation.kind is OrganisationKind.ENTERPRISE:
        kind = "placements.host_joined" if is_host else "placements.host_left"
        _tell(organisation, base, kind, JOINED if is_host else LEFT, by, now, None if is_host else Gone.LEFT_BASE)


def _tell(
    enterprise: Organisation, base: Organisation | None, kind: str, said: dict[str, str], by: Identity, now: datetime, despite: Gone | None
) -> None:
    """Tell students and mentors of the placements there, who ranks what is on offer there, the enterprise, and the heads of both: each account once
    of either. What is (or, `despite` what it has just lost, was) on offer for other reasons neither is no news to anybody."""
    going = people_at_unit(enterprise.id, base.id if base else None)
    offers = [row for row in queries.offers_of_unit(enterprise.id) if base is None or row.base_id == base.id]
    opened = open_terms([offer.id for offer in offers], despite=despite)
    named = {"name": enterprise.name, **({"base": base.name} if base else {})}
    key = f"{kind}:{enterprise.id}:{base.id if base else 0}:{now.isoformat()}"
    if base is None or going or offers:
        tell_hosts(enterprise.id, by=by, kind=kind, message=said["hosts"], now=now, url="/placements/positions", key=key, **named)
    notify_each(
        [
            *_placed(going, Telling(0, kind, said["placed"], named, "/placements/", f"{key}:placed")),
            *_ranking(offers, opened, Telling(0, kind, said["ranked"], {}, "", f"{key}:ranked")),
            *_heads(going, _rounds(opened), Telling(by.account_id or 0, kind, said["heads"], named, "", f"{key}:heads"), now),
        ],
        now=now,
    )


def _to(account_id: int, told: Telling, url: str, **values: Any) -> Telling:
    return Telling(account_id, told.kind, told.message, {**told.values, **values}, url, told.unique_key)


def _placed(going: Sequence[There], told: Telling) -> Iterable[Telling]:
    """Students and mentors, with how many of the placements are theirs: of all rows of a human who has one account, since they hear once."""
    theirs: dict[int, set[int]] = {}
    for row in going:
        for person_id in (row.student, row.mentor):
            if person_id is not None:
                theirs.setdefault(person_id, set()).add(row.id)
    by_account: dict[int, set[int]] = {}
    for person_id, account_id in identities.accounts_of_persons(theirs.keys()).items():
        by_account.setdefault(account_id, set()).update(theirs[person_id])
    for account_id, mine in by_account.items():
        yield _to(account_id, told, f"/placements/{min(mine)}" if len(mine) == 1 else told.url, n=len(mine))


def _ranking(offers: Sequence[Position], opened: Mapping[int, set[int]], told: Telling) -> Iterable[Telling]:
    """Who ranks something of it in a round that runs, with the names: only what the round has to give."""
    titles, wishes = {offer.id: offer.title for offer in offers}, dict[int, tuple[int, list[str]]]()
    for position_id, round_, persons in rankers_of_many(opened.keys()):
        if opened[position_id] & set(round_.term_ids):
            for person_id in persons:
                wishes.setdefault(person_id, (round_.id, []))[1].append(titles[position_id])
    by_account: dict[int, tuple[int, list[str]]] = {}
    for person_id, account_id in identities.accounts_of_persons(wishes.keys()).items():
        by_account.setdefault(account_id, (wishes[person_id][0], []))[1].extend(wishes[person_id][1])
    for account_id, (round_id, ranked) in by_account.items():
        yield _to(account_id, told, f"/placements/rounds/{round_id}/preferences", title="、".join(dict.fromkeys(ranked)))


def _rounds(opened: Mapping[int, set[int]]) -> list[tuple[Round, set[int]]]:
    """The rounds that run and have something of what is on offer to give, with which positions."""
    rounds = queries.rounds_over(*{one for found in opened.values() for one in found}) if opened else []
    return [(row, {key for key, terms in opened.items() if terms & set(row.term_ids)}) for row in rounds if row.state is not RoundState.DRAFT]


def _heads(going: Sequence[There], rounds: Sequence[tuple[Round, set[int]]], told: Telling, now: datetime) -> Iterable[Telling]:
    """Who heads a programme that has somebody there, or a round over what is offered there, hears of the programme; who answers for the university
    of all its programmes, once. Not who did it (the account of `told`)."""
    schools = {row.programme_id: row.university_id for row in going}
    schools |= {one.id: one.university_id for one in programmes.by_ids({row.programme_id for row, _offered in rounds} - schools.keys())}
    placed, offered = Counter[tuple[Role, int]](), dict[tuple[Role, int], set[int]]()
    for row in going:
        placed.update([(Role.UNIVERSITY_ADMIN, row.university_id), (Role.PROGRAMME_ADMIN, row.programme_id)])
    for round_, positions in rounds:
        for at in ((Role.UNIVERSITY_ADMIN, schools[round_.programme_id]), (Role.PROGRAMME_ADMIN, round_.programme_id)):
            offered.setdefault(at, set()).update(positions)
    today, whole = local(now).date(), dict[int, set[int]]()
    for role, over in sorted({*placed, *offered}, key=lambda at: (at[0] is not Role.UNIVERSITY_ADMIN, at[1])):
        where: dict[str, Any] = {"organisation_id" if role is Role.UNIVERSITY_ADMIN else "programme_id": over}
        accounts = set(identities.accounts_holding(role, today=today, **where)) - {told.account_id}
        if role is Role.UNIVERSITY_ADMIN:
            whole[over] = accounts
        else:  # who answers for this very university is told of all its programmes at once; who does for another one heads this programme only
            accounts -= whole[schools[over]]
        count = placed[role, over]
        for account_id in sorted(accounts):
            one = _to(
                account_id, told, "/placements/?state=going" if count else "/placements/positions", n=count, k=len(offered.get((role, over), ()))
            )
            yield replace(one, unique_key=f"{told.unique_key}:{role.value}:{over}")
