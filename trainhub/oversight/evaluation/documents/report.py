"""The supplementary report 卓越计划实施情况补充报告: nine sections in the official terms, generated parts beside what people wrote (002:289-349)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from trainhub.assets import asset_dir
from trainhub.kernel.i18n import N_, _, format_date, in_language, listed
from trainhub.kernel.papers.blocks import Block, Bullets, Grid, Heading, Paper, Para
from trainhub.organisations import queries as organisations
from trainhub.oversight.evaluation import behind, readiness
from trainhub.oversight.evaluation.documents import materials, tables
from trainhub.oversight.evaluation.documents.tables import Table
from trainhub.oversight.evaluation.store import queries
from trainhub.oversight.evaluation.store.models import ReportText
from trainhub.oversight.evaluation.types import Assessment, Case
from trainhub.policy.book import book
from trainhub.programmes.models import Programme


@dataclass(frozen=True, slots=True)
class Section:
    """A section or sub-section: whether it needs text, whether a place in the self-report is enough, how many examples belong to it."""

    code: str
    title: str
    place: str
    needs_text: bool
    may_point: bool = False
    examples: int = 0
    hint: str = ""
    title_en: str = ""


PARTS = (
    ("6.1", "组织管理体系", "Organisation and management", N_("工程实践教育中心的组织架构、运行和管理机制、质量保障体系等（002:323）。")),
    (
        "6.2",
        "教学改革情况",
        "Reform of teaching",
        N_("校企联合制定标准、建设课程、实施培养、评价质量的情况；自评报告已写明的，可只说明位置（002:325、002:327）。"),
    ),
    (
        "6.3",
        "企业培养方案执行情况",
        "How the enterprise training plan is carried out",
        N_("校企双方共同制订的企业学习阶段培养方案的执行情况（002:329）。"),
    ),
    ("6.4", "成效", "Results", N_("中心建设以来取得的主要成效和经验（002:331）。")),
)
HINTS = {
    "1": N_("对照表由平台生成；可补充说明（002:295）。"),
    "2": N_("依据毕业要求对课程体系和教学内容进行改革和重组的具体做法和实施情况（002:299）。"),
    "3": N_("阐述并用实例说明教学方法改革的措施；自评报告已写明的，可只说明位置；须有证明材料（002:305、002:307）。"),
    "9": N_("描述并用实例说明推动国际化工程人才培养的措施（002:349）。"),
}
EXAMPLES = {"3": "sup.method_examples_min", "9": "sup.international_examples_min"}
"""The sections that describe by examples (用实例说明): what says how many."""
NOTES = {
    "2": "毕业要求的细化和落实情况见认证自评报告第 3 部分“毕业要求”（002:301）。",
    "6.4": "工程实践教育中心建设的基本情况见认证自评报告第 7 部分“支持条件”中的“与企业合作建立实践基地的情况”（002:333）。",
}
"""What the guide says stands in the self-report beside the text of a section."""
POINTERS = {
    "4": N_("不需要补充说明。卓越计划学生的企业学习经历单列于认证自评报告第 7 部分“近三年学生实际进入企业实践基地的情况”（002:311、002:313）。"),
    "5": N_("不需要补充说明。卓越计划学生的毕业设计清单单列于认证自评报告附录“毕业设计清单”（002:317、002:319）。"),
    "7": N_("不需要补充说明。专兼职教师队伍建设情况见认证自评报告第 6 部分“师资队伍”和第 7 部分“支持条件”（002:337、002:339）。"),
    "8": N_("不需要补充说明。见认证自评报告第 6 部分“近四年由企业或行业兼职教师承担的课程”（002:343、002:345）。"),
}


@cache
def _rows() -> tuple[Mapping[str, Any], ...]:
    return tuple(json.loads((asset_dir("seeds") / "reference" / "supplementary_sections.json").read_text("utf-8")))


def sections(on: date) -> tuple[Section, ...]:
    """The nine sections with the four parts of the sixth, as the policy of the day has them."""
    silent = {str(one) for one in book().at("sup.sections_without_text", on=on).items}
    pointing = {str(one) for one in book().at("sup.sections_pointer_allowed", on=on).items}
    examples = {code: book().at(key, on=on).number for code, key in EXAMPLES.items()}
    found = []
    for row in _rows():
        code = str(row["no"])
        if code == "6":
            found += [Section(part, title, row["source"], True, part in pointing, 0, hint, name) for part, title, name, hint in PARTS]
        else:
            needs = code not in silent
            found.append(
                Section(code, row["title_zh"], row["source"], needs, code in pointing, examples.get(code, 0), HINTS.get(code, ""), row["title_en"])
            )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the two reports speak of a requirement: the section, the part of the self-report, what the programme wrote as its place."""

    section: str
    title: str
    part: str
    pointer: str
    title_en: str = ""


