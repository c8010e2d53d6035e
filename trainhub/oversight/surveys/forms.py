"""Shape of what people type in surveys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from wtforms import DateField, IntegerField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from trainhub.kernel.errors import Refused
from trainhub.kernel.forms import Form, LongText, Text
from trainhub.kernel.i18n import _, _l
from trainhub.kernel.numbers import is_key
from trainhub.oversight.surveys import labels
from trainhub.oversight.surveys.rules import Demand
from trainhub.oversight.surveys.types import KEY_FIELDS, GraduateStatus, PayBand
from trainhub.programmes.types import DegreeLevel

YES_NO = [SelectChoice("", _l("不便回答")), SelectChoice("yes", _l("是")), SelectChoice("no", _l("否"))]
NUMBERS = ("staff", "staff_senior", "staff_outside", "mean_pay_yuan", "needed_managers", "needed_engineers", "needed_skilled", "needed_three_years")


class SurveyForm(Form):
    """A survey to be opened."""

    kind = SelectField(_l("调查"), choices=[SelectChoice(kind.value, label) for kind, label in labels.KINDS.items()])
    year = IntegerField(_l("年度"), [InputRequired(), NumberRange(2000, 2100)], description=_l("需求调查为当年；毕业生调查为毕业的年份。"))
    title = Text(_l("名称"), [InputRequired(), Length(max=120)])
    opens_on = DateField(_l("开始日"), [InputRequired()])
    closes_on = DateField(_l("截止日"), [InputRequired()])


class ChangeForm(Form):
    """The name and the days of a survey."""

    title = Text(_l("名称"), [InputRequired(), Length(max=120)])
    opens_on = DateField(_l("开始日"), [InputRequired()], description=_l("有人填报以后不能再改。"))
    closes_on = DateField(_l("截止日"), [InputRequired()], description=_l("可以延长；延长后重新提醒未填报的人。"))


class DemandForm(Form):
    """Only the submission key: the table of ten fields is read by `demands`."""


class GraduateForm(Form):
    """A graduate's answer."""

    status = RadioField(
        _l("目前状况"), [InputRequired(_l("请选择目前状况。"))], choices=[SelectChoice(one.value, labels.STATUSES[one]) for one in GraduateStatus]
    )
    employer = Text(_l("工作单位"), [Optional(), Length(max=200)], description=_l("就业或创业时填写；不公布。"))
    is_in_fujian = SelectField(_l("在福建工作"), choices=YES_NO)
    is_in_field = SelectField(_l("工作与专业对口"), choices=YES_NO)
    pay = SelectField(_l("月收入（税前）"), choices=[SelectChoice(one.value, labels.PAYS[one]) for one in PayBand], default=PayBand.UNTOLD.value)
    satisfaction = SelectField(
        _l("对学校培养的满意度"),
        choices=[SelectChoice("", _l("不便回答")), *[SelectChoice(str(n), str(n)) for n in range(5, 0, -1)]],
        description=_l("1 为很不满意，5 为很满意。"),
    )
    comment = LongText(_l("建议"), [Optional(), Length(max=500)])


def yes(text: str | None) -> bool | None:
    """Yes, no, or nothing said."""
    return {"yes": True, "no": False}.get(text or "")


def demands(given: Any) -> list[Demand]:
    """The table of ten fields from a request's form (names such as `staff_3`). Raises Refused for what is no whole number."""
    found = []
    for number in KEY_FIELDS:
        values: dict[str, Any] = {name: _whole(given.get(f"{name}_{number}", ""), number) for name in NUMBERS}
        pay = values.pop("mean_pay_yuan")
        level = given.get(f"level_{number}", "")
        found.append(
            Demand(
                number,
                **{name: value or 0 for name, value in values.items()},
                mean_pay_yuan=pay,
                level=DegreeLevel(level) if level in {one.value for one in DegreeLevel} else DegreeLevel.BACHELOR,
                hard_posts="".join(c for c in given.get(f"hard_posts_{number}", "") if ord(c) >= 32)[:200],
            )
        )
    return found


def stored(known: Mapping[int, Any]) -> dict[str, Any]:
    """Answers by key field as the table of ten fields names them."""
    return {f"{name}_{number}": getattr(row, name) for number, row in known.items() for name in (*NUMBERS, "hard_posts", "level")}


def seen_of(known: Mapping[int, Any]) -> str:
    """The answers that stand, as the form carries them."""
    return ",".join(str(row.id) for _number, row in sorted(known.items()))


def seen(text: str | None) -> list[int] | None:
    """The answers that stood when the form was opened; None of one that does not say."""
    return None if text is None else [int(one) for one in text.split(",")[: len(KEY_FIELDS)] if is_key(one)]


def beside(
    typed: Mapping[str, Any], answers: Iterable[Demand], then: Mapping[int, Any], known: Mapping[int, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was typed, put together with what a colleague saved meanwhile: a field that is as it was when the form was opened (`then`) takes what stands
    now (`known`); where both changed it, what was typed stays. With that, by name, what stands now of such a field where it differs (empty: nothing)."""
    values, stands = dict(typed), {}
    for answer in answers:
        number = answer.key_field_no
        before, now = then.get(number), known.get(number)
        if before is now or _is_said(answer, now):
            continue
        fresh = stored({number: now}) if now is not None else dict.fromkeys(stored({number: answer}), "")
        if _is_said(answer, before):
            values.update(fresh)
        else:
            typed_now = stored({number: answer})
            stands.update({name: "" if value is None else value for name, value in fresh.items() if (value or "") != (typed_now[name] or "")})
    return values, stands


def _is_said(answer: Demand, row: Any) -> bool:
    """Whether an answer says what is kept in a row (None: nothing)."""
    if row is None:
        return answer.is_empty
    said = {**asdict(answer), "hard_posts": answer.hard_posts.strip()}
    return all(getattr(row, name) == value for name, value in said.items())


def _whole(text: str, number: int) -> int | None:
    text = text.strip().replace(",", "").replace("，", "")
    if not text:
        return None
    if not is_key(text) or len(text) > 9:
        raise Refused(_("第 %(n)s 个领域中“%(text)s”不是人数或金额，请填写整数。", n=number, text=text[:20]), code="not_a_number")
    return int(text)
