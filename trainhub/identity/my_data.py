"""What is stored about a person: rooms register how to tell it, the person reads and takes it (PIPL 44, 45).

A room calls `register_export(app, "placements", _l("实习"), queries.own_placements, tables=(Placement,))` from its `wiring.py`. The provider
takes a person's id (an account's where `of="account"`) and answers with one select (`Owned`), or with flat rows where a select cannot
tell it; `tables` are those whose rows it tells. tests/architecture/test_own_data.py finds the table that nobody tells.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any, Literal

from flask import Flask, current_app

from trainhub.identity import models, queries
from trainhub.identity.own_columns import LABELS
from trainhub.identity.queries import own
from trainhub.identity.queries.owned import Owned
from trainhub.kernel.access import ROLE_LABELS
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.clock import local, today
from trainhub.kernel.db import Base
from trainhub.kernel.files import StoredFile
from trainhub.kernel.i18n import _, _l, format_date, format_datetime
from trainhub.kernel.sheets.types import EXCEL_CELL, Column
from trainhub.kernel.sheets.writing import Sheet, write_xlsx
from trainhub.people import identity_models as identities
from trainhub.people import models as persons
from trainhub.people import study_models

Rows = Sequence[Mapping[str, Any]]
Holder = Literal["person", "account"]
Kind = tuple[str, Any, Callable[[int], Owned | Rows], type[Base]]
"""Name, heading, provider and the table it tells."""


@dataclass(frozen=True, slots=True)
class Export:
    """One kind of data about a person."""

    name: str
    label: Any
    told: Callable[[int], Owned | Rows]
    tables: tuple[type[Base], ...]
    of: Holder


def register_export(
    app: Flask, name: str, label: Any, told: Callable[[int], Owned | Rows], *, tables: Iterable[type[Base]], of: Holder = "person"
) -> None:
    """Let the page "my data" show and export what a room stores about a person."""
    known: dict[str, Export] = app.extensions.setdefault("trainhub.my_data", {})
    if name in known:
        raise RuntimeError(f"my-data export {name} is registered twice")
    known[name] = Export(name, label, told, tuple(tables), of)


def register_exports(app: Flask, kinds: Iterable[Kind], *, of: Holder = "person") -> None:
    """Several at once, each telling one table, in the order in which they are shown."""
    for name, label, told, table in kinds:
        register_export(app, name, label, told, tables=(table,), of=of)


def exports(app: Flask) -> Sequence[Export]:
    """Everything that was registered, in the order in which it is shown."""
    return list(app.extensions.get("trainhub.my_data", {}).values())


SHOWN = 20
"""Rows of a kind that the page shows; the files hold all."""


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of data of one person, ready to show."""

    name: str
    label: str
    rows: list[dict[str, Any]]


def of_account(account_id: int, person_id: int | None, *, limit: int | None = None) -> list[Part]:
    """Everything stored about the holder of an account, by kind, all of it or the first rows; one query for each kind, whatever it holds."""
    parts = []
    for export in exports(current_app):
        holder = account_id if export.of == "account" else person_id
        if holder is not None:
            told = export.told(holder)
            rows = told.rows(limit) if isinstance(told, Owned) else [dict(row) for row in told][:limit]
            parts.append(Part(export.name, str(export.label), rows))
    return parts


def _roles(account_id: int) -> Rows:
    return [
        {"role": str(ROLE_LABELS[g.role]), "scope": g.scope_name, "since": g.since, "until": g.until, "is_active": g.is_active}
        for g in queries.grants_of(account_id, today=today())
    ]


