"""The table of defence groups of a cohort."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from enterprises.capstones import operations, queries, scheduling
from enterprises.capstones.imports._support import programme_of
from enterprises.capstones.queries import tabled
from enterprises.capstones.queries.judging import judge_names
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.downloads import unsealed
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _, _l
from trainhub.kernel.imports import Draft, ImportSpec
from trainhub.kernel.sheets.parsers import parse_date, parse_int, parse_text, split_list
from trainhub.kernel.sheets.schema import Field, Parsed, Schema
from trainhub.organisations.rules import normalise_code
from trainhub.people.models import Person
from trainhub.people.rules import school_number_spellings
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Cohort, Programme

TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::[0-9]{2})?")


def parse_time(text: str) -> int:
    """The minute of the day of `8:30`, `08:30` or `08:30:00`. Raises ValueError with words."""
    found = TIME.fullmatch(text.strip().replace("：", ":"))
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        raise ValueError(_("“%(text)s”不是时间，请写成 08:30。", text=text[:20]))
    return int(found[1]) * 60 + int(found[2])


GROUPS = Schema(
    [
        Field("programme", "专业点代码", normalise_code, required=True, is_code=True),
        Field("year", "年级", lambda text: parse_int(text, least=1900, most=2200), required=True),
        Field("name", "组名", parse_text(most=60), required=True),
        Field("room", "地点", parse_text(most=100), required=True),
        Field("on", "日期", parse_date, required=True),
        Field("starts_at", "开始时间", parse_time, required=True, hint=_l("例如 08:30")),
        Field("minutes_each", "每人分钟数", lambda text: parse_int(text, least=5, most=180), default=30, hint=_l("不填为 30")),
        Field("chair", "组长", parse_text(most=120), required=True, hint=_l("姓名；有重名时填工号")),
        Field("members", "成员", split_list(), required=True, hint=_l("姓名或工号，至少两位，用 | 分开")),
        Field("secretary", "秘书", parse_text(most=120), required=True, hint=_l("姓名或工号；须有账户")),
    ]
)


@dataclass(frozen=True, slots=True)
class Panel:
    """A planned defence group."""

    row: int
    cohort_id: int
    name: str
    room: str
    on: date
    starts_minute: int
    minutes_each: int
    chair_id: int
    member_ids: tuple[int, ...]
    secretary_id: int

    @property
    def people(self) -> frozenset[int]:
        """Everybody who meets."""
        return frozenset({self.chair_id, *self.member_ids, self.secretary_id})


class _Names:
    """Who may sit in the panels of a cohort, by name and by staff number."""

    def __init__(self, programme: Programme, cohort: Cohort, on: date) -> None:
        self.names = judge_names(programme.university_id, cohort.id, on)
        self.numbers = tabled.staff_numbers(programme.university_id, self.names)
        self.often = Counter(self.names.values())

    def of(self, text: str) -> int:
        """The person of a cell. Raises ValueError with words."""
        for number in school_number_spellings(text):
            if number in self.numbers:
                return self.numbers[number]
        if self.often[text] > 1:
            raise ValueError(_("有 %(n)d 位“%(name)s”，请改填工号。", n=self.often[text], name=text))
        found = next((key for key, name in self.names.items() if name == text), None)
        if found is None:
            raise ValueError(_("“%(name)s”不是本校在职教师，也不是这一年级毕业设计企业的指导教师。", name=text))
        return found


def _check_groups(draft: Draft, rows: Sequence[Parsed]) -> None:
    names: dict[int, _Names] = {}
    new: list[scheduling.Session] = []
    for row in rows:
        programme = programme_of(draft, row)
        cohort = programmes.cohort_of(programme.id, row.data["year"]) if programme is not None else None
        if programme is None:
            continue
        if cohort is None:
            draft.problem(row, "year", _("这个专业点没有 %(year)s 级。", year=row.data["year"]))
            continue
        if cohort.id not in names:
            names[cohort.id] = _Names(programme, cohort, draft.today)
        panel = _panel(draft, row, cohort, names[cohort.id])
        if panel is None or _is_known(draft, row, panel):
            continue
        try:
            operations.demand_group(
                cohort=cohort,
                on=panel.on,
                starts_minute=panel.starts_minute,
                minutes_each=panel.minutes_each,
                panel=[panel.chair_id, *panel.member_ids],
                secretary=session().get_one(Person, panel.secretary_id),
                today=draft.today,
            )
            meets = _session(panel, programme.university_id)
            beside = queries.groups_beside([panel.on], programme.university_id, panel.people)
            operations.demand_no_clash([*queries.sessions_of(beside, own=cohort.id), *new, meets], only=meets.id)
        except Refused as refused:
            draft.problem(row, {"secretary_id": "secretary"}.get(refused.field or "", refused.field), refused.message)
            continue
        new.append(meets)
        draft.add(panel, f"{panel.name} {panel.on} {scheduling.clock_of(panel.starts_minute)} {panel.room}")


def _panel(draft: Draft, row: Parsed, cohort: Cohort, names: _Names) -> Panel | None:
    found: dict[str, list[int]] = {}
    for column in ("chair", "members", "secretary"):
        cells = row.data[column] if column == "members" else [row.data[column]]
        try:
            found[column] = [names.of(cell) for cell in cells]
        except ValueError as wrong:
            draft.problem(row, column, str(wrong))
    if len(found) < 3:
        return None
    said = {name: row.data[name] for name in ("name", "room", "on", "minutes_each")}
    members = tuple(dict.fromkeys(key for key in found["members"] if key != found["chair"][0]))
    return Panel(
        row.number,
        cohort.id,
        starts_minute=row.data["starts_at"],
        chair_id=found["chair"][0],
        member_ids=members,
        secretary_id=found["secretary"][0],
        **said,
    )


def _is_known(draft: Draft, row: Parsed, panel: Panel) -> bool:
    """Whether a group of that name stands: the same one changes nothing, another one is refused; nobody is moved by a table."""
    known = next((group for group in queries.groups_of(panel.cohort_id) if group.name == panel.name), None)
    again = next((one for one in draft.work if (one.cohort_id, one.name) == (panel.cohort_id, panel.name)), None)
    if again is not None:
        draft.problem(row, "name", _("与第 %(row)d 行重复。", row=again.row))
        return True
    if known is None:
        return False
    judges = [(member.person_id, member.is_chair) for member, _name in queries.members_of_group(known.id)]
    stands = (known.room, known.on, known.starts_minute, known.minutes_each, known.secretary_id, {key for key, _chair in judges})
    wanted = (panel.room, panel.on, panel.starts_minute, panel.minutes_each, panel.secretary_id, {panel.chair_id, *panel.member_ids})
    if stands == wanted and (panel.chair_id, True) in judges:
        draft.same()
    else:
        draft.problem(row, "name", _("这一年级已有答辩组“%(name)s”，内容不同。要更改请先在页面上删除它，或换一个组名。", name=panel.name))
    return True


def _session(panel: Panel, site: int) -> scheduling.Session:
    judges = frozenset({panel.chair_id, *panel.member_ids})
    return scheduling.Session(-panel.row, panel.name, panel.room, panel.on, panel.starts_minute, panel.minutes_each, panel.people, judges, site=site)


def _apply_group(item: Panel, by: Identity, today: date, now: datetime) -> None:
    current = session()
    operations.form_group(
        cohort=current.get_one(Cohort, item.cohort_id),
        name=item.name,
        room=item.room,
        on=item.on,
        starts_minute=item.starts_minute,
        minutes_each=item.minutes_each,
        chair=current.get_one(Person, item.chair_id),
        members=[current.get_one(Person, key) for key in item.member_ids],
        secretary=current.get_one(Person, item.secretary_id),
        by=by,
        now=now,
    )


def group_rows(programme: Programme, cohort: Cohort) -> Iterator[dict[str, Any]]:
    """The groups of a cohort as the import reads them; who shares a name with another one by the staff number."""
    groups = queries.groups_of(cohort.id)
    panels = queries.members_of_groups([group.id for group in groups])
    everybody = {key for group in groups for key in (group.secretary_id, *(member.person_id for member, _name in panels[group.id]))}
    words = tabled.words_of(programme.university_id, everybody)
    for group in groups:
        judges = [member for member, _name in panels[group.id]]
        row = {
            "programme": programme.code,
            "year": cohort.year,
            "name": group.name,
            "room": group.room,
            "on": group.on,
            "starts_at": scheduling.clock_of(group.starts_minute),
            "minutes_each": group.minutes_each,
            "chair": next(words[member.person_id] for member in judges if member.is_chair),
            "members": "|".join(words[member.person_id] for member in judges if not member.is_chair),
            "secretary": words[group.secretary_id],
        }
        yield {key: unsealed(value) for key, value in row.items()}


GROUPS_SPEC = ImportSpec(
    kind="defence_groups",
    title=_l("毕业设计答辩组"),
    schema=GROUPS,
    check=_check_groups,
    apply=_apply_group,
    examples=(
        {
            "programme": "FZU-SE",
            "year": "2022",
            "name": "第一组",
            "room": "科技楼 301",
            "on": "2032-06-02",
            "starts_at": "08:30",
            "minutes_each": "30",
            "chair": "林示例",
            "members": "陈示例|T20150012",
            "secretary": "黄示例",
        },
    ),
    notes=(_l("一行一组。导入前逐行核对人员、地点和时间是否冲突（包括文件内各组之间）；学生的先后由“自动排时间表”安排。"),),
)
