"""Forms of learning paths."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, SelectField
from wtforms.validators import InputRequired, Length

from courses.catalogue.owning import OwnedForm
from trainhub.kernel.forms import CodeText, LongText, Text
from trainhub.kernel.i18n import _l


class PathForm(OwnedForm):
    """What a path says about itself."""

    title = Text(_l("路径名称"), [InputRequired(), Length(max=200)])
    code = CodeText(_l("路径代码"), [InputRequired(), Length(max=60)], description=_l("字母、数字和 . _ -；保存后不能修改"))
    owner_id = SelectField(_l("发布单位"), [InputRequired()], coerce=int)
    summary = LongText(_l("一句话介绍"), [Length(max=500)])
    description = LongText(_l("路径介绍"), [Length(max=20000)], description=_l("可用 Markdown 书写"))
    is_ordered = BooleanField(_l("建议按顺序学习"), default=True)

    def __init__(self, *args: Any, owners: list[tuple[int, str]] = (), **kw: Any) -> None:  # type: ignore[assignment]
        super().__init__(*args, **kw)
        self.offer(owners)

    def values(self) -> dict[str, Any]:
        """The columns that may be changed, without the title."""
        return {"summary": self.summary.data or "", "description": self.description.data or "", "is_ordered": bool(self.is_ordered.data)}
