"""Why somebody has no supervisor or no topic as a sentence, in the language of whoever reads it. A plan keeps the cause and its values."""

from __future__ import annotations

from typing import Any

from enterprises.capstones.planner.choices import Missed
from enterprises.capstones.planner.types import Cause
from trainhub.kernel.i18n import _, clauses, listed

SHOWN = 5


def told(why: object) -> str:
    """Why a supervisor is missing. What plans of before kept as a sentence is left as it is."""
    if not isinstance(why, dict):
        return str(why)
    match Cause(why["cause"]):
        case Cause.NO_TEACHER:
            return _("没有学科为“%(group)s”的教师。", group=_group(why["group"]))
        case Cause.NO_MENTOR:
            return _("企业“%(group)s”没有指导教师。", group=_group(why["group"]))
        case Cause.TEACHERS_SHORT:
            return _(
                "学科 %(groups)s 共有 %(wanted)d 个毕业设计，%(people)d 名教师合计可指导 %(capacity)d 个，缺 %(short)d 个名额。", **_figures(why)
            )
        case Cause.MENTORS_SHORT:
            return _(
                "企业 %(groups)s 共有 %(wanted)d 个毕业设计，%(people)d 名指导教师合计可指导 %(capacity)d 个，缺 %(short)d 个名额。", **_figures(why)
            )
        case Cause.HELD_BY_FIXED:
            names = listed(why["people"][:SHOWN])
            return _("固定的安排占用了可用的导师；放开后可由仍有余量的 %(names)s 等调剂。", names=names)
        case Cause.FIXED_LET_GO:
            return _("固定的导师不能保留，放开后也没有其他人可安排。%(more)s", more=told(why["more"]))


def missed_mine(why: object) -> str:
    """The same, told to the student whom it is about."""
    cause = Missed(why["cause"]) if isinstance(why, dict) else None
    if cause is Missed.NOTHING_CHOSEN:
        return _("你没有填报志愿。")
    if cause is Missed.ENROLLED_LATER:
        return _("毕业设计开始时你还没有入学，请联系专业负责人。")
    return missed(why)


def missed(why: object) -> str:
    """Why somebody got no topic in a round of choices, told to the heads; a sentence that was kept before is left as it is."""
    if not isinstance(why, dict):
        return str(why)
    match Missed(why["cause"]):
        case Missed.NOTHING_CHOSEN:
            return _("没有填报志愿")
        case Missed.NO_SEATS:
            return _("没有还有名额的选题")
        case Missed.SEATS_SHORT:
            return _("没有填报志愿，余下的 %(seats)d 个名额不够分给 %(students)d 名学生", seats=why["seats"], students=why["students"])
        case Missed.CHOICES_GONE:
            return _("填报的选题在填报后已不能选（撤回、关闭、名额已满或不接受这样的小组），没有其他志愿")
        case Missed.ENROLLED_LATER:
            return _("毕业设计开始时还没有入学：请核对入学日期，或另行下达选题")
        case Missed.GIVEN_TO_OTHERS:
            lines = [_("“%(title)s”余 %(seats)d 个名额，%(n)d 人填报", title=t["title"], seats=t["seats"], n=t["wanted"]) for t in why["topics"]]
            return _("志愿的名额都给了别人：%(lines)s", lines=clauses(lines))


def _figures(why: dict[str, Any]) -> dict[str, Any]:
    figures = {name: why[name] for name in ("wanted", "people", "capacity")}
    return {"groups": listed(_group(one) for one in why["groups"]), "short": why["wanted"] - why["capacity"], **figures}


def _group(one: Any) -> str:
    """A discipline or an enterprise; with whom a capstone of it has to avoid, when there is somebody."""
    if not isinstance(one, dict):
        return str(one)
    return _("%(name)s（回避 %(people)s）", name=one["name"], people=listed(one["avoid"])) if one["avoid"] else str(one["name"])
