"""The words for the steps of a path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from courses.paths.types import StepState
from trainhub.kernel.i18n import _l

STATES: Mapping[StepState, Any] = {
    StepState.DONE: _l("已完成"),
    StepState.LEARNING: _l("学习中"),
    StepState.READY: _l("可以开始"),
    StepState.LATER: _l("建议先学前面的课程"),
    StepState.CLOSED: _l("暂无开课"),
}
LOOKS: Mapping[StepState, str] = {
    StepState.DONE: "ok",
    StepState.LEARNING: "info",
    StepState.READY: "info",
    StepState.LATER: "mute",
    StepState.CLOSED: "mute",
}
