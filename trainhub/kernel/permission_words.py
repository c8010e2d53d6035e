"""Words for permissions: `people:student:list` is shown as “学生：查看列表”, with the code beside it.

The thing is named as in the audit log where it is the same thing (`audit_words`), else here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import current_app

from trainhub.kernel.i18n import _, _l

VERBS: Mapping[str, Any] = {
    "accept": _l("认定与验收"),
    "apply": _l("申请"),
    "approve": _l("审核"),
    "approve_enterprise": _l("企业审批"),
    "approve_school": _l("学校审批"),
    "arrange": _l("安排"),
    "assign": _l("下达与安排导师"),
    "cancel": _l("作废"),
    "correct": _l("更正"),
    "create": _l("新建"),
    "create_for": _l("代单位新建"),
    "decide": _l("审核与决定"),
    "declare": _l("声明"),
    "judge": _l("评判"),
    "preview": _l("预览影响"),
    "disable": _l("停用与恢复"),
    "download": _l("下载"),
    "edit": _l("编辑"),
    "evidence": _l("上传证明材料"),
    "export": _l("导出"),
    "finish": _l("办结"),
    "grade": _l("批阅"),
    "grant": _l("授予角色"),
    "guide": _l("指导"),
    "handle": _l("办理与决定"),
    "enterprise": _l("以企业名义办理"),
    "host": _l("接收"),
    "import": _l("导入"),
    "inside": _l("查看内部资料"),
    "inspect": _l("登记考察与检查"),
    "issue": _l("签发"),
    "learn": _l("学习"),
    "list": _l("查看列表"),
    "make": _l("发出"),
    "mentor": _l("指导与确认"),
    "open": _l("批量开通"),
    "own": _l("管理本人的"),
    "pay": _l("拨付"),
    "propose": _l("提出"),
    "prove": _l("核对本人"),
    "publish": _l("发布"),
    "record": _l("登记"),
    "register": _l("登记新人并开通"),
    "reissue": _l("补发"),
    "reset": _l("重置登录"),
    "resume": _l("恢复"),
    "retry": _l("重新发送"),
    "reveal": _l("查看号码全文"),
    "revoke": _l("撤销"),
    "rotate": _l("轮换"),
    "run": _l("开始与结束"),
    "set": _l("设定与解除"),
    "sign": _l("签署"),
    "submit": _l("提交"),
    "suggest": _l("自拟"),
    "supervise": _l("评阅与评分"),
    "supervised": _l("查看本人指导的"),
    "suspend": _l("暂停"),
    "take": _l("保存"),
    "verify": _l("核验"),
    "share": _l("分享"),
    "moderate": _l("管理"),
    "read": _l("阅读"),
    "write": _l("发言"),
    "reply": _l("回复"),
    "send": _l("发送"),
    "report": _l("登记"),
    "review": _l("评阅"),
    "review_list": _l("查看待审阅的"),
    "state": _l("表明意向"),
    "steer": _l("取消与重新执行"),
    "answer": _l("答复邀请"),
    "view": _l("查看"),
    "view_learners": _l("查看学员"),
}
THINGS: Mapping[str, Any] = {
    "audit.event": _l("操作审计"),
    "awards.rule": _l("奖励政策"),
    "capstones.choice": _l("毕业设计志愿"),
    "capstones.cohort": _l("年级的毕业设计"),
    "capstones.enterprise": _l("企业的毕业设计"),
    "chains.chain": _l("培养链条"),
    "contributions.contribution": _l("企业参与情况"),
    "courses.discussion": _l("课程讨论"),
    "evaluation.programme": _l("专业评价"),
    "evaluation.register": _l("评价登记表"),
    "evaluation.work": _l("评价工作底稿"),
    "goals.person": _l("目标人员"),
    "identity.request": _l("个人信息申请"),
    "ledger.person": _l("自行注册学员的身份"),
    "notifications.notice": _l("通知"),
    "notifications.outbox": _l("邮件队列"),
    "organisations.contact": _l("机构联系方式"),
    "placements.confirm": _l("待确认的实习日"),
    "placements.preference": _l("实习志愿"),
    "placements.seats": _l("席位与需求"),
    "placements.weeks": _l("学习周数"),
}


def in_words(can: str) -> str:
    """What a permission allows, in the language of the reader; a code without words stays a code."""
    room, thing, verb = [*can.split(":"), "", ""][:3]
    key = f"{room}.{thing}"
    named = THINGS.get(key) or current_app.extensions.get("trainhub.audit_things", {}).get(key)
    if named is None or verb not in VERBS:
        return can
    return _("%(thing)s：%(deed)s", thing=named, deed=VERBS[verb])
