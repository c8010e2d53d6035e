"""The words for questions, quizzes and attempts, as people read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from courses.assessment.types import AttemptEventKind, AttemptState, Counts, Difficulty, QuestionKind, Shown, When
from trainhub.kernel.clock import local
from trainhub.kernel.i18n import _, _l

KINDS: Mapping[QuestionKind, Any] = {
    QuestionKind.SINGLE: _l("单选题"),
    QuestionKind.MULTIPLE: _l("多选题"),
    QuestionKind.TRUE_FALSE: _l("判断题"),
    QuestionKind.CLOZE: _l("填空题"),
    QuestionKind.TEXT: _l("短答题"),
    QuestionKind.NUMERIC: _l("数值题"),
    QuestionKind.FORMULA: _l("公式题"),
    QuestionKind.MATCHING: _l("匹配题"),
    QuestionKind.ORDERING: _l("排序题"),
    QuestionKind.ESSAY: _l("问答题"),
    QuestionKind.FILE: _l("文件题"),
    QuestionKind.MANUAL: _l("人工评阅题"),
}
HINTS: Mapping[QuestionKind, Any] = {
    QuestionKind.SINGLE: _l("几个选项中选一个"),
    QuestionKind.MULTIPLE: _l("选出所有正确的选项，可部分得分"),
    QuestionKind.TRUE_FALSE: _l("对或错"),
    QuestionKind.CLOZE: _l("题干中有一个或几个空，填文字、数或从下拉中选"),
    QuestionKind.TEXT: _l("写一个词或短句，按答案、通配符或正则表达式自动评分"),
    QuestionKind.NUMERIC: _l("写一个数，可带误差和单位"),
    QuestionKind.FORMULA: _l("每人的数据随机不同，按公式算出答案；或由学员写出公式本身"),
    QuestionKind.MATCHING: _l("把左边和右边配对"),
    QuestionKind.ORDERING: _l("把各项排成正确的顺序"),
    QuestionKind.ESSAY: _l("写一段话，由教师评阅"),
    QuestionKind.FILE: _l("上传文件，由教师评阅"),
    QuestionKind.MANUAL: _l("从其他格式导入、不能自动评分的题，由教师评阅"),
}
RULES: Mapping[QuestionKind, Any] = {
    QuestionKind.SINGLE: _l("按所选选项的分值比例得分。"),
    QuestionKind.MULTIPLE: _l("每选对一项得相等的一份，每选错一项扣同样的一份，最低 0 分；选项另有比例时按比例相加。"),
    QuestionKind.TRUE_FALSE: _l("选对得满分。"),
    QuestionKind.CLOZE: _l("每个空占相等的一份。"),
    QuestionKind.TEXT: _l("与第一个相符的答案比较，按它的比例得分；不计多余空格和全角半角。"),
    QuestionKind.NUMERIC: _l(
        "在允许误差之内得分；要求单位时，单位缺失或不认识只得设定的比例。小数点写作 1.5；逗号只作千位分隔，如 1,000，写成 1,5 不得分。"
    ),
    QuestionKind.FORMULA: _l("按你的题目中的数据计算；要求写公式时，代入多组数值与参考公式比较。在允许误差之内得分。"),
    QuestionKind.MATCHING: _l("每配对一行得相等的一份。"),
    QuestionKind.ORDERING: _l("每个放在正确位置的项得相等的一份。"),
    QuestionKind.ESSAY: _l("由教师评阅。"),
    QuestionKind.FILE: _l("由教师评阅。"),
    QuestionKind.MANUAL: _l("由教师评阅。"),
}
DIFFICULTIES: Mapping[Difficulty, Any] = {Difficulty.EASY: _l("易"), Difficulty.MEDIUM: _l("中"), Difficulty.HARD: _l("难")}
STATES: Mapping[AttemptState, Any] = {
    AttemptState.IN_PROGRESS: _l("作答中"),
    AttemptState.SUBMITTED: _l("待批阅"),
    AttemptState.GRADED: _l("已评分"),
}
COUNTS: Mapping[Counts, Any] = {
    Counts.BEST: _l("取最高分"),
    Counts.LAST: _l("取最后一次"),
    Counts.FIRST: _l("取第一次"),
    Counts.AVERAGE: _l("取平均分"),
}
SHOWN: Mapping[Shown, Any] = {Shown.MARKS: _l("得分"), Shown.ANSWERS: _l("正确答案和解析"), Shown.FEEDBACK: _l("选项反馈")}
WHEN: Mapping[When, Any] = {When.DURING: _l("作答中"), When.AFTER: _l("交卷后"), When.CLOSED: _l("关闭后")}
EVENTS: Mapping[AttemptEventKind, Any] = {
    AttemptEventKind.STARTED: _l("开始作答"),
    AttemptEventKind.TAKEN_OVER: _l("在另一个窗口或设备上继续"),
    AttemptEventKind.LEFT: _l("离开作答页面"),
    AttemptEventKind.CAME_BACK: _l("回到作答页面"),
    AttemptEventKind.REPLACED: _l("两个窗口修改了同一题，先前的答案保留在此"),
    AttemptEventKind.LATE: _l("超过时间后提交的答案（不计分）"),
    AttemptEventKind.SUBMITTED: _l("交卷"),
}
_SAID: Mapping[str, Callable[[Any], str]] = {
    "minutes": lambda n: _("限时 %(n)s 分钟", n=n),
    "extra_minutes": lambda n: _("另加 %(n)s 分钟", n=n),
    "attempts": lambda n: _("最多 %(n)s 次", n=n),
    "extra_attempts": lambda n: _("另加 %(n)s 次", n=n),
    "counts": lambda way: str(COUNTS[Counts(way)]),
    "draw": lambda n: _("抽取 %(n)s 题", n=n),
    "opens_at": lambda at: _("%(at)s 开放", at=f"{local(datetime.fromisoformat(at)):%Y-%m-%d %H:%M}"),
    "closes_at": lambda at: _("%(at)s 关闭", at=f"{local(datetime.fromisoformat(at)):%Y-%m-%d %H:%M}"),
    "is_sequential": lambda _on: _("按顺序作答，不能返回"),
    "is_one_session": lambda _on: _("同一时间只能在一个窗口作答"),
    "allows_negative": lambda _on: _("允许负分"),
}


def rules_in_words(stored: Mapping[str, Any]) -> list[str]:
    """The rules an attempt began under (`AttemptEvent` started), one phrase each."""
    return [say(stored[name]) for name, say in _SAID.items() if stored.get(name)]
