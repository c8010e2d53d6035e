"""Words for what the audit log records: `placements.round.opened` is shown as “实习轮次：已开启”, with the code beside it.

The last part of a code is a deed, named here; the rest is a thing, named by the room that records it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask, current_app

from trainhub.kernel.i18n import _, _l

DEEDS: Mapping[str, Any] = {
    "applied": _l("已申请"),
    "recognised": _l("已认定"),
    "accepted": _l("已接受"),
    "decided": _l("已作出决定"),
    "paid": _l("已拨付"),
    "recorded": _l("已登记"),
    "signed": _l("已签署"),
    "changed": _l("已修改"),
    "opened": _l("已开启"),
    "added": _l("已增加"),
    "ended": _l("已结束"),
    "assigned": _l("已安排"),
    "finished": _l("已办结"),
    "withdrawn": _l("已撤回"),
    "corrected": _l("已更正"),
    "confirmed": _l("已确认"),
    "logged": _l("已登记"),
    "handed_in": _l("已提交"),
    "passed": _l("已通过"),
    "submitted": _l("已提交"),
    "approved": _l("已审核通过"),
    "proposed": _l("已提出"),
    "refused": _l("已不同意"),
    "drafted": _l("已起草"),
    "issued": _l("已签发"),
    "reissued": _l("已补发"),
    "suspended": _l("已暂停"),
    "resumed": _l("已恢复"),
    "revoked": _l("已撤销"),
    "drawn": _l("已生成文件"),
    "started": _l("已开始"),
    "graded": _l("已评分"),
    "moved": _l("已移动"),
    "published": _l("已发布"),
    "removed": _l("已移除"),
    "reordered": _l("已调整顺序"),
    "created": _l("已新建"),
    "assessment_added": _l("已增加考核"),
    "assessment_removed": _l("已移除考核"),
    "course_added": _l("已增加课程"),
    "course_changed": _l("已修改课程"),
    "objective_added": _l("已增加课程目标"),
    "results_recorded": _l("已登记成绩"),
    "asked": _l("已提出申请"),
    "completed": _l("已完成"),
    "promoted": _l("由候补转正"),
    "rejected": _l("已驳回"),
    "written": _l("已发表"),
    "recomputed": _l("已重新计算"),
    "saved": _l("已保存"),
    "item_added": _l("已增加题目"),
    "item_removed": _l("已移除题目"),
    "closed": _l("已关闭"),
    "copied": _l("已复制"),
    "imported": _l("已导入"),
    "exported": _l("已导出"),
    "invited": _l("已邀请"),
    "staffed": _l("已安排教师"),
    "waiting_closed": _l("已关闭候补"),
    "clause_mapped": _l("已对应条款"),
    "industry_standard_entered": _l("已登记行业标准"),
    "point_covered": _l("已覆盖指标点"),
    "point_uncovered": _l("已取消覆盖指标点"),
    "school_standard_named": _l("已指定学校标准"),
    "appointed": _l("已聘任"),
    "appraised": _l("已考核"),
    "cap_waived": _l("已豁免上限"),
    "designated": _l("已认定"),
    "lead_assigned": _l("已指定负责人"),
    "offered": _l("已提供"),
    "secondment_finished": _l("已挂职完成"),
    "secondment_planned": _l("已计划挂职"),
    "secondment_started": _l("已挂职开始"),
    "task_given": _l("已下达任务"),
    "training_passed": _l("已培训合格"),
    "entered": _l("已登记"),
    "noted": _l("已记录"),
    "defined": _l("已设定"),
    "taken": _l("已保存"),
    "disabled": _l("已停用"),
    "enabled": _l("已启用"),
    "locked": _l("已锁定"),
    "unlocked": _l("已解锁"),
    "registered": _l("已登记"),
    "given": _l("已登记"),
    "set": _l("已设置"),
    "made": _l("已生成"),
    "used": _l("已使用"),
    "granted": _l("已授予"),
    "rewrapped": _l("已重新封装"),
    "reached": _l("已达成"),
    "cancelled": _l("已作废"),
    "retried": _l("已重新发送"),
    "reopened": _l("已恢复使用"),
    "verified": _l("已核验通过"),
    "revealed": _l("已查看明文"),
    "merged": _l("已合并"),
    "parted": _l("已分开"),
    "petoe_changed": _l("已卓越计划身份变更"),
    "taken_back": _l("已收回"),
    "commented": _l("已写评语"),
    "returned": _l("已退回"),
    "seats_set": _l("已设置席位"),
    "planned": _l("已计算方案"),
    "mapped": _l("已对应标准"),
    "retired": _l("已停用"),
}


def name_things(app: Flask, things: Mapping[str, Any]) -> None:
    """Tell how the things of a room are called: {"placements.round": _l("实习轮次")}."""
    app.extensions.setdefault("trainhub.audit_things", {}).update(things)


def in_words(did: str) -> str:
    """What was done, in the language of the reader; a code without words stays a code."""
    thing, _dot, deed = did.rpartition(".")
    named = current_app.extensions.get("trainhub.audit_things", {}).get(thing)
    if named is None or deed not in DEEDS:
        return did
    return _("%(thing)s：%(deed)s", thing=named, deed=DEEDS[deed])
