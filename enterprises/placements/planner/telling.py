"""The reasons of a plan as sentences, in the language of whoever reads them. A plan keeps the reason and its values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from enterprises.placements.planner.types import NOT, Cause, Group
from enterprises.placements.types import Aim, PlanSettings
from trainhub.kernel.i18n import _, listed

SHOWN = 6


def told(why: object) -> str:
    """Why a student stays below the target. What plans of before kept as a sentence is left as it is."""
    if not isinstance(why, dict):
        return str(why)
    after = why.get("after") or ()
    return _cause(why) + _order([after] if isinstance(after, str) else after)  # plans of before kept one word


def _order(after: Sequence[str]) -> str:
    """Who went first, as far as that is a part of the reason."""
    found = ""
    if "wishes" in after:
        found += " " + _("本轮先安排填报了志愿的学生，该生没有填报。")
    if "priority" in after:
        found += " " + _("席位先给了公布的优先次序在前的学生。")
    return found


def _cause(why: dict[str, Any]) -> str:
    match Cause(why["cause"]):
        case Cause.FIXED_CONFLICT:
            return _("该生的一项已定安排无法保留（岗位不接收、学期不可用或席位不足），已按其余条件重新安排，仍未达到目标。")
        case Cause.NO_ELIGIBLE_POSITION:
            return _("没有岗位接收专业 %(major)s，或接收的岗位都没有席位。请联系企业增加岗位。", major=major_in_words(why["major"]))
        case Cause.BLOCKED_TERMS:
            return _(
                "可用学期合计 %(free)s 周，连同已有 %(prior)s 周仍不足目标 %(target)s 周（不可用学期：%(blocked)s）。",
                free=_weeks(why["free_x10"]),
                prior=_weeks(why["prior_x10"]),
                target=_weeks(why["target_x10"]),
                blocked=listed(why["blocked"]) or _("无"),
            )
        case Cause.NO_ENTERPRISE_FOR_ALL_TERMS:
            return _("没有一家企业能在所需的各学期都再接收一名学生（本次要求各学期在同一企业）。")
        case Cause.SEATS_USED_UP:
            return _("席位在其他学生的组合中用尽，无法再容纳一名学生达到目标。")
        case Cause.SEATS_SHORT:
            return _(
                "学期 %(slot)s 席位不足：专业 %(majors)s 可用的岗位 %(posts)s 共 %(seats)d 个席位，还缺 %(missing)d 个。",
                missing=why["missing"],
                **_places(why),
            )
        case Cause.ROOM_SHORT:
            limits = [_("%(names)s的指导教师人数", names=_few(why["mentors"]))] if why["mentors"]["count"] else []
            limits += [_("%(names)s的容量", names=_few(why["bases"]))] if why["bases"]["count"] else []
            return _(
                "学期 %(slot)s 名额不足：专业 %(majors)s 可用的岗位 %(posts)s 共 %(seats)d 个席位，但受%(limits)s限制，只能接收 %(room)d 人，还缺 %(missing)d 个。",
                limits=listed(limits),
                room=why["room"],
                missing=why["missing"],
                **_places(why),
            )


def _places(why: dict[str, Any]) -> dict[str, Any]:
    """The bottleneck in words: the term, whose majors, which positions and how many seats they offer."""
    majors = {**why["majors"], "names": [major_in_words(one) for one in why["majors"]["names"]]}
    return {"slot": why["slot"], "majors": _few(majors), "posts": _few(why["posts"]) or _("无"), "seats": why["seats"]}


def proof(
    figures: Mapping[str, Any], aim: Aim, *, is_one_enterprise: bool = False, is_repair: bool = False, bases: Mapping[str, str] | None = None
) -> tuple[bool, str, str]:
    """(Whether the best is proven, a heading, what exactly is proven and what is not). `bases` names the bases of the figures.

    "Proven" is said of what the round asked for: when everybody counts, the fewest with nothing come before those who reach, and in
    a repair fewest changes before wishes. Wishes are met best for those whom the published order and the lottery chose, not over all who
    could have been chosen; when everybody counts those with one term are among them.
    """
    reached, most = figures["reached"], figures["reached_bound"]
    under = _("（以各学期在同一企业为条件）") if is_one_enterprise else ""
    if "reached_together" in figures:
        under += _("（以先安排填报了志愿的学生为条件：他们中谁达到周数、志愿满足程度如何，不为其他学生改变）")
    if figures["optimal"]:
        best = _("没有其他安排能让更多学生达到周数；")
        if aim is Aim.EVERYONE:
            best = _("没有其他安排能让更少的学生什么实习都没有；在此前提下达到周数的学生最多；")
        if is_repair:
            best += _("在此前提下对现有安排的改动最少；")
            if figures.get("kept_first"):
                best += _("改动同样少时先保留已签署、再保留学生已确认的安排；在此之后，")
        who = _("按优先次序和抽签确定的学生")
        if is_repair:
            who = _("这样确定的达到周数的学生")
        elif aim is Aim.EVERYONE:
            who = _("按优先次序和抽签确定的学生（达到周数的和先安排一个学期的）")
        return True, _("已证明最优"), best + _("对%(who)s，志愿满足程度合计最高%(under)s。", who=who, under=under)
    told = []
    if shared := figures.get("shared_bases"):
        names = listed([(bases or {}).get(one, one) for one in shared])
        told.append(
            _(
                "基地 %(names)s 由几家企业共用，而这些企业在别处也提供岗位、又受指导教师人数限制：这些基地的席位先按志愿分给各岗位，再计算其余。",
                names=names,
            )
        )
    if reached < most:
        told.append(_("已证明达到周数的不会多于 %(most)d 人；介于两数之间的安排是否存在，没有得到证明。", most=most))
        if most >= figures.get("reached_together", most + 1):
            told.append(_("这个上限是不分先后时的人数：没有填报志愿的学生在先安排填报学生的条件下最多能有多少人达到，没有得到证明。"))
    elif aim is Aim.COMPLETE:
        told.append(
            _("达到周数的人数已证明最多；改动是否最少、志愿满足程度是否最高，没有得到证明。")
            if is_repair
            else _("达到周数的人数已证明最多；志愿满足程度没有证明最高。")
        )
    else:
        told.append(_("这是找到的最好安排；是否还有更好的，没有得到证明。"))
    gap = figures["rank_cost"] - figures["rank_cost_bound"]
    if reached >= most and figures["rank_cost_bound"] and gap:
        told.append(_("志愿代价为 %(cost)d，已证明的下限是 %(least)d。", cost=figures["rank_cost"], least=figures["rank_cost_bound"]))
    return False, _("上限 %(most)d 人，达到 %(reached)d 人", most=most, reached=reached), " ".join(told)


def procedure(settings: PlanSettings, *, seed: int, is_repair: bool, rule: str = "") -> list[str]:
    """How a plan came about, as sentences for those whom it places: the steps that `proof` speaks of. `rule`: that of the published order."""
    first = _("先让最少的学生一周都没有，再让最多的学生达到规定周数") if settings.aim is Aim.EVERYONE else _("先让最多的学生达到规定周数")
    if is_repair:
        found = [
            _(
                "公布之后有变动，安排经过修补：%(first)s；在此前提下对原有安排的改动最少，改动同样少时尽量保留已签署和已确认的安排；再使达到周数的学生志愿合计最靠前。",
                first=first,
            ),
            _("修补先看改动多少，不再先看优先次序和抽签。") if rule else _("修补先看改动多少，不再先看抽签。"),
        ]
    elif rule:
        found = [
            _(
                "%(first)s；同样多时让公布的优先次序在前的更多，条件相同的先按优先次序、再按抽签先后（种子 %(seed)s，公布后不变）；再使这样确定的学生志愿合计最靠前。",
                first=first,
                seed=seed,
            ),
            _("优先次序的依据：%(rule)s", rule=rule),
        ]
    else:
        found = [_("%(first)s；条件相同的学生按抽签先后（种子 %(seed)s，公布后不变）；再使这样确定的学生志愿合计最靠前。", first=first, seed=seed)]
    if settings.is_wishes_first:
        found.append(_("填报了志愿的学生先安排，其余学生安排到剩余的席位。"))
    if settings.is_one_enterprise:
        found.append(_("每名学生的各学期必须在同一企业。"))
    elif settings.same_enterprise:
        found.append(_("各学期留在同一企业相当于志愿提前 %(n)d 位。", n=settings.same_enterprise))
    return [*found, _("没有人因为填报早晚而受影响。")]


def major_in_words(name: str) -> str:
    """A major of the planner for a reader: the code, and whom of it is meant (`types.narrowed`)."""
    major, *groups = [part for part in name.split("#") if not part.startswith(NOT)]
    match groups:
        case [Group.WOMAN]:
            return _("%(major)s（女生）", major=major)
        case [Group.MINOR]:
            return _("%(major)s（未成年学生）", major=major)
        case [Group.WOMAN, Group.MINOR]:
            return _("%(major)s（未成年女生）", major=major)
        case []:
            return major
    return name


def first(names: list[str]) -> dict[str, Any]:
    """As many names as are told, and how many there are."""
    return {"names": names[:SHOWN], "count": len(names)}


def _few(some: dict[str, Any]) -> str:
    if some["count"] <= SHOWN:
        return listed(some["names"])
    return _("%(names)s 等 %(count)d 个", names=listed(some["names"]), count=some["count"])


def _weeks(value: int) -> str:
    whole, tenth = divmod(value, 10)
    return f"{whole}.{tenth}" if tenth else str(whole)
