"""What values of accounts are called on pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainhub.identity.groups import Why
from trainhub.identity.types import AccountState, Channel, ClaimState, LoginKind, RequestKind, RequestState
from trainhub.kernel.i18n import _l
from trainhub.kernel.job_control import Kept, Standing

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
JOB_STANDINGS: Mapping[Standing, Any] = {
    Standing.QUEUED: _l("排队中"),
    Standing.RUNNING: _l("进行中"),
    Standing.FAILED: _l("失败"),
    Standing.CANCELLED: _l("已取消"),
    Standing.DONE: _l("已完成"),
}
JOBS_LISTED: Mapping[Kept, Any] = {
    Kept.USUAL: _l("除自动完成的以外"),
    Kept.ASKED: _l("有人发起的"),
    Kept.OWN: _l("自动执行的"),
    Kept.FAULT: _l("最近因系统原因失败的"),
    Kept.ALL: _l("全部"),
}
WHY_NOT: Mapping[Why, Any] = {
    Why.LEFT: _l("已毕业、退学或离职，不再开通。"),
    Why.SAME: _l("与另一人同名且出生日期相同，尚未认定是否为同一人。请先在“疑似同一人”中认定（由省人社厅或系统管理员办理）。"),
    Why.ELSEWHERE: _l(
        "在别处有学习、任教、任职或培训的登记（含已毕业、离职的），不能由一家单位开通。请由其所在学校或系统管理员从人员页面开通，或请本人自行注册后由省人社厅核实；"
        "已有账号的，可在账号页授予角色。"
    ),
    Why.CLOSED: _l("本人申请删除个人信息，账号已注销，不随名单重新开通。本人需要继续使用的，请从其人员页面重新开通。"),
    Why.NO_NAME: _l("没有可用于登录的学号、邮箱或手机号。请先在其人员页面补充邮箱或手机号。"),
    Why.EMAIL_MALFORMED: _l("邮箱格式不正确，邀请无法送达。请先更正邮箱。"),
    Why.EMAIL_SHARED: _l("邮箱与名单中另一人相同，邀请会送到别人手里。请先更正邮箱。"),
    Why.EMAIL_TAKEN: _l("邮箱已被另一个账号用于登录，可能是同一人登记了两次。请先核对。"),
    Why.PHONE_TAKEN: _l("手机号已被另一个账号用于登录，可能是同一人登记了两次。请先核对。"),
    Why.NUMBER_TAKEN: _l("学号已被另一个账号用于登录，可能是同一人登记了两次。请先核对。"),
}
CHANNELS: Mapping[Channel, Any] = {Channel.EMAIL: _l("邮箱"), Channel.SMS: _l("手机短信")}
REQUEST_KINDS: Mapping[RequestKind, Any] = {RequestKind.CORRECTION: _l("更正个人信息"), RequestKind.DELETION: _l("删除个人信息")}
REQUEST_STATES: Mapping[RequestState, Any] = {
    RequestState.OPEN: _l("待处理"),
    RequestState.DONE: _l("已办结"),
    RequestState.REFUSED: _l("不予办理"),
}
CLAIM_STATES: Mapping[ClaimState, Any] = {
    ClaimState.OPEN: _l("待核实"),
    ClaimState.CONFIRMED: _l("已核实"),
    ClaimState.REFUSED: _l("未通过核实"),
    ClaimState.WITHDRAWN: _l("不再需要核实"),
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
    "kernel": _l("后台任务"),
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
