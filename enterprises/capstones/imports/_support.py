"""What the tables of capstones share: whose rows somebody may hand in."""

from __future__ import annotations

from enterprises.permissions import Can
from trainhub.kernel.access import may
from trainhub.kernel.i18n import _
from trainhub.kernel.imports import Draft
from trainhub.kernel.sheets.schema import Parsed
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme


def programme_of(draft: Draft, row: Parsed) -> Programme | None:
    """The programme of a row, when the reader runs it; a problem otherwise, the same whether there is none or it is another's."""
    programme = programmes.by_code(row.data["programme"])
    if programme is None or not may(draft.by, Can.CAPSTONE_ASSIGN, programmes.subject_of(programme)):
        draft.problem(row, "programme", _("没有代码为 %(code)s 的专业点，或它不归你管理。", code=row.data["programme"]))
        return None
    return programme