ALSO_IN = {2: "认证自评报告第3部分 毕业要求"}
"""How far requirement 2 is refined stands in the self-report (002:301)."""


def places(programme_id: int, requirement: int, *, is_handed_in: bool = False) -> list[Place]:
    """Each special requirement has its place in one of the two reports (PETOE-P4, 002:207); the tenth has none, its documents are evidence.

    `is_handed_in`: without the pages the programme points to today, which the report that was handed in says itself.
    """
    texts, found = {} if is_handed_in else queries.texts_of(programme_id), []
    for row in _rows():
        if row["requirement"] == requirement:
            code = str(row["no"])
            written = [text.pointer for key, text in texts.items() if key.split(".")[0] == code and text.pointer]
            found.append(Place(code, row["title_zh"], row.get("table_part") or ALSO_IN.get(requirement, ""), "；".join(written), row["title_en"]))
    return found


METHODS = frozenset(["M3.2", "M3.3", "M3.4"])
"""Evidence of the teaching methods; a piece counts once, whatever codes it has."""


def gaps(programme: Programme, on: date) -> list[str]:
    """What the report still lacks, section by section, in words; empty when it is whole."""
    texts, found = queries.texts_of(programme.id), []
    held = [one.codes for one in queries.held_by(programme.id) if one.stands_on(on)]
    drawn = materials.Drawn(programme, on)
    for plan in drawn.plans:
        open_ = [s.code for s in plan.matrix.standards if not any(s.code in r.standards for r in plan.matrix.requirements)]
        if open_ and plan.name:
            years = listed([str(year) for year in plan.cohort_years])
            found.append(_("第 1 节：%(years)s 级培养方案中，通用标准 %(codes)s 没有对应的毕业要求。", years=years, codes=listed(open_)))
        elif open_:
            found.append(_("第 1 节：通用标准 %(codes)s 没有对应的毕业要求。", codes=listed(open_)))
    for section in sections(on):
        mine = texts.get(section.code)
        has_text, points = bool(mine and mine.text), bool(mine and mine.pointer) and section.may_point
        if section.needs_text and section.code != "1" and not has_text and not points:
            where = _("第 %(n)s 节：需要文字，或写明自评报告中的位置。", n=section.code)
            found.append(where if section.may_point else _("第 %(n)s 节：需要文字。", n=section.code))
        given = len(lines_of(mine.examples)) if mine is not None else 0
        if given < section.examples and not points:
            found.append(_("第 %(n)s 节：需要至少 %(least)s 个实例，现有 %(given)s 个。", n=section.code, least=section.examples, given=given))
    least, given = book().at("sup.method_evidence_min", on=on).number, sum(1 for codes in held if METHODS & set(codes))
    if not given < least:
        return found
    found.append(
        _("第 3 节：须提供必要的证明材料（M3.2—M3.4）。")
        if not given
        else _("第 3 节：须提供必要的证明材料（M3.2—M3.4）至少 %(least)s 件，现有 %(given)s 件。", least=least, given=given)
    )
    return found


def _grids(found: list[Table]) -> list[Block]:
    return [Grid(one.columns, one.rows, caption=one.title, nothing=one.nothing) for one in found]


def _coverage(drawn: materials.Drawn) -> list[Block]:
    blocks: list[Block] = []
    for plan in drawn.plans:
        one, matrix = materials.coverage(plan), plan.matrix
        mapped, whole = matrix.covered()
        total, whose = len(matrix.standards), plan.name or "本专业"
        blocks += [
            Para(f"{whose}毕业要求 {len(matrix.requirements)} 条，覆盖通用标准 {mapped}/{total} 条，其中 {whole}/{total} 条通到有考核的课程或环节。"),
            Grid(one.columns, one.rows, caption=plan.titled("毕业要求与本科工程型人才培养通用标准的对应关系"), widths=[30, *[6] * total]),
        ]
    return [*blocks, Bullets([f"{s.code} {s.text}" for s in drawn.plans[-1].matrix.standards])]