def register_own(app: Flask) -> None:
    """The accounts' and persons' own data; rooms above register theirs."""
    accounts: Sequence[Kind] = (
        ("account", _l("账号"), own.account_itself, models.Account),
        ("login_names", _l("登录名"), own.logins, models.LoginName),
        ("roles", _l("角色"), _roles, models.RoleGrant),
        ("consents", _l("隐私同意记录"), own.consents, models.Consent),
        ("data_requests", _l("个人信息申请"), own.requests, models.DataRequest),
        ("number_claims", _l("本人填写、待核实的证件号码"), own.number_claims, models.NumberClaim),
        ("sessions", _l("登录记录"), own.sign_ins, models.UserSession),
        ("tokens", _l("接口令牌"), own.tokens, models.ApiToken),
        ("links", _l("邀请与密码重置链接"), own.links, models.OneTimeLink),
        ("passwords", _l("密码更换记录"), own.passwords, models.PasswordHistory),
        ("recovery_codes", _l("恢复码"), own.recovery_codes, models.RecoveryCode),
        ("acts", _l("本人的操作记录"), own.own_acts, AuditEvent),
        ("files", _l("上传的文件"), own.own_files, StoredFile),
    )
    people: Sequence[Kind] = (
        ("person", _l("个人信息"), own.person_itself, persons.Person),
        ("studies", _l("学籍"), own.studies, persons.Student),
        ("petoe_spans", _l("卓越计划学生身份"), own.petoe_spans, persons.PetoeSpan),
        ("petoe_changes", _l("卓越计划起止的更改"), own.petoe_changes, persons.PetoeChange),
        ("former_studies", _l("学籍异动"), own.former_studies, persons.FormerStudy),
        ("undone_moves", _l("已撤销的异动"), own.undone_moves, study_models.UndoneMove),
        ("school_numbers", _l("用过的学号和工号"), own.school_numbers, persons.FormerSchoolNumber),
        ("suspensions", _l("休学"), own.suspensions, persons.Suspension),
        ("teaching", _l("任教"), own.teaching, persons.Teacher),
        ("employment", _l("企业经历"), own.employment, persons.Employment),
        ("degrees", _l("学历"), own.degrees, persons.PersonDegree),
        ("stays", _l("境外经历"), own.stays, persons.PersonStay),
        ("former_numbers", _l("更正过的证件号码"), own.former_numbers, persons.FormerNumber),
        ("identified_spans", _l("曾经核实身份的时段"), own.identified_spans, identities.PersonIdentified),
        ("holds", _l("数据保全"), own.holds, persons.LegalHold),
        ("merges", _l("人员合并记录"), own.merges, persons.PersonMerge),
        ("compared", _l("疑似同一人的判定"), own.compared, persons.PersonPair),
    )
    register_exports(app, people[:1])
    register_exports(app, accounts, of="account")
    register_exports(app, people[1:])


# -- showing and taking -------------------------------------------------------------------------------------------------


def column_label(name: str) -> str:
    """What a column is called, in the reader's language."""
    label = str(LABELS[name])
    return label[:1].upper() + label[1:]  # some words also stand inside sentences


def shown(value: Any) -> str:
    """A value as the page and the workbook show it: times in Shanghai, yes and no in words."""
    if isinstance(value, bool):
        return str(_l("是")) if value else str(_l("否"))
    if isinstance(value, datetime):
        return format_datetime(value)
    return format_date(value) if isinstance(value, date) else str(value if value is not None else "")


def as_json(parts: Sequence[Part], *, at: datetime, notice_version: str) -> str:
    """One document: columns under their stable names, states in the reader's language, times with the offset of Shanghai."""
    body = {"exported_at": _text(at), "notice_version": notice_version} | {part.name: part.rows for part in parts}
    return json.dumps(body, ensure_ascii=False, indent=1, default=_text)


def _text(value: Any) -> str:
    return local(value).isoformat(timespec="seconds") if isinstance(value, datetime) else value.isoformat() if isinstance(value, date) else str(value)


def as_workbook(parts: Sequence[Part], target: IO[bytes]) -> None:
    """A workbook: a list of what there is and how much, then one tab for each kind of which something is stored."""
    kinds = (Column("kind", _("内容"), own_title=True), Column("count", _("条数"), own_title=True))
    sheets = [Sheet(_("目录"), kinds, [(part.label, len(part.rows)) for part in parts], headers="zh")]
    for part in parts:
        if part.rows:
            columns = [Column(name, column_label(name), own_title=True) for name in part.rows[0]]
            sheets.append(Sheet(part.label, columns, [{name: _cell(value) for name, value in row.items()} for row in part.rows], headers="zh"))
    write_xlsx(sheets, target)


def _cell(value: Any) -> int | float | str:
    """Numbers stay numbers; a text that no cell holds is cut, the JSON file has all of it."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    text = shown(value)
    return text if len(text) <= EXCEL_CELL else text[: EXCEL_CELL - 1] + "…"
