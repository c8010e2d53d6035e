"""Tables of what is entered capstone by capstone or group by group: places and days (M8.2, T2), and defence groups."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from enterprises.capstones import operations, queries, scheduling
from enterprises.capstones.models import Capstone
from enterprises.capstones.queries import tabled
from enterprises.capstones.queries.judging import judge_names
from enterprises.capstones.types import Action
from enterprises.permissions import Can
from trainhub.kernel.access import Identity, may
from trainhub.kernel.db import session
from trainhub.kernel.downloads import unsealed
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _, _l
from trainhub.kernel.imports import Draft, ImportSpec
from trainhub.kernel.sheets.parsers import parse_date, parse_int, parse_text, split_list
from trainhub.kernel.sheets.schema import Field, Parsed, Schema
from trainhub.organisations.rules import normalise_code
from trainhub.people.models import Person
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Cohort, Programme

PLACES = Schema(
    [
        Field("programme", "专业点代码", normalise_code, required=True, is_code=True),
        Field("student_no", "学号", parse_text(most=40), required=True, is_code=True),
        Field("name", "姓名", parse_text(most=120), hint=_l("填写时与登记的姓名核对")),
        Field("topic", "题目", parse_text(most=400), hint=_l("只供辨认，不导入")),
        Field("place", "地点", parse_text(most=200), hint=_l("企业内的车间、部门或实验室；不填保留原有的")),
        Field("starts_on", "开始日期", parse_date, hint=_l("不填保留原有的")),
        Field("ends_on", "结束日期", parse_date, hint=_l("不填保留原有的")),
        Field("reason", "理由", parse_text(most=400), hint=_l("更改已填的内容时必填；第一次填写地点不需要")),
    ]
)


@dataclass(frozen=True, slots=True)
class Arranged:
    """A planned row of places."""

    row: int
    capstone_id: int
    place: str
    starts_on: date
    ends_on: date
    reason: str


def _subject_programme(draft: Draft, row: Parsed) -> Programme | None:
    """The programme of a row, when the reader runs it; a problem otherwise, the same whether there is none or it is another's."""
    programme = programmes.by_code(row.data["programme"])
    if programme is None or not may(draft.by, Can.CAPSTONE_ASSIGN, programmes.subject_of(programme)):
        draft.problem(row, "programme", _("没有代码为 %(code)s 的专业点，或它不归你管理。", code=row.data["programme"]))
        return None
    return programme


def _check_places(draft: Draft, rows: Sequence[Parsed]) -> None:
    known = tabled.by_student_no((row.data["programme"], row.data["student_no"]) for row in rows)
    seen: dict[int, int] = {}
    planned: list[tuple[Parsed, Capstone, str]] = []
    for row in rows:
        if _subject_programme(draft, row) is None:
            continue
        capstone, name = known.get((row.data["programme"], row.data["student_no"]), (None, ""))
        if capstone is None:
            draft.problem(row, "student_no", _("这个专业点没有学号为 %(no)s 的毕业设计。", no=row.data["student_no"]))
        elif row.data["name"] and row.data["name"] != name:
            draft.problem(row, "name", _("学号 %(no)s 登记的姓名不同，请核对。", no=row.data["student_no"]))
        elif (first := seen.setdefault(capstone.id, row.number)) != row.number:
            draft.problem(row, "student_no", _("与第 %(row)d 行重复。", row=first))
        else:
            planned.append((row, capstone, name))
    # Everybody takes the capstones in one order: two files at once wait for each other instead of blocking each other.
    for row, capstone, name in sorted(planned, key=lambda one: one[1].id):
        _plan_place(draft, row, capstone, name)


def _plan_place(draft: Draft, row: Parsed, capstone: Capstone, name: str) -> None:
    wanted = Arranged(
        row.number,
        capstone.id,
        row.data["place"] or capstone.place,
        row.data["starts_on"] or capstone.starts_on,
        row.data["ends_on"] or capstone.ends_on,
        row.data["reason"] or "",
    )
    if (wanted.place, wanted.starts_on, wanted.ends_on) == (capstone.place, capstone.starts_on, capstone.ends_on):
        draft.same()
        return
    try:
        operations.stop(operations.against_state(capstone, Action.ARRANGE))
        operations.demand_arrangement(capstone, wanted.place, wanted.starts_on, wanted.ends_on, wanted.reason, draft.today)
    except Refused as refused:
        draft.problem(row, refused.field, refused.message)
        return
    draft.change(wanted, f"{name} {row.data['student_no']} {wanted.place} {wanted.starts_on} – {wanted.ends_on}")


def _apply_place(item: Arranged, by: Identity, today: date, now: datetime) -> None:
    operations.arrange(
        capstone=session().get_one(Capstone, item.capstone_id),
        place=item.place,
        starts_on=item.starts_on,
        ends_on=item.ends_on,
        reason=item.reason,
        by=by,
        now=now,
    )


def place_rows(programme: Programme, cohort: Cohort) -> Iterator[dict[str, Any]]:
    """What stands of a cohort, as the import reads it: fill it in and hand it in again."""
    for capstone, number, name, topic in tabled.of_cohort(cohort.id):
        row: dict[str, Any] = {"programme": programme.code, "student_no": number, "name": name, "topic": topic}
        row |= {"place": capstone.place, "starts_on": capstone.starts_on, "ends_on": capstone.ends_on, "reason": ""}
        yield {key: unsealed(value) for key, value in row.items()}


PLACES_SPEC = ImportSpec(
    kind="capstone_places",
    title=_l("毕业设计时间地点"),
    schema=PLACES,
    check=_check_places,
    apply=_apply_place,
    examples=(
        {
            "programme": "FZU-SE",
            "student_no": "2022010001",
            "place": "二号车间",
            "starts_on": "2032-03-01",
            "ends_on": "2032-06-12",
            "reason": "企业搬迁",
        },
    ),
    notes=(_l("先在年级页导出现有内容，填好后导入。学生和导师会收到通知；已归档的不能更改，成绩公布后只能更正地点。"),),
)


# -- defence groups -----------------------------------------------------------------------------------------------------
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
        if text in self.numbers:
            return self.numbers[text]
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
        programme = _subject_programme(draft, row)
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
