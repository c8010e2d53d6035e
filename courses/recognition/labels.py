"""The words of credit recognition, as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from courses.recognition.types import ClaimState, Evidence
from trainhub.kernel.i18n import _l

STATES: Mapping[ClaimState, Any] = {
    ClaimState.SUBMITTED: _l("待审核"),
    ClaimState.APPROVED: _l("已认定"),
    ClaimState.REJECTED: _l("不予认定"),
    ClaimState.APPEALED: _l("申诉复核中"),
    ClaimState.UPHELD: _l("复核后不予认定"),
    ClaimState.WITHDRAWN: _l("已撤回"),
}
EVIDENCE: Mapping[Evidence, Any] = {Evidence.RUN: _l("本平台完成的课程"), Evidence.CERTIFICATE: _l("外部证书")}
