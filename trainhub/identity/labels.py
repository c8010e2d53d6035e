"""What values of accounts are called on pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainhub.identity.types import AccountState, Channel, LoginKind, RequestKind, RequestState
from trainhub.kernel.i18n import _l

LOGIN_KINDS: Mapping[LoginKind, Any] = {
    LoginKind.USERNAME: _l("用户名"),
    LoginKind.STUDENT_NO: _l("学号"),
    LoginKind.PHONE: _l("手机号"),
    LoginKind.EMAIL: _l("邮箱"),
}
STATES: Mapping[AccountState, Any] = {
    AccountState.INVITED: _l("待启用"),
    AccountState.ACTIVE: _l("使用中"),
    AccountState.DISABLED: _l("已停用"),
    AccountState.DELETED: _l("已注销"),
}
STATE_LOOKS: Mapping[AccountState, str] = {
    AccountState.INVITED: "wait",
    AccountState.ACTIVE: "ok",
    AccountState.DISABLED: "bad",
    AccountState.DELETED: "mute",
}
CHANNELS: Mapping[Channel, Any] = {Channel.EMAIL: _l("邮箱"), Channel.SMS: _l("手机短信")}
REQUEST_KINDS: Mapping[RequestKind, Any] = {RequestKind.CORRECTION: _l("更正个人信息"), RequestKind.DELETION: _l("删除个人信息")}
REQUEST_STATES: Mapping[RequestState, Any] = {
    RequestState.OPEN: _l("待处理"),
    RequestState.DONE: _l("已办结"),
    RequestState.REFUSED: _l("不予办理"),
}

ROOMS: Mapping[str, Any] = {
    "assessment": _l("考核"),
    "audit": _l("操作审计"),
    "awards": _l("奖励"),
    "bases": _l("基地"),
    "capstones": _l("毕业设计"),
    "certificates": _l("证书"),
    "chains": _l("培养链条"),
    "contributions": _l("企业贡献"),
    "courses": _l("课程"),
    "curriculum": _l("课程体系"),
    "evaluation": _l("专业评价"),
    "goals": _l("培训目标"),
    "identity": _l("账号"),
    "learning": _l("课程学习"),
    "ledger": _l("培训记录"),
    "mentors": _l("企业指导教师"),
    "notifications": _l("通知"),
    "organisations": _l("机构"),
    "people": _l("人员"),
    "placements": _l("企业学习"),
    "policy": _l("政策参数"),
    "programmes": _l("专业点"),
    "reports": _l("报告"),
    "search": _l("搜索"),
    "standards": _l("培养标准"),
    "subsidies": _l("补贴"),
    "surveys": _l("调查"),
    "talents": _l("人才库"),
    "teaching": _l("授课"),
}


def room(name: str) -> str:
    """What the part in front of a permission's first colon is called."""
    return str(ROOMS.get(name, name))
