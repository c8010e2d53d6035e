"""Forms of the question editor and of a quiz: shape and type of input only."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from wtforms import BooleanField, DateTimeLocalField, DecimalField, IntegerField, RadioField, SelectField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from courses.assessment import labels, notation
from courses.assessment.rules.numbers import rounded
from courses.assessment.types import Counts, Difficulty, QuestionKind, QuizSettings, Shown, When
from trainhub.kernel.clock import SHANGHAI, local
from trainhub.kernel.fields import picks
from trainhub.kernel.forms import Checks, CodeText, Form, LongText, Text
from trainhub.kernel.i18n import _l


def _share(value: Decimal | None) -> int:
    return rounded((value or Decimal(0)) * 10)


class QuestionForm(Form):
    """A question of any kind; the page shows the fields that its kind has. The parts are lines, see `notation`."""

    stem = LongText(_l("题干"), [InputRequired(), Length(max=20000)], description=_l("可用 Markdown；公式写在 \\( \\) 或 $$ $$ 中"))
    options = LongText(
        _l("选项"),
        [Length(max=20000)],
        description=_l(
            "每行一个选项，正确的选项以 * 开头；选项后可用 // 加反馈，例如：* 北京 // 回答正确。部分得分写在前面，例如：[50%] 南京、[-25%] 东京"
        ),
    )
    items = LongText(_l("各项（按正确顺序）"), [Length(max=20000)], description=_l("每行一项，从上到下就是正确顺序；学员看到的顺序是打乱的"))
    answers = LongText(
        _l("正确答案"),
        [Length(max=20000)],
        description=_l("每行一个可接受的答案；* 代表任意文字；部分得分写作 [50%] 答案；数值题也可写区间，例如 [3,4)"),
    )
    blanks = LongText(
        _l("各空的答案"),
        [Length(max=20000)],
        description=_l("题干中用 [[1]]、[[2]] 标出空的位置；每行一个空。文字 1: 北京 | 京城　数值 2: =3.14 ± 0.01　下拉 3: ? *是 | 否"),
    )
    pairs = LongText(_l("匹配项"), [Length(max=20000)], description=_l("每行一对：中国 => 北京。只写右边（=> 上海）是干扰项；右边重复的答案可以互换"))
    variables = LongText(
        _l("变量"), [Length(max=5000)], description=_l("每行一个：x: 1 ~ 10, 2 表示从 1 到 10 随机取值，保留 2 位小数；题干中写 {x}")
    )
    expression = Text(
        _l("计算答案的公式"),
        [Length(max=500)],
        description=_l("例如 v*t + sqrt(a)；可用 + - * / ^、sqrt abs exp ln log sin cos tan pow min max、pi、e"),
    )
    tolerance = Text(_l("允许误差"), [Length(max=20)], description=_l("例如 0.5 或 2%；留空表示必须相等"))
    units = LongText(_l("单位"), [Length(max=2000)], description=_l("每行一个：m = 1、cm = 0.01（换算成答案所用单位的系数）；留空表示不要求单位"))
    unit_share = DecimalField(
        _l("单位缺失或不认识时的得分比例（%）"),
        [Optional(), NumberRange(min=0, max=100)],
        places=1,
        default=Decimal(0),
        description=_l("0 表示不给分，50 表示给一半"),
    )
    asks_expression = BooleanField(
        _l("学员填写公式本身"),
        description=_l("勾选后不给每人抽数据，学员写出含变量的公式；代入多组取值与参考公式比较。可用 | 隔开几个都对的公式"),
    )
    is_pattern = BooleanField(
        _l("答案是正则表达式"), description=_l("整个回答须与其中一个相符，例如 (https?://)?www\\.[a-z]+\\.cn；不支持反向引用和环视")
    )
    is_case_sensitive = BooleanField(_l("区分大小写"))
    is_all_or_nothing = BooleanField(_l("全对才给分"), description=_l("不勾选时，答对一部分得一部分分"))
    penalty = DecimalField(
        _l("答错扣分（占本题分值的 %）"),
        [Optional(), NumberRange(min=0, max=100)],
        places=1,
        default=Decimal(0),
        description=_l("只在测验设置允许负分时生效；不作答不扣分"),
    )
    rubric = LongText(_l("评分要点"), [Length(max=20000)], description=_l("批阅时显示给教师；学员看不到"))
    max_files = IntegerField(_l("最多文件数"), [Optional(), NumberRange(min=1, max=20)], default=3)
    explanation = LongText(_l("解析"), [Length(max=20000)], description=_l("按测验的回看规则显示"))
    name = Text(_l("题目名称"), [Length(max=200)], description=_l("只给教师看，便于查找"))
    category = Text(_l("分类"), [Length(max=200)], description=_l("用 / 分层，例如：第二章/协议"))
    tags = Text(_l("标签"), [Length(max=400)], description=_l("用逗号隔开，例如：期末, 计算"))
    difficulty = RadioField(_l("难度"), [Optional()], choices=picks(labels.DIFFICULTIES), default=Difficulty.MEDIUM.value)
    points = DecimalField(_l("分值"), [InputRequired(), NumberRange(min=0, max=1000)], places=1, default=Decimal(1))

    def fields_of(self, kind: QuestionKind, *, is_in_quiz: bool = True) -> list[str]:
        """The fields a kind has, in the order of the page."""
        middle = [*notation.PARTS[kind][:1], *(f for f in notation.FLAGS[kind] if f == "expression"), *notation.PARTS[kind][1:]]
        flags = [f for f in notation.FLAGS[kind] if f != "expression"]
        return ["stem", *middle, *flags, *(["points"] if is_in_quiz else []), "explanation"]

    def values(self, kind: QuestionKind, known: Mapping[str, Any] | None = None, taken: Collection[str] = ()) -> dict[str, Any]:
        """The data of a question version; for keys see `notation.read`. Raises BadQuestion with the field."""
        made = notation.read(kind, {part: self[part].data for part in notation.PARTS[kind]}, known, taken)
        for flag in notation.FLAGS[kind]:
            match flag:
                case "unit_share" | "penalty":
                    made[f"{flag}_x1000"] = _share(self[flag].data)
                case "is_case_sensitive" | "is_all_or_nothing" | "is_pattern" | "asks_expression":
                    made[flag] = bool(self[flag].data)
                case "max_files":
                    made[flag] = self.max_files.data or 3
                case _:
                    made[flag] = self[flag].data or ""
        return made

    def show(self, kind: QuestionKind, data: Mapping[str, Any]) -> None:
        """Fill the fields from a stored version."""
        for part, text in notation.write(kind, data).items():
            self[part].data = text
        for flag in notation.FLAGS[kind]:
            stored = data.get(f"{flag}_x1000" if flag in ("unit_share", "penalty") else flag)
            self[flag].data = Decimal(stored or 0) / 10 if flag in ("unit_share", "penalty") else stored

    def begin(self, kind: QuestionKind) -> None:
        """What a new question begins with."""
        for part, text in notation.default_lines(kind).items():
            self[part].data = text

    def sorting(self) -> dict[str, Any]:
        """What sorts the question in its bank."""
        from courses.assessment.operations.bank import tag_list

        return {
            "name": self.name.data or "",
            "category": self.category.data or "",
            "tags": tag_list(self.tags.data or ""),
            "difficulty": Difficulty(self.difficulty.data or Difficulty.MEDIUM),
        }


def _wall(instant: datetime | None) -> datetime | None:
    return None if instant is None else local(instant).replace(tzinfo=None)


def _iso(wall: datetime | None) -> str | None:
    return None if wall is None else wall.replace(tzinfo=SHANGHAI).isoformat()


class QuizForm(Form):
    """How a quiz is taken."""

    opens_at = DateTimeLocalField(_l("开放时间"), [Optional()], description=_l("北京时间；留空表示随单元开放"))
    closes_at = DateTimeLocalField(_l("关闭时间"), [Optional()], description=_l("到时自动交卷；留空表示不关闭"))
    minutes = IntegerField(
        _l("限时（分钟）"), [Optional(), NumberRange(min=1, max=10080)], description=_l("留空表示不限时；到时按已保存的答案自动交卷")
    )
    attempts = IntegerField(_l("可作答次数"), [Optional(), NumberRange(min=1, max=100)], description=_l("留空表示不限"))
    counts = RadioField(_l("多次作答时计哪一次"), [InputRequired()], choices=picks(labels.COUNTS), default=Counts.BEST.value)
    password = CodeText(_l("测验密码"), [Length(max=60)], description=_l("留空表示不需要；学员开始作答时输入"))
    draw = IntegerField(_l("只抽其中几题"), [Optional(), NumberRange(min=1, max=1000)], description=_l("从全部题目中再随机抽取；留空表示全部"))
    is_shuffled = BooleanField(_l("打乱题目顺序"))
    shuffles_options = BooleanField(_l("打乱选项顺序"))
    is_paged = BooleanField(_l("一页一题"))
    is_sequential = BooleanField(_l("按顺序作答，不能返回"), description=_l("每次只显示一题，提交后不能回头修改"))
    allows_negative = BooleanField(_l("允许负分"), description=_l("题目中设置的答错扣分和负比例生效；整份试卷最低 0 分"))
    is_one_session = BooleanField(_l("同一时间只能在一个窗口作答"), description=_l("会告知学员；换设备时前一个窗口停止保存"))
    logs_focus = BooleanField(_l("记录离开作答页面"), description=_l("会告知学员；只记录时间，不截屏、不录像"))
    during = Checks(
        _l("作答中显示"), choices=picks({Shown.FEEDBACK: labels.SHOWN[Shown.FEEDBACK]}), description=_l("保存后立即看到所选选项的反馈，适合练习")
    )
    after = Checks(_l("交卷后显示"), choices=picks(labels.SHOWN))
    closed = Checks(_l("关闭后显示"), choices=picks(labels.SHOWN))
    feedback = LongText(_l("总评语"), [Length(max=4000)], description=_l("每行一档：90: 非常好；60: 通过；0: 请再学一遍。按得分显示达到的最高一档"))

    PLAIN = (
        "minutes", "attempts", "counts", "draw", "is_shuffled", "shuffles_options", "is_paged", "is_sequential", "allows_negative",
        "is_one_session", "logs_focus", "password", "feedback",
    )  # fmt: skip

    def values(self) -> dict[str, Any]:
        """The settings of the block."""
        review = {when.value: [s.value for s in Shown if s.value in (self[when.value].data or [])] for when in When}

        return {
            **{name: self[name].data for name in self.PLAIN},
            "opens_at": _iso(self.opens_at.data),
            "closes_at": _iso(self.closes_at.data),
            "review": review,
            "shows_answers": Shown.ANSWERS.value in review[When.AFTER.value],
        }

    def show(self, settings: QuizSettings) -> None:
        """Fill the fields from a block's settings."""
        for name in self.PLAIN:
            value = getattr(settings, name)
            self[name].data = value.value if isinstance(value, Counts) else value
        self.opens_at.data, self.closes_at.data = _wall(settings.opens_at), _wall(settings.closes_at)
        for when in When:
            self[when.value].data = [shown.value for shown in settings.review[when]]


class DrawForm(Form):
    """Questions drawn for each attempt."""

    count = IntegerField(_l("抽取题数"), [InputRequired(), NumberRange(min=1, max=100)], default=1)
    category = SelectField(_l("分类"), default="")
    tag = SelectField(_l("标签"), default="")
    level = SelectField(_l("难度"), default="")
    points = DecimalField(_l("每题分值"), [InputRequired(), NumberRange(min=0, max=1000)], places=1, default=Decimal(1))

    def __init__(self, *args: Any, categories: list[str], tags: list[str], **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.category.choices = picks([("", _l("全部分类")), *((path, path) for path in categories if path)])
        self.tag.choices = picks([("", _l("全部标签")), *((tag, tag) for tag in tags)])
        self.level.choices = picks({"": _l("全部难度"), **labels.DIFFICULTIES})
