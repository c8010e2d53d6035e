"""How the states of an e-mail are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainhub.kernel.i18n import _l
from trainhub.notifications.types import MailState

MAIL_STATES: Mapping[MailState, Any] = {
    MailState.NONE: _l("不发送"),
    MailState.WAITING: _l("等待发送"),
    MailState.SENT: _l("已发送"),
    MailState.FAILED: _l("失败"),
}
