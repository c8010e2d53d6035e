"""What money can be taken from, as the choices of a form: for whoever pays an award, a talent or a subsidy."""

from __future__ import annotations

from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from enterprises.awards import queries
from enterprises.awards.types import PoolKind
from trainhub.kernel.i18n import _l, format_yuan

OWN = 0
"""The department's own money: no pool is charged."""


def local_money() -> list[SelectChoice]:
    """The money of the local government, which stands in no pool of the province."""
    return [SelectChoice(OWN, _l("所在地政府安排，不从省级资金列支"))]


def pools_with_money(only: PoolKind | None = None) -> list[SelectChoice]:
    """The department's own money, then each pool that has something left, with its rest; `only`: nothing but pools of that kind,
    where the sentence names the fund."""
    return [
        *([] if only else [SelectChoice(OWN, _l("部门自有资金，不从下列资金列支"))]),
        *[
            SelectChoice(one.id, f"{one.year} {one.name}（{format_yuan(one.planned_fen - one.spent_fen)}）")
            for one in queries.pools()
            if one.planned_fen > one.spent_fen and only in (None, one.kind)
        ],
    ]
