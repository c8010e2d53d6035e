"""The words for questions, as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from courses.assessment.types import QuestionKind
from trainhub.kernel.i18n import _l

KINDS: Mapping[QuestionKind, Any] = {
    QuestionKind.SINGLE: _l("单选题"),
    QuestionKind.MULTIPLE: _l("多选题"),
    QuestionKind.TRUE_FALSE: _l("判断题"),
    QuestionKind.TEXT: _l("填空题"),
    QuestionKind.NUMERIC: _l("数值题"),
    QuestionKind.ESSAY: _l("问答题"),
    QuestionKind.MANUAL: _l("人工评阅题"),
}
