"""What is stored about a person: rooms register how to tell it, the person reads and takes it (PIPL 44, 45).

A room calls `register_export(app, "placements", _l("实习记录"), rows_of)` from its `wiring.py`; `rows_of(person_id)` returns a
list of flat dicts whose keys are column names and whose values are texts, numbers, dates or None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import Flask, current_app

from trainhub.identity import queries
from trainhub.identity.labels import LOGIN_KINDS, REQUEST_KINDS, REQUEST_STATES, STATES
from trainhub.kernel.access import ROLE_LABELS
from trainhub.kernel.clock import today
from trainhub.kernel.i18n import _l, format_date, format_datetime
from trainhub.people import labels as people_labels
from trainhub.people import queries as people

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Export:
    """One kind of data about a person."""

    name: str
    label: Any
    rows_of: Callable[[int], Rows]


def register_export(app: Flask, name: str, label: Any, rows_of: Callable[[int], Rows]) -> None:
    """Let the page "my data" show and export what a room stores about a person."""
    known: dict[str, Export] = app.extensions.setdefault("trainhub.my_data", {})
    if name in known:
        raise RuntimeError(f"my-data export {name} is registered twice")
    known[name] = Export(name, label, rows_of)


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of data of one person, ready to show."""

    name: str
    label: str
    rows: list[dict[str, Any]]


def of_account(account_id: int, person_id: int | None) -> list[Part]:
    """Everything stored about the holder of an account, by kind."""
    parts = _of_account(account_id)
    if person_id is not None:
        exports: Mapping[str, Export] = current_app.extensions.get("trainhub.my_data", {})
        parts += [Part(e.name, str(e.label), [dict(row) for row in e.rows_of(person_id)]) for e in exports.values()]
    return parts


def _of_account(account_id: int) -> list[Part]:
    row = queries.account(account_id)
    account = {
        "display_name": row.display_name,
        "state": str(STATES[row.state]),
        "created_at": row.created_at,
        "last_sign_in_at": row.last_sign_in_at,
        "language": {"zh": "中文", "en": "English"}.get(row.language, row.language),
        "wants_email": row.wants_email,
        "has_second_factor": row.totp_confirmed_at is not None,
    }
    return [
        Part("account", str(_l("账号")), [account]),
        Part(
            "login_names",
            str(_l("登录名")),
            [
                {"kind": str(LOGIN_KINDS[n.kind]), "value": n.value, "scope": n.scope, "verified_at": n.verified_at}
                for n in queries.login_names(account_id)
            ],
        ),
        Part(
            "roles",
            str(_l("角色")),
            [
                {"role": str(ROLE_LABELS[g.role]), "scope": g.scope_name, "since": g.since, "until": g.until, "is_active": g.is_active}
                for g in queries.grants_of(account_id, today=today())
            ],
        ),
        Part(
            "consents",
            str(_l("隐私同意记录")),
            [
                {"notice_version": c.notice_version, "given_at": c.given_at, "withdrawn_at": c.withdrawn_at, "guardian_name": c.guardian_name}
                for c in queries.consents_of(account_id)
            ],
        ),
        Part(
            "sessions",
            str(_l("登录记录")),
            [
                {"created_at": s.created_at, "expires_at": s.expires_at, "revoked_at": s.revoked_at, "origin": s.origin, "agent": s.agent}
                for s in queries.sessions_of(account_id)
            ],
        ),
        Part(
            "data_requests",
            str(_l("个人信息申请")),
            [
                {
                    "kind": str(REQUEST_KINDS[r.kind]),
                    "state": str(REQUEST_STATES[r.state]),
                    "text": r.text,
                    "answer": r.answer,
                    "asked_at": r.asked_at,
                }
                for r in queries.requests_of(account_id)
            ],
        ),
    ]


def person_rows(person_id: int) -> Rows:
    """The person as stored; the number stays masked, its full value is on the document in the person's own hand."""
    row = people.person(person_id)
    if row is None:
        return []
    return [
        {
            "name": row.name,
            "id_type": str(people_labels.ID_TYPES[row.id_type]) if row.id_type else None,
            "id_number": row.id_mask,
            "is_verified": row.is_verified,
            "birth_on": row.birth_on,
            "gender": str(people_labels.GENDERS[row.gender]),
            "nationality": row.nationality,
            "phone": row.phone,
            "email": row.email,
            "county_code": row.county_code,
            "created_at": row.created_at,
        }
    ]


