"""Terms of a university, and the positions enterprises offer for them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from enterprises.bases import queries as bases
from enterprises.placements import labels, queries, rules
from enterprises.placements.lawful import is_on_campus, judge_offer
from enterprises.placements.models import Position, Term
from enterprises.placements.operations._support import BadPlacement, WrongState
from enterprises.placements.operations.resting import demand_known, tell_resting, tell_term_moved
from enterprises.placements.types import Gone, OfferState, SeatDecision
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import hold, session
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _, listed
from trainhub.kernel.numbers import FIRST_DAY, LAST_DAY, is_day
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.rules import is_code, normalise_code
from trainhub.organisations.types import SCHOOLS, OrganisationKind
from trainhub.policy.findings import Status

EDITABLE = frozenset(
    [
        "title",
        "description",
        "majors",
        "skills",
        "county_code",
        "base_id",
        "hours_per_day",
        "is_night_shift",
        "conditions",
        "unit_staff",
        "post_staff",
        "pay_fen",
        "post_pay_fen",
        "is_through_agency",
        "takes_fees",
        "is_unfit_for_minors",
        "is_unfit_for_women",
        "is_hard_labour",
    ]
)
MOST_WEEKS = 60
"""Longer than any term: a year and the holidays before and after it."""
JUDGED = EDITABLE - {"skills", "conditions", "county_code"}
"""What an approved offer is approved for: changing it asks the schools again."""


def create_term(
    *, university: Organisation, code: str, title: str, starts_on: date, ends_on: date, by: Identity, now: datetime, weeks: int | None = None
) -> Term:
    """Set up a placement term; `weeks` defaults to the whole weeks between the dates. The same again is the known term.

    Raises BadPlacement for impossible dates or a span that overlaps another term of the university.
    """
    if university.kind not in SCHOOLS:
        raise BadPlacement(_("“%(name)s”不是学校，不能设置实习学期。", name=university.name), field="university")
    code, title = normalise_code(code), title.strip()
    if not is_code(code):
        raise BadPlacement(_("代码无效：请用 2 至 40 个字母、数字、点、横线或下划线。"), field="code")
    if not title:
        raise BadPlacement(_("请填写实习学期名称。"), field="title")
    hold(f"terms:{university.id}")  # two terms at once do not overlap
    known = queries.terms_of(university.id)
    same = next((term for term in known if term.code == code), None)
    wanted = (title, starts_on, ends_on, weeks or rules.weeks_between(starts_on, ends_on))
    if same is not None and (same.title, same.starts_on, same.ends_on, same.weeks) == wanted:
        return same
    if same is not None:
        raise BadPlacement(_("代码 %(code)s 已用于“%(title)s”。", code=code, title=same.title), field="code")
    weeks = _check_span(known, None, starts_on, ends_on, weeks)
    row = Term(university_id=university.id, code=code, title=title, starts_on=starts_on, ends_on=ends_on, weeks=weeks)
    session().add(row)
    session().flush()
    audit.record(by=by, did="placements.term.created", on=row, data={"code": code, "starts_on": starts_on, "ends_on": ends_on, "weeks": weeks})
    return row


def _check_span(known: list[Term], own_id: int | None, starts_on: date, ends_on: date, weeks: int | None) -> int:
    if ends_on <= starts_on:
        raise BadPlacement(_("结束日期应晚于开始日期。"), field="ends_on")
    for field, day in (("starts_on", starts_on), ("ends_on", ends_on)):
        if not is_day(day):
            raise BadPlacement(_("请填写 %(a)s 至 %(b)s 之间的日期。", a=FIRST_DAY, b=LAST_DAY), field=field)
    if rules.weeks_between(starts_on, ends_on) > MOST_WEEKS:
        raise BadPlacement(_("一个实习学期最长 %(weeks)d 周，请核对起止日期。", weeks=MOST_WEEKS), field="ends_on")
    for term in known:
        if term.id != own_id and rules.spans_overlap((term.starts_on, term.ends_on), (starts_on, ends_on)):
            raise BadPlacement(
                _("与“%(title)s”（%(a)s 至 %(b)s）的日期重叠。", title=term.title, a=term.starts_on, b=term.ends_on), field="starts_on"
            )
    whole = rules.weeks_between(starts_on, ends_on)
    if weeks is not None and not 1 <= weeks <= whole:
        raise BadPlacement(_("这段日期最多 %(weeks)d 周。", weeks=whole), field="weeks")
    return weeks or whole


def change_term(
    *, term: Term, title: str, starts_on: date, ends_on: date, weeks: int | None, by: Identity, now: datetime, version: int | None = None
) -> Term:
    """Change a term that nobody is placed in yet; enterprises that offer seats in it, and students who choose for it, are told of other dates. Raises Stale, WrongState, BadPlacement."""
    hold(f"terms:{term.university_id}")
    session().refresh(term)
    check_version(term, version)
    if (starts_on, ends_on) != (term.starts_on, term.ends_on) and queries.has_placements(term_id=term.id):
        raise WrongState(_("已有学生安排在这个学期，不能再改日期。"), field="starts_on")
    for round_ in queries.rounds_over(term.id) if starts_on != term.starts_on else ():
        if starts_on <= round_.closes_on:
            raise BadPlacement(
                _(
                    "轮次“%(title)s”为这个学期填报志愿到 %(day)s，学期须在此之后开始。请先改轮次的截止日期。",
                    title=round_.title,
                    day=round_.closes_on,
                ),
                field="starts_on",
            )
    before = (term.starts_on, term.ends_on)
    term.weeks = _check_span(queries.terms_of(term.university_id), term.id, starts_on, ends_on, weeks)
    term.title, term.starts_on, term.ends_on = title.strip() or term.title, starts_on, ends_on
    session().flush()
    audit.record(by=by, did="placements.term.changed", on=term, data={"starts_on": starts_on, "ends_on": ends_on, "weeks": term.weeks})
    if before != (starts_on, ends_on):
        tell_term_moved(term, before, by=by, now=now)
    return term


def offer_position(
    *,
    enterprise: Organisation,
    title: str,
    by: Identity,
    now: datetime,
    base: Organisation | None = None,
    code: str | None = None,
    majors: Iterable[str] = (),
    skills: Iterable[str] = (),
    county_code: str | None = None,
    description: str = "",
    **terms: Any,
) -> Position:
    """Draft a position of an enterprise, at one of its bases or at itself. `majors`: accepted major codes, none: any;
    `terms`: hours_per_day, is_night_shift, conditions, unit_staff, post_staff, pay_fen, post_pay_fen and the switches of the rules.

    Raises BadPlacement when the enterprise is no enterprise or does not host the base, or the code is taken.
    """
    if enterprise.kind is not OrganisationKind.ENTERPRISE:
        raise BadPlacement(_("“%(name)s”不是企业，不能提供实习岗位。", name=enterprise.name), field="enterprise")
    code = normalise_code(code) if code else f"P-{secrets.token_hex(4).upper()}"
    if not is_code(code) or queries.position_by_code(code) is not None:
        raise BadPlacement(_("岗位代码 %(code)s 无效或已被使用。", code=code), field="code")
    row = Position(code=code, enterprise_id=enterprise.id, title="", majors=[], skills=[], created_at=now)
    _set(
        row,
        {
            "title": title,
            "description": description,
            "majors": majors,
            "skills": skills,
            "county_code": county_code,
            "base_id": base.id if base else None,
            **terms,
        },
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="placements.position.offered", on=row, data={"code": code, "title": row.title, "enterprise": enterprise.code})
    return row


def _set(row: Position, values: dict[str, Any]) -> dict[str, list[Any]]:
    values = {key: value.strip() if isinstance(value, str) else value for key, value in values.items()}
    if "title" in values and not values["title"]:
        raise BadPlacement(_("请填写岗位名称。"), field="title")
    if not 1 <= (values.get("hours_per_day", row.hours_per_day) or 8) <= 24:
        raise BadPlacement(_("每日工作时间应在 1 至 24 小时之间。"), field="hours_per_day")
    for key in ("unit_staff", "post_staff"):
        if values.get(key) is not None and not 1 <= values[key] <= 10_000_000:
            raise BadPlacement(_("职工人数应为正整数。"), field=key)
    for key in ("majors", "skills"):
        if key in values:
            values[key] = list(dict.fromkeys(text.strip() for text in values[key] if text.strip()))
    base_id = values.get("base_id")
    if base_id is not None and not _is_host(row.enterprise_id, base_id):
        raise BadPlacement(_("这家企业不是该基地的共建单位，请先登记共建关系。"), field="base_id")
    if "county_code" in values:
        county = values["county_code"] or None
        if county is None:
            place = organisations.by_id(base_id or row.enterprise_id)
            county = place.region_code if place else None
        elif organisations.region(county) is None:
            raise BadPlacement(_("没有代码为 %(code)s 的地区，请从列表中选择。", code=county), field="county_code")
        values["county_code"] = county
    changed = {key: [getattr(row, key), value] for key, value in values.items() if getattr(row, key) != value}
    for key, (_before, after) in changed.items():
        setattr(row, key, after)
    return changed


def _is_host(enterprise_id: int, base_id: int) -> bool:
    """A partner of the base, or the enterprise that it is a part of, unless it left (what is gone from there is on no list either)."""
    base = organisations.by_id(base_id)
    if base is None or base.kind is not OrganisationKind.BASE:
        raise BadPlacement(_("没有这个基地，请重新选择。"), field="base_id")
    if enterprise_id in organisations.host_ids(base_id):
        return True
    return base.parent_id == enterprise_id and (enterprise_id, base_id) not in queries.left_bases([enterprise_id, base_id])


def change_position(
    *, position: Position, by: Identity, now: datetime, version: int | None = None, goes_on: bool = True, **fields: Any
) -> dict[str, list[Any]]:
    """Change a draft, or a returned or submitted offer; an approved one goes back to the university for approval, and until then takes no part in
    rounds: who ranks it in one that runs keeps the wish, they and the round's heads are told.

    Raises Stale, WrongState when it is closed, BadPlacement, also (`ranked`) when students rank it in a round that runs and nobody said `goes_on`.
    """
    check_version(position, version)
    unknown = sorted(set(fields) - EDITABLE)
    if unknown:
        raise TypeError(f"change_position() got unexpected fields {unknown}")
    if position.state is OfferState.CLOSED:
        raise WrongState(_("岗位已关闭。请复制后重新提交。"))
    changed, resting = _set(position, fields), list[int]()
    if changed:
        if position.state in HANDED_IN and changed.keys() & JUDGED:
            approved = [row for row in queries.seats_of_position(position.id) if row.decision is SeatDecision.APPROVED]
            resting = [row.term_id for row in approved if row.seats]
            demand_known(position, resting, is_known=goes_on)
            for row in approved:
                row.decision = SeatDecision.WAITING
            settle(position)
        session().flush()
        audit.record(by=by, did="placements.position.changed", on=position, data=audit.changes(changed, told=EDITABLE))
        if resting:
            tell_resting(position, resting, by=by, now=now)
    return changed


def submit_position(*, position: Position, by: Identity, now: datetime, is_found_by_student: bool = False) -> Position:
    """Hand an offer to the universities in whose terms it has seats; doing it again changes nothing. What one of them gave back waits
    for it again, what the others decided stays.

    Only a verified enterprise may publish positions (IPLUS-3.3.2); there must be a seat in some term, and the enterprise has
    said that it takes students that year (a place that a student found is not an offer of the enterprise).
    """
    rows = queries.seats_of_position(position.id)
    returned = [row for row in rows if row.decision is SeatDecision.RETURNED]
    if position.state in HANDED_IN and not returned:
        return position
    if position.state is OfferState.CLOSED:
        raise WrongState(_("岗位已关闭。请复制后重新提交。"))
    check_enterprise(position)
    today = local(now).date()
    if not any(term.ends_on >= today for term in queries.terms_by_ids([row.term_id for row in rows if row.seats])):
        raise BadPlacement(_("请先填写至少一个还没有结束的学期的席位。"), field="seats")
    check_lawful(position, local(now).date())
    _check_interest(position, needs_word=not is_found_by_student)
    for row in returned:
        row.decision, row.return_reason = SeatDecision.WAITING, ""
    position.state, position.return_reason = OfferState.SUBMITTED, ""
    settle(position)
    session().flush()
    audit.record(by=by, did="placements.position.submitted", on=position)
    return position


def check_lawful(position: Position, today: date) -> None:
    """Forbidden venues, agencies and fees are refused at once, and a base on campus, which is no enterprise; a year for which the
    enterprise said no has no offers."""
    if is_on_campus(position):
        raise BadPlacement(_("这个基地设在校内，在那里的时间不计企业学习周数，不能作为企业学习岗位。"), field="base_id", code="on_campus")
    for found in judge_offer(position, on=today):
        if found.code == "offer.venue" and not found.met:
            raise BadPlacement(_("不得安排学生到这类场所实习：%(words)s。", words=listed(found.details)), field="title", code="forbidden_venue")
        if found.code == "offer.agency" and not found.met:
            raise BadPlacement(_("不得通过中介机构或有偿代理组织、安排学生实习。"), field="is_through_agency", code="through_agency")
        if found.code == "offer.fees" and not found.met:
            raise BadPlacement(_("不得向学生收取费用、押金，不得扣押证件。"), field="takes_fees", code="takes_fees")
        if found.code == "offer.capacity" and found.status is Status.NOT_MET:
            raise BadPlacement(
                _(
                    "基地同一时期最多接收 %(most)s 人，连同已审核的岗位共有 %(n)s 个席位。请减少席位，或请基地先修改接收能力。",
                    most=found.required,
                    n=found.found,
                ),
                field="seats",
                code="over_capacity",
            )
    _check_interest(position)


def _check_interest(position: Position, *, needs_word: bool = False) -> None:
    """An enterprise states its interest for a year before it offers seats in it; one that said no has no offers."""
    years = {term.starts_on.year for term in queries.terms_by_ids([row.term_id for row in queries.seats_of_position(position.id) if row.seats])}
    for year in sorted(years):
        check_year(position, year, needs_word=needs_word)


def check_year(position: Position, year: int, *, needs_word: bool) -> None:
    """Whether the enterprise takes students in a year (`needs_word`: and has said so). Raises WrongState."""
    said = bases.interest(position.enterprise_id, year)
    if said is None and needs_word:
        raise WrongState(_("企业还没有表明 %(year)s 年是否接收实习学生。请先填写“接收意向”，再提交岗位。", year=year), code="no_interest_stated")
    if said is not None and not said.is_interested:
        raise WrongState(_("企业已表明 %(year)s 年不接收实习学生。请先修改接收意向，再提交岗位。", year=year), code="not_interested")


def check_enterprise(position: Position) -> None:
    """Only who can take somebody hands in offers and has them approved: `queries.open_seats` would show no other. Raises WrongState."""
    unit = (position.enterprise_id, position.base_id)
    gone = queries.gone_among([unit]).get(unit)
    if gone is not None and gone is not Gone.UNVERIFIED:
        said = _("%(why)s，岗位“%(title)s”不能提交或通过审核。", why=labels.GONE[gone], title=position.title)
        raise WrongState(said, code="host_gone")
    if gone is not None:
        raise WrongState(_("企业尚未通过核验，不能发布岗位。请先联系主管部门核验企业信息。"), code="enterprise_not_verified")


HANDED_IN = (OfferState.SUBMITTED, OfferState.APPROVED)


def settle(position: Position) -> None:
    """The state of an offer that was handed in, from what the schools decided: it waits as long as one of them has to decide, and is the
    enterprise's again once all gave it back."""
    rows = queries.seats_of_position(position.id)
    said = {row.decision for row in [row for row in rows if row.seats] or rows}
    if SeatDecision.WAITING in said or not said:
        position.state = OfferState.SUBMITTED
    elif SeatDecision.APPROVED in said:
        position.state = OfferState.APPROVED
    else:
        position.state, position.return_reason = (
            OfferState.DRAFT,
            "；".join(dict.fromkeys(row.return_reason for row in rows if row.return_reason))[:400],
        )


def copy_position(*, position: Position, by: Identity, now: datetime) -> Position:
    """A new draft with the same text; never its terms, seats, state or code: a copied offer keeps no closed cycle."""
    same = {name: getattr(position, name) for name in EDITABLE} | {"majors": list(position.majors), "skills": list(position.skills)}
    row = Position(code=f"P-{secrets.token_hex(4).upper()}", enterprise_id=position.enterprise_id, created_at=now, **same)
    session().add(row)
    session().flush()
    audit.record(by=by, did="placements.position.offered", on=row, data={"code": row.code, "copied_from": position.code})
    return row
