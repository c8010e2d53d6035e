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
