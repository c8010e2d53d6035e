"""The tables T1 and T4 of the self-report as files: drawn at once while they are small, else by a job (`kernel.made_tables`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from enterprises.bases import labels as base_labels
from enterprises.placements import queries
from enterprises.placements.operations._support import WrongState
from trainhub.kernel import audit, jobs, made_tables
from trainhub.kernel.access import Identity
from trainhub.kernel.files import StoredFile
from trainhub.kernel.i18n import N_, _, listed, say
from trainhub.kernel.made_tables import Made
from trainhub.kernel.sheets.types import Column

TABLE_TASK = "placements.table"
KIND = "placement_table"
T1 = (
    Column("school_year", "学年"),
    Column("class", "年级/班级"),
    Column("is_petoe", "是否卓越计划"),
    Column("student_no", "学号"),
    Column("name", "姓名"),
    Column("programme", "专业"),
    Column("where", "基地/企业"),
    Column("items", "企业培养方案环节"),
    Column("starts_on", "开始日期"),
    Column("ends_on", "结束日期"),
    Column("weeks", "认定周数"),
    Column("weeks_sum", "累计周数"),
    Column("mentor", "企业指导教师"),
    Column("score", "考核结果"),
)
T4 = (
    Column("code", "基地代码"),
    Column("base", "基地名称"),
    Column("types", "类型"),
    Column("hosts", "合作企业"),
    Column("since", "协议开始"),
    Column("until", "协议截止"),
    Column("items", "承担环节"),
    Column("capacity", "可接纳人数/期"),
    Column("students", "近三年接纳学生数"),
    Column("leaders", "双方负责人"),
    Column("school_mentors", "校内导师数"),
    Column("mentors", "企业指导教师数"),
    Column("school_invested", "学校投入（元）"),
    Column("enterprise_invested", "企业投入（元）"),
)


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its name (a message), columns, those that are codes, its rows and how many there would be, and how many of them a
    page waits for; what is larger is made by a job."""

    name: str
    columns: tuple[Column, ...]
    codes: tuple[str, ...]
    rows: Callable[[Identity, date], Iterable[tuple[Any, ...]]]
    size: Callable[[Identity, date], int]
    at_once: int


def window(on: date) -> date:
    """The first day of the last three academic years."""
    first = on.year if on.month >= 9 else on.year - 1
    return date(first - 2, 9, 1)


def _rows_1(by: Identity, on: date) -> Iterable[tuple[Any, ...]]:
    return (
        (
            row["school_year"], row["class"], _("是") if row["is_petoe"] else _("否"), row["student_no"], row["name"], row["programme"], row["where"],
            listed(row["items"]), row["starts_on"], row["ends_on"], row["weeks"], row["weeks_sum"], row["mentor"], row["score"],
        )
        for row in queries.table_1(by, since=window(on), on=on)
    )  # fmt: skip


def _rows_4(by: Identity, on: date) -> Iterable[tuple[Any, ...]]:
    return [  # whole before the first line is written: the progress of a job commits, and what was loaded is stale from then on
        (
            row["base"].code, row["base"].name, listed(base_labels.BASE_TYPES[one] for one in row["types"]), listed(row["hosts"]),
            *(row["agreement"] or (None, None)), listed(row["items"]), row["capacity"], row["students"], listed(row["leaders"]), row["school_mentors"], row["mentors"], *row["invested"],
        )
        for row in queries.table_4(by, since=window(on), on=on)
    ]  # fmt: skip


TABLES = {
    "t1": Table(
        N_("近三年学生实际进入企业实践基地的情况"), T1, ("student_no",), _rows_1, lambda by, on: queries.table_1_size(by, since=window(on)), 1_000
    ),
    "t4": Table(N_("与企业合作建立实践基地的情况"), T4, ("code",), _rows_4, lambda by, on: queries.table_4_size(by, since=window(on)), 100),
}


def table_job(table: str, by: Identity) -> jobs.Job | None:
    """The latest job by which somebody asked for a table."""
    return made_tables.mine(made_tables.key_of("placements", table, by=by))


def ask_for_table(*, table: str, form: str, by: Identity) -> jobs.Job:
    """Let a job make a table in the reader's language; while the same one waits or runs it is that one."""
    name = TABLES[table].name
    job, is_new = made_tables.ask(
        TABLE_TASK,
        key=made_tables.key_of("placements", table, by=by),
        title=say(N_("生成表格：%(name)s"), name=say(name)),
        name=str(_(name)),
        form=form,
        by=by,
        table=table,
    )
    if is_new:
        audit.record(by=by, did="placements.table.asked", on=("job", str(job.id)), data={"table": table, "form": form})
    return job


def make_table(running: jobs.Running, *, by: Identity, today: date, now: datetime) -> Mapping[str, Any]:
    """Write the table of a job and keep it."""
    one = TABLES[running.args["table"]]
    return made_tables.make(running, lambda: Made(one.columns, one.rows(by, today), one.size(by, today), one.codes), kind=KIND, now=now)


def forget_tables(*, now: datetime) -> list[str]:
    """Let go of files that were kept long enough; the checksums to erase after the commit."""
    return made_tables.forget((KIND,), now)


def file_of(job: jobs.Job, now: datetime) -> StoredFile | None:
    """The file that a job made; None when it was let go. Raises WrongState while there is none, or none any more."""
    if job.state is not jobs.JobState.DONE:
        raise WrongState(_("表格还在生成，请稍后再下载。"))
    if made_tables.is_over(job, now):
        raise WrongState(_("这份表格已超过保存期限，请重新生成。"))
    return made_tables.file_of(job, now)
