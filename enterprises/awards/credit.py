"""The credit of an organisation before an award (FJ-31, 000:817): looked up by an adapter, or entered by hand.

An adapter answers for a unified social credit code. The one that is built in reads the list of untrustworthy legal persons
as it was imported; a provincial platform's interface takes its place by adding an adapter to `SOURCES`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from enterprises.awards import queries
from enterprises.awards.fund_models import CreditCheck, CreditListing
from enterprises.awards.types import BAD, GOOD
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _, _l
from trainhub.kernel.import_changes import differing
from trainhub.kernel.imports import Draft, ImportSpec
from trainhub.kernel.sheets.parsers import parse_date, parse_text
from trainhub.kernel.sheets.schema import Field, Parsed, Schema
from trainhub.organisations import rules as organisation_rules
from trainhub.organisations.models import Organisation
from trainhub.organisations.rules import normalise_uscc


@dataclass(frozen=True, slots=True)
class Answer:
    """What a source says of a code; `detail` names the entry."""

    is_listed: bool
    detail: str = ""


class CreditSource(Protocol):
    """Something that can be asked about a unified social credit code."""

    name: str

    def look_up(self, uscc: str, on: date) -> Answer | None:
        """The answer, or None when the source cannot say."""


class ImportedList:
    """The list as it was imported; it can say something only once a list is there."""

    name = "失信名单"

    def look_up(self, uscc: str, on: date) -> Answer | None:
        """Listed when an entry stands on the day."""
        if not queries.has_credit_list():
            return None
        row = queries.listed_on(uscc, on)
        return Answer(False) if row is None else Answer(True, f"{row.since.isoformat()} {row.reason}")


SOURCES: list[CreditSource] = [ImportedList()]
"""Asked in order; the first that can say something is taken."""


class CreditRefused(Refused):
    """A look-up that cannot be."""

    code = "credit_refused"


def look_up(*, organisation: Organisation, by: Identity, today: date, now: datetime) -> CreditCheck:
    """Ask the sources and keep the answer. Raises CreditRefused when none can say: then it is entered by hand."""
    code = organisation.uscc or ""
    if not code:
        raise CreditRefused(_("“%(name)s”没有登记统一社会信用代码，请先补充，或手工登记核查结果。", name=organisation.name))
    for source in SOURCES:
        answer = source.look_up(code, today)
        if answer is not None:
            return _keep(organisation, answer.is_listed, source.name, answer.detail, today, by, now)
    raise CreditRefused(_("没有可以查询的信用数据，请先导入失信名单，或手工登记核查结果。"))


def enter(*, organisation: Organisation, is_listed: bool, detail: str, on: date, by: Identity, today: date, now: datetime) -> CreditCheck:
    """Enter a look-up made elsewhere, with where it was made. The one with the latest day holds, of one day the last entered."""
    if not detail.strip():
        raise CreditRefused(_("请写明在哪里核查、查到什么。"), field="detail")
    if on > today:
        raise CreditRefused(_("日期不能晚于今天。"), field="on")
    return _keep(organisation, is_listed, "手工登记", detail.strip(), on, by, now)


def _keep(organisation: Organisation, is_listed: bool, source: str, detail: str, on: date, by: Identity, now: datetime) -> CreditCheck:
    row = CreditCheck(
        organisation_id=organisation.id,
        on=on,
        is_listed=is_listed,
        source=source,
        detail=detail[:400],
        checked_by_id=by.account_id,
        checked_at=now,
    )
    session().add(row)
    if organisation.credit_checked_on is None or organisation.credit_checked_on <= on:  # what was found earlier lifts nothing found since
        organisation.credit_status, organisation.credit_checked_on = (BAD if is_listed else GOOD), on
    session().flush()
    audit.record(by=by, did="awards.credit.recorded", on=organisation, data={"is_listed": is_listed, "source": source, "detail": row.detail})
    return row


# -- the list -----------------------------------------------------------------------------------------------------------
SCHEMA = Schema(
    [
        Field("uscc", "统一社会信用代码", normalise_uscc, required=True, is_code=True),
        Field("name", "名称", parse_text(most=200), required=True),
        Field("reason", "列入事由", parse_text(most=400)),
        Field("since", "列入日期", parse_date, required=True),
        Field("until", "移出日期", parse_date),
    ]
)


@dataclass(frozen=True, slots=True)
class Item:
    """One planned row; `id` of the line that stands."""

    row: int
    data: dict[str, Any]
    id: int | None = None


def _check(draft: Draft, rows: Sequence[Parsed]) -> None:
    known = queries.credit_lines([row.data["uscc"] for row in rows])
    seen: dict[tuple[str, date], int] = {}
    for row in rows:
        data, before = row.data, len(draft.errors)
        if organisation_rules.uscc_problem(data["uscc"]) is not None:
            draft.problem(row, "uscc", _("不是有效的统一社会信用代码（18 位，含校验位）。"))
        if data["until"] is not None and data["until"] < data["since"]:
            draft.problem(row, "until", _("移出日期不能早于列入日期。"))
        first = seen.setdefault((data["uscc"], data["since"]), row.number)
        if first != row.number:
            draft.problem(row, "uscc", _("与第 %(row)d 行重复。", row=first))
        if len(draft.errors) > before:
            continue
        old = known.get((data["uscc"], data["since"]))
        if old is not None:
            for column in ("name", "reason"):
                draft.not_taken(row, column, getattr(old, column))
        if old is None:
            draft.add(Item(row.number, dict(data)), data["name"])
        elif cells := differing({"until": data["until"]}, old):
            draft.change(Item(row.number, dict(data), old.id), data["name"], cells, [old])
        else:
            draft.same()


def _apply(item: Item, by: Identity, today: date, now: datetime) -> None:
    if item.id is not None:
        row = session().get_one(CreditListing, item.id)
        row.until, row.entered_at = item.data["until"], now
    else:
        row = CreditListing(**{**item.data, "reason": item.data["reason"] or ""}, source="导入", entered_at=now)
        session().add(row)
    session().flush()
    audit.record(by=by, did="awards.credit.imported", on=row, data={"uscc": row.uscc, "since": row.since, "until": row.until})


SPEC = ImportSpec(
    kind="credit_list",
    title=_l("失信名单"),
    schema=SCHEMA,
    check=_check,
    apply=_apply,
    examples=({"uscc": "（18位代码）", "name": "某某有限公司", "reason": "拖欠工资", "since": "2026-01-01", "until": ""},),
    notes=(_l("移出日期为空表示仍在名单上；再次导入可以补上移出日期。"),),
)
