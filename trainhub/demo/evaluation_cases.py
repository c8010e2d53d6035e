"""The demo's evaluations under way: one whose visit is going on, one that failed and waits for its two years; texts, evidence, days remembered."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import Any

from enterprises.bases import queries as bases
from trainhub.demo.accounts import FURTHER, PASSWORD
from trainhub.demo.ground import register
from trainhub.demo.world import World
from trainhub.identity import operations as identity
from trainhub.identity import queries as identity_queries
from trainhub.identity.models import Account
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.papers import docx
from trainhub.kernel.papers.blocks import DOCX, Paper, Para
from trainhub.organisations import operations as organisations
from trainhub.organisations import queries as organisation_queries
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind
from trainhub.oversight.evaluation import remembering
from trainhub.oversight.evaluation.documents import report
from trainhub.oversight.evaluation.store.operations import keeping
from trainhub.oversight.evaluation.workflow.models import Application
from trainhub.oversight.evaluation.workflow.operations import moving, papers, visiting
from trainhub.oversight.evaluation.workflow.types import DocumentKind, Event, VisitItemKind
from trainhub.programmes.models import Programme

TEXTS = {
    "2": "围绕毕业要求，把原有 14 门专业课整合为 8 门，增设项目课程；课程大纲每年修订一次，修订由企业专家参加评审。",
    "6.1": "中心由学校教学院长和企业总工程师共同负责，设教学、安全和质量三个工作组，每学期召开一次联席会议。",
    "6.3": "企业培养方案的四个环节均已落实，学生在企业累计学习不少于 32 周，成绩由校企双方评定。",
    "6.4": "中心建成以来接收学生实习，形成案例库，三项学生成果在企业生产线应用。",
    "9": "与境外高校互派学生并互认学分，三门专业课采用双语教学。",
}
EVIDENCE = (
    ("学校办学定位与服务面向", ("M1.2",), "教务处"),
    ("主要课程教学大纲汇编", ("M2.4", "M3.3"), "专业"),
    ("研究性学习教材与案例", ("M3.2", "M9.2"), "专业"),
    ("校企合作教育协议", ("M6.2",), "工程实践教育中心"),
    ("中心管理规章与指导教师守则", ("M6.3", "M6.4"), "工程实践教育中心"),
)


def build(world: World) -> None:
    """The two offices, a second expert, one evaluation in its visit, one that failed."""
    association = _office(world, OrganisationKind.ASSOCIATION, "DEMO-CEEAA", "工程教育专业认证协会（演示）")
    group = _office(world, OrganisationKind.EXPERT_GROUP, "DEMO-PETOE-WG", "卓越计划专家工作组（演示）")
    pool = organisation_queries.by_code("DEMO-EXPERTS")
    assert pool is not None
    row = world.row_of_people(41, age_from=40, age_to=58)
    offices = {}
    scopes: tuple[tuple[Role, dict[str, Any]], ...] = (
        (Role.EXPERT, {"organisation_id": association.id}),
        (Role.EXPERT, {"organisation_id": group.id}),
        (Role.EXPERT, {"organisation_id": pool.id}),
        (Role.PROGRAMME_ADMIN, {"programme_id": world.programmes[0].id}),
    )
    for name, (role, given) in zip(FURTHER, scopes, strict=True):
        person = register(world, next(row))
        account = identity.create_account(
            person=person, display_name=person.name, username=name, password=PASSWORD, by=world.by, now=world.calendar.at(-300)
        )
        identity.grant_role(
            account=account, role=role, by=world.by, today=world.day, now=world.calendar.at(-300), since=world.calendar.plus(-300), **given
        )
        world.accounts[name] = account
        offices[name] = identity_queries.identity_of(account.id, today=world.day)
    first, second = world.programmes[0], world.programmes[1]
    _texts_and_evidence(world, first)
    _in_its_visit(world, first, offices["association"])
    _failed(world, second, offices)
    for programme in (first, second):
        for days in (-90, -45, -1):
            remembering.remember(programme=programme, on=world.calendar.plus(days), now=world.calendar.at(days))


def _since_graduation(world: World, days: int) -> int:
    """A day before the beginning, drawn in where the first cohort graduated too short a time ago for it."""
    lead = (world.day - world.calendar.graduates(world.calendar.graduated)).days
    return days if lead >= 80 else -(-days * lead // 80)


def _office(world: World, kind: OrganisationKind, code: str, name: str) -> Organisation:
    row = organisations.register(code=code, kind=kind, name=name, region_code="350000", by=world.by, now=world.calendar.at(-900), is_demo=True)
    return organisations.verify(organisation=row, by=world.by, now=world.calendar.at(-899))


def _paper(title: str, programme: Programme) -> bytes:
    return docx.draw(Paper(title, [f"{programme.name}（演示）"], [Para("演示材料，不是任何真实专业的文件。")]))


def _texts_and_evidence(world: World, programme: Programme) -> None:
    w: dict[str, Any] = {"by": world.by, "now": world.calendar.at(-30)}
    for section, text in TEXTS.items():
        examples = "2 名学生赴境外高校学习一学期，学分互认\n与境外企业联合完成 1 项毕业设计" if section == "9" else ""
        keeping.write_section(programme=programme, section=section, text=text, pointer="", examples=examples, **w)
    for section, pointer in (("3", "第 5 部分，第 62—70 页"), ("6.2", "第 5 部分，第 71—75 页")):
        keeping.write_section(programme=programme, section=section, text="", pointer=pointer, examples="", **w)
    for title, codes, owner in EVIDENCE:
        keeping.add_evidence(
            programme=programme,
            title=title,
            codes=codes,
            file=io.BytesIO(_paper(title, programme)),
            name=f"{title}.docx",
            provided_by=owner,
            valid_from=world.calendar.plus(-400),
            valid_until=world.calendar.plus(900),
            **w,
        )


def _step(row: Application, event: Event, by: Identity, day: date, now: datetime, reason: str = "") -> Application:
    return moving.step(application=row, event=event, by=by, today=day, now=now, reason=reason)


def _handed_in(row: Application, programme: Programme, kind: DocumentKind, by: Identity, day: date, now: datetime) -> None:
    is_report = kind is DocumentKind.SUPPLEMENTARY_REPORT
    data = docx.draw(report.content(programme, day)) if is_report else _paper("认证结论", programme)
    name = f"{'补充报告' if is_report else '认证结论'}-{programme.code}.docx"
    papers.hand_in_drawn(application=row, kind=kind, data=data, name=name, media_type=DOCX, by=by, now=now)


def _submitted(world: World, programme: Programme, association: Identity, days: int) -> Application:
    """An application on the route of a six-year accreditation, handed in `days` after the beginning."""
    c = world.calendar
    first, then, last = (_since_graduation(world, days + after) for after in (0, 10, 20))
    row = moving.open_application(programme=programme, has_prerequisite=True, by=world.by, today=c.plus(first), now=c.at(first))
    _step(row, Event.APPLY_ALONE, world.by, c.plus(first), c.at(first))
    _step(row, Event.ACCEPT, association, c.plus(then), c.at(then))
    _handed_in(row, programme, DocumentKind.SUPPLEMENTARY_REPORT, world.by, c.plus(last), c.at(last))
    return _step(row, Event.SUBMIT, world.by, c.plus(last), c.at(last))


def _in_its_visit(world: World, programme: Programme, association: Identity) -> None:
    """The visit began yesterday and lasts two more days; both experts have declared, nobody has judged yet."""
    c = world.calendar
    row = _submitted(world, programme, association, -40)
    visiting.arrange(application=row, starts_on=c.plus(-1), ends_on=c.plus(2), no_centre_reason="", by=association, now=c.at(-15))
    centre = next((base for base in world.bases if bases.leader_rows(base.id)), world.bases[0])
    for kind, days, starts, ends, place, base_id in (
        (VisitItemKind.INTERVIEW_HEAD, -1, "09:00", "10:00", "学院会议室", None),
        (VisitItemKind.INTERVIEW_TEACHER, -1, "10:15", "11:45", "学院会议室", None),
        (VisitItemKind.INTERVIEW_STUDENT, 0, "14:00", "15:30", "教学楼 201", None),
        (VisitItemKind.CENTRE_VISIT, 1, "09:00", "11:30", centre.name, centre.id),
    ):
        item: dict[str, Any] = {"kind": kind, "on": c.plus(days), "starts": starts, "ends": ends, "place": place, "base_id": base_id}
        visiting.add_item(application=row, by=association, now=c.at(-15), **item)
    for name, is_leader in (("expert", True), ("expert2", False)):
        account: Account = world.accounts[name]
        expert = visiting.assign(application=row, account=account, is_leader=is_leader, by=association, today=c.plus(-15), now=c.at(-15))
        who = identity_queries.identity_of(account.id, today=world.day)
        visiting.declare(expert=expert, has_conflict=False, conflict="", by=who, now=c.at(-12))
    _step(row, Event.SCHEDULE_VISIT, association, c.plus(-10), c.at(-10))


def _failed(world: World, programme: Programme, offices: dict[str, Identity]) -> None:
    """Without a visit: the working group concluded a month ago that the special requirements are not met."""
    c, sent, decided = world.calendar, _since_graduation(world, -50), _since_graduation(world, -30)
    row = _submitted(world, programme, offices["association"], -75)
    _handed_in(row, programme, DocumentKind.ACCREDITATION_CONCLUSION, offices["association"], c.plus(sent), c.at(sent))
    _step(row, Event.SEND_ALONE, offices["association"], c.plus(sent), c.at(sent))
    _step(row, Event.CONCLUDE, offices["workgroup"], c.plus(decided), c.at(decided), "主讲教师企业经历、学生企业学习周数和外国留学生比例未达到。")
