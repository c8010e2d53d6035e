"""What money can be taken from, as the choices of a form: for whoever pays an award, a talent or a subsidy."""

from __future__ import annotations

from datetime import date
from typing import Any

from wtforms import SelectField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from enterprises.awards import queries
from enterprises.awards.types import PoolKind
from trainhub.kernel.i18n import _, _l, format_yuan

OWN = 0
"""The department's own money: no pool is charged."""

NOTHING = -1
"""Stands alone in a list that would be empty, to say so; nothing can be paid from it."""

OF_YEAR = _l("只列拨付日期所在年度的资金；所选资金与日期不在同一年度的不保存，并改列该年度的资金。")


class PoolField(SelectField):
    """What money a payment is taken from. The entry that says that there is none is refused in words, and the list is then that of the day typed."""

    def __init__(self, **values: Any) -> None:
        super().__init__(_l("资金"), coerce=int, **values)

    def pre_validate(self, form: Any) -> None:
        """Raises ValidationError where nothing, or nothing that is offered, was chosen."""
        if self.data == NOTHING:
            raise ValidationError(_("还没有选择资金，请从拨付日期所在年度的资金中选择。"))
        super().pre_validate(form)


def local_money() -> list[SelectChoice]:
    """The money of the local government, which stands in no pool of the province."""
    return [SelectChoice(OWN, _l("所在地政府安排，不从省级资金列支"))]


def pools_with_money(on: date | None, only: PoolKind | None = None, *, chosen: int | None = None, has_own: bool = True) -> list[SelectChoice]:
    """The department's own money, then each pool of the year of a payment that has something left, with its rest (no day yet: of any year); `only`:
    nothing but pools of that kind, where the sentence names the fund. `chosen` stays a choice on a form that comes back, so that the refusal says what
    is wrong with it. Where there is none at all, an entry says so."""
    found = [
        *([SelectChoice(OWN, _l("部门自有资金，不从下列资金列支"))] if has_own and only is None else []),
        *[
            SelectChoice(one.id, f"{one.year} {one.name}（{format_yuan(one.planned_fen - one.spent_fen)}）")
            for one in queries.pools()
            if one.id == chosen or (one.planned_fen > one.spent_fen and only in (None, one.kind) and (on is None or one.year == on.year))
        ],
    ]
    return found or [SelectChoice(NOTHING, _none(on))]


def _none(on: date | None) -> str:
    if on is None:
        return _("没有可用的资金")
    return _("%(year)s 年没有可用的资金；在其他年度拨付的，先填写拨付日期再提交", year=on.year)