def carried_out(case: Case) -> list[Block]:
    """The plan against what was done, item by item, then a row for each student who lacks one (002:329, 002:529)."""
    items = Grid(
        ["环节", "方案周数", "学生", "完成", "完成率"],
        [[str(cell) for cell in row] for row in behind.carried(case)],
        caption="企业培养方案执行情况",
        widths=[52, 12, 12, 12, 12],
        nothing="还没有企业培养方案。",
    )
    lacks = [[student, "、".join(found)] for student, found in behind.lacks_of(case).items()]
    if not lacks:
        return [items]
    return [
        items,
        Grid(["学生", "没有完成的环节（实习已有周数/方案周数）"], lacks, caption="企业培养方案执行情况：没有全部完成的学生", widths=[35, 65]),
    ]


def _scorecard(answer: Assessment) -> list[Block]:
    part = answer.answers[8]
    names = {"met": "达到", "not_met": "未达到", "judge": "待判断", "no_data": "无数据"}
    rows = [[f.code, f.clause.quote, names[f.status.value], tables.quantity(f.found, f.unit), tables.required(f)] for f in part.findings]
    return [Grid(["编号", "达标依据", "情况", "实际", "要求"], rows, caption="国际化九条（任意达到三条）", widths=[7, 56, 12, 12, 13])]


def _generated(code: str, drawn: materials.Drawn, answer: Assessment, case: Case) -> list[Block]:
    """What the platform writes into a section: refreshed every time the report is drawn."""
    match code:
        case "1":
            return _coverage(drawn)
        case "2":
            return _grids(drawn.tables("M2.1"))
        case "3":
            return _grids(drawn.tables("M3.1")[: len(drawn.plans) + 1])  # the plans by terms stand in the material
        case "4":
            return _grids(tables.practice_table(drawn.programme, drawn.on)[:1])
        case "5":
            return _grids(tables.capstone_table(drawn.programme, drawn.on)[:1])
        case "6.3":
            return [*_grids(drawn.tables("M6.1")), *carried_out(case)]
        case "6.4":
            return _grids(tables.base_table(drawn.programme, drawn.on))
        case "8":
            return _grids([*tables.part_time_table(drawn.programme, drawn.on), *drawn.tables("M5.2")])
        case "9":
            return [*_scorecard(answer), *_grids(drawn.tables("M9.4"))]
    return []


def _written(mine: ReportText | None, section: Section) -> list[Block]:
    blocks: list[Block] = []
    if section.code in POINTERS:
        blocks.append(Para(POINTERS[section.code]))
    if mine is not None and mine.text:
        blocks.append(Para(mine.text))
    if mine is not None and mine.pointer:
        blocks.append(Para(f"见认证自评报告：{mine.pointer}"))
    if mine is not None and mine.examples.strip():
        blocks += [Heading("实例", 3), Bullets(lines_of(mine.examples))]
    if not blocks and section.needs_text and section.code != "1":
        blocks.append(Para("（本节尚未填写。）", is_note=True))
    if section.code in NOTES:
        blocks.append(Para(NOTES[section.code]))
    return blocks


def lines_of(examples: str) -> list[str]:
    """The examples of a section: one a line."""
    return [line.strip() for line in examples.split("\n") if line.strip()]


def content(programme: Programme, on: date) -> Paper:
    """The report as it stands on a day."""
    with in_language("zh"):
        university = organisations.by_id(programme.university_id)
        texts, drawn = queries.texts_of(programme.id), materials.Drawn(programme, on)
        answer, case = readiness.look(programme, on)
        blocks: list[Block] = []
        for section in sections(on):
            if section.code == "6.1":
                blocks.append(Heading("6. 工程实践教育中心建设情况", 1))
            head = f"{section.code} {section.title}" if "." in section.code else f"{section.code}. {section.title}"
            blocks.append(Heading(head, 2 if "." in section.code else 1))
            blocks += _written(texts.get(section.code), section)
            blocks += _generated(section.code, drawn, answer, case)
        lines = [university.name if university else "", f"{programme.name}（{programme.major_code}）", f"数据截至 {format_date(on)}"]
        return Paper("卓越计划实施情况补充报告", lines, blocks, footer=f"{programme.name} · 补充报告", is_landscape=True)
