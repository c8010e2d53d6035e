"""A list of persons to invite into a run: CSV or XLSX, checked as a whole before anybody is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import IO, Any

from courses.catalogue.models import Run
from courses.learning import finding, invitation_queries, operations
from trainhub.kernel.access import Identity
from trainhub.kernel.i18n import N_, _, _l
from trainhub.kernel.imports import Draft, ImportSpec, examine
from trainhub.kernel.sheets.parsers import parse_text
from trainhub.kernel.sheets.schema import Field, Parsed, Schema
from trainhub.people import queries as people_queries

SCHEMA = Schema(
    [
        Field(
            "login",
            "登录名",
            parse_text(most=200),
            required=True,
            aliases=("学号", "手机号", "邮箱", "工号"),
            is_code=True,
            hint=_l("登录名、学号、手机号或邮箱"),
        ),
        Field("name", "姓名", parse_text(most=120), hint=_l("填写时与系统中的姓名核对；用手机号或外校学号时必填")),
    ]
)

EXAMPLES = ({"login": "20230001", "name": "张三"}, {"login": "13800000000", "name": "李四"})


def spec_for(run: Run, expires_on: date | None = None) -> ImportSpec:
    """The import of invitations into one run, which hold up to and including a day."""

    def check(draft: Draft, rows: Sequence[Parsed]) -> None:
        of_row = finding.persons_meant({row.number: (row.data["login"], row.data["name"] or "") for row in rows}, home=run.course.owner.code)
        unnamed = {row.number: (row.data["login"], "") for row in rows if row.data["name"] and of_row[row.number] is None}
        named_otherwise = {
            number for number, person_id in finding.persons_meant(unnamed, home=run.course.owner.code).items() if person_id is not None
        }
        ids = sorted({person_id for person_id in of_row.values() if person_id is not None})
        names, known, inside = (
            invitation_queries.names_of_persons(ids),
            invitation_queries.invited_among(run.id, ids),
            invitation_queries.open_person_ids(run.id),
        )
        seen: dict[int, int] = {}
        unknown = [row.data["login"] for row in rows if of_row[row.number] is None]
        renumbered = people_queries.numbers_now(unknown)
        for row in rows:
            person_id = of_row[row.number]
            now = next((no for name, no in renumbered.get(row.data["login"], ()) if name == row.data["name"]), None)
            if row.number in named_otherwise:
                draft.problem(row, "name", _("与系统中的姓名不一致，请核对登录名是否填错。"))
            elif person_id is None and now is not None:
                draft.problem(row, "login", _("%(name)s的学号或工号已更正为 %(no)s，请改用新的号码。", name=row.data["name"], no=now))
            elif person_id is None:
                draft.problem(row, "login", _("没有找到对应的人员，或对应多人，或姓名不一致。请核对；用手机号或外校学号时，姓名必须填写。"))
            elif person_id in seen:
                draft.warn(row, "login", _("与第 %(n)d 行是同一人，只邀请一次。", n=seen[person_id]))
            elif person_id in known or person_id in inside:
                seen[person_id] = row.number
                draft.same()
            else:
                seen[person_id] = row.number
                draft.add(person_id, names[person_id])

    def apply(item: Any, by: Identity, today: date, now: datetime) -> None:
        operations.invite(run=run, person_ids=[item], by=by, now=now, expires_on=expires_on)

    return ImportSpec(
        kind="invitations",
        title=N_("邀请名单"),
        schema=SCHEMA,
        check=check,
        apply=apply,
        examples=EXAMPLES,
    )


def invite_list(*, run: Run, file: IO[bytes], filename: str, expires_on: date | None, by: Identity, today: date, now: datetime) -> Draft:
    """Check a list and, when nothing in it is wrong, invite everybody on it at once; with errors nobody is invited."""
    draft = examine(spec_for(run, expires_on), file, filename=filename, by=by, today=today)
    if draft.is_good:
        operations.invite(run=run, person_ids=draft.work, by=by, now=now, expires_on=expires_on)
    return draft


TEMPLATE = ImportSpec(kind="invitations", title=N_("邀请名单"), schema=SCHEMA, check=lambda *_: None, apply=lambda *_: None, examples=EXAMPLES)
"""What the template of a list is made from; it belongs to no run."""
