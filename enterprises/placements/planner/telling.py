"""The reasons of a plan as sentences, in the language of whoever reads them. A plan keeps the reason and its values."""

from __future__ import annotations

from typing import Any

from enterprises.placements.planner.types import Cause
from trainhub.kernel.i18n import _, listed

SHOWN = 6


def told(why: object) -> str:
    """Why a student stays below the target. What plans of before kept as a sentence is left as it is."""
    if not isinstance(why, dict):
        return str(why)
    match Cause(why["cause"]):
        case Cause.FIXED_CONFLICT:
            return _("该生的一项已定安排无法保留（岗位不接收、学期不可用或席位不足），已按其余条件重新安排，仍未达到目标。")
        case Cause.NO_ELIGIBLE_POSITION:
            return _("没有岗位接收专业 %(major)s，或接收的岗位都没有席位。请联系企业增加岗位。", major=why["major"])
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
                slot=why["slot"],
                majors=_few(why["majors"]),
                posts=_few(why["posts"]) or _("无"),
                seats=why["seats"],
                missing=why["missing"],
            )


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