def student_rows(person_id: int) -> Rows:
    """The person's studies."""
    return [
        {
            "student_no": s.student_no,
            "class_name": s.class_name,
            "state": str(people_labels.STUDENT_STATES[s.state]),
            "enrolled_on": s.enrolled_on,
            "left_on": s.left_on,
            "guardian_name": s.guardian_name,
            "guardian_phone": s.guardian_phone,
        }
        for s in people.students_of_person(person_id)
    ]


def teacher_rows(person_id: int) -> Rows:
    """Where the person teaches."""
    return [
        {
            "staff_no": t.staff_no,
            "kind": str(people_labels.TEACHER_KINDS[t.kind]),
            "title": t.title,
            "discipline": t.discipline,
            "since": t.since,
            "until": t.until,
        }
        for t in people.teachers_of_person(person_id)
    ]


def employment_rows(person_id: int) -> Rows:
    """The person's enterprise experience."""
    return [
        {"organisation": e.organisation_name, "post": e.post, "since": e.since, "until": e.until, "verified_at": e.verified_at}
        for e in people.employment_of(person_id)
    ]


def register_own(app: Flask) -> None:
    """The persons' own data; rooms above register theirs."""
    register_export(app, "person", _l("个人信息"), person_rows)
    register_export(app, "studies", _l("学籍"), student_rows)
    register_export(app, "teaching", _l("任教"), teacher_rows)
    register_export(app, "employment", _l("企业经历"), employment_rows)


COLUMN_LABELS: Mapping[str, Any] = {
    "display_name": _l("显示姓名"),
    "state": _l("状态"),
    "created_at": _l("建立时间"),
    "last_sign_in_at": _l("最近登录"),
    "language": _l("语言"),
    "wants_email": _l("接收邮件"),
    "has_second_factor": _l("动态验证码"),
    "kind": _l("类型"),
    "value": _l("内容"),
    "scope": _l("范围"),
    "verified_at": _l("验证时间"),
    "role": _l("角色"),
    "since": _l("起"),
    "until": _l("止"),
    "is_active": _l("有效"),
    "notice_version": _l("说明版本"),
    "given_at": _l("同意时间"),
    "withdrawn_at": _l("撤回时间"),
    "guardian_name": _l("监护人"),
    "guardian_phone": _l("监护人手机号"),
    "expires_at": _l("有效至"),
    "revoked_at": _l("退出时间"),
    "origin": _l("来源地址"),
    "agent": _l("浏览器"),
    "text": _l("说明"),
    "answer": _l("答复"),
    "asked_at": _l("提交时间"),
    "name": _l("姓名"),
    "id_type": _l("证件类型"),
    "id_number": _l("证件号码"),
    "is_verified": _l("已核实"),
    "birth_on": _l("出生日期"),
    "gender": _l("性别"),
    "nationality": _l("国籍"),
    "phone": _l("手机号"),
    "email": _l("邮箱"),
    "county_code": _l("县区代码"),
    "student_no": _l("学号"),
    "class_name": _l("班级"),
    "enrolled_on": _l("入学"),
    "left_on": _l("离校"),
    "staff_no": _l("工号"),
    "title": _l("职称"),
    "discipline": _l("学科"),
    "organisation": _l("单位"),
    "post": _l("岗位"),
    "read_at": _l("阅读时间"),
}


def column_label(name: str) -> str:
    """What a column is called on the page; rooms may use these names, or names that speak for themselves."""
    return str(COLUMN_LABELS.get(name, name))


def shown(value: Any) -> str:
    """A value as the page shows it."""
    if isinstance(value, bool):
        return str(_l("是")) if value else str(_l("否"))
    if isinstance(value, datetime):
        return format_datetime(value)
    return format_date(value) if isinstance(value, date) else str(value if value is not None else "")
