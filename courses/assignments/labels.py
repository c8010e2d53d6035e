"""The words for assignments, as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from courses.assignments.types import FileKind, MarkRole, Queue, ReviewState, SubmissionState
from trainhub.kernel.i18n import _l

STATES: Mapping[SubmissionState, Any] = {
    SubmissionState.DRAFT: _l("草稿"),
    SubmissionState.SUBMITTED: _l("已提交"),
    SubmissionState.RETURNED: _l("退回修改"),
    SubmissionState.GRADED: _l("已评分"),
}
QUEUES: Mapping[Queue, Any] = {
    Queue.NONE: "",
    Queue.UNGRADED: _l("待评分"),
    Queue.SECOND_GRADER: _l("待第二位教师评分"),
    Queue.GRADERS_DIFFER: _l("两位教师分差过大，待裁定"),
    Queue.PEERS_MISSING: _l("互评份数不足，由教师评阅"),
    Queue.PEERS_DIFFER: _l("互评分歧过大，由教师评阅"),
}
ROLES: Mapping[MarkRole, Any] = {
    MarkRole.FIRST: _l("教师评分"),
    MarkRole.SECOND: _l("第二位教师"),
    MarkRole.THIRD: _l("裁定"),
    MarkRole.PEERS: _l("同伴互评"),
    MarkRole.OVERRIDE: _l("改定成绩"),
    MarkRole.SHEET: _l("表格导入"),
}
REVIEWS: Mapping[ReviewState, Any] = {
    ReviewState.ASSIGNED: _l("待评"),
    ReviewState.DONE: _l("已评"),
    ReviewState.DROPPED: _l("已取消"),
    ReviewState.EXPIRED: _l("未按时完成"),
}
FILES: Mapping[FileKind, Any] = {
    FileKind.PDF: "PDF",
    FileKind.WORD: _l("Word 文档"),
    FileKind.SLIDES: _l("演示文稿"),
    FileKind.SHEET: _l("表格"),
    FileKind.IMAGE: _l("图片"),
    FileKind.TEXT: _l("纯文本"),
    FileKind.ARCHIVE: _l("压缩包"),
    FileKind.VIDEO: _l("视频"),
}
