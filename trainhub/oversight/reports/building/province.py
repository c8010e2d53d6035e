"""高校贡献报告 (002:141「鼓励行业发布高校对行业发展贡献度报告」), the yearly quality report (RESEARCH-5.3, 002:175), base scorecards."""

from __future__ import annotations

from enterprises.awards.labels import RULES, STATES
from enterprises.awards.types import RuleCode
from enterprises.placements.labels import RATING_TOPICS
from enterprises.placements.types import RaterSide
from trainhub.certificates.labels import KINDS
from trainhub.certificates.types import Kind
from trainhub.kernel.i18n import in_language
from trainhub.oversight.goals import queries as goals
from trainhub.oversight.goals import reporting
from trainhub.oversight.reports import rules
from trainhub.oversight.reports.building.common import bars, pairs, parameter, span, table, weeks
from trainhub.oversight.reports.queries import facts, schools
from trainhub.oversight.reports.types import Asked, Cell, Document, Figure, Section

KNOWN = "只计入截至统计时点已经登记、且尚未撤回的事实；以后的补录不改变本报告。"


def university(asked: Asked) -> Document:
    """What each school gave to industry: students in enterprises, capstones, teachers from industry, open courses, trainees."""
    programmes, days, done = schools.programmes_by_school(), schools.field_days_by_school(asked), schools.capstones_by_school(asked)
    part_time, courses, trained = schools.part_time_teachers(asked), schools.open_courses(asked), facts.trained(asked)
    names = schools.schools()
    rows = [
        (
            name,
            programmes.get(key, (0, 0))[0],
            days.get(key, (0, 0))[0],
            weeks(days.get(key, (0, 0))[1]),
            done.get(key, (0, 0))[0],
            part_time.get(key, 0),
            courses.get(key, (0, 0, 0))[0],
            courses.get(key, (0, 0, 0))[1],
            courses.get(key, (0, 0, 0))[2],
            trained.get(key, (0, 0, 0))[0],
        )
        for key, name in names
    ]
    return Document(
        title=f"高校对行业发展贡献报告（{span(asked)}）",
        subtitle="福建省工程人才培养平台",
        figures=(
            Figure("高校", str(len(names)), "设有专业点的学校"),
            Figure("进企业学习", str(sum(row[2] for row in rows)), "学生人数合计"),
            Figure("实习人周", weeks(sum(day_count for _students, day_count in days.values()))),
            Figure("开放课程", str(sum(row[6] for row in rows)), "当期开课的课程"),
        ),
        sections=(
            Section(
                "各校情况",
                ("各项列示，不作加总评分。",),
                bars("进企业学习的学生", sorted(((row[0], row[2]) for row in rows), key=lambda r: (-r[1], r[0])), name="学生", unit="人"),
                table(
                    "各校情况",
                    ("高校", "#专业点", "#进企业学生", "#实习人周", "#毕业设计", "#兼职教师", "#开放课程", "#选课人次", "#结课人次", "#社会培训人次"),
                    rows,
                ),
            ),
        ),
        method=("进企业学生：当期有确认的实习日的不同学生。选课人次为当期开课的各期课程的选课记录；结课以结课日期为准。", KNOWN),
        sources=("《中国制造2025与工程技术人才培养研究》002:141「鼓励行业发布高校对行业发展贡献度报告」",),
    )


def quality(asked: Asked) -> Document:
    """The yearly quality report: students, enterprise learning, capstones, certificates, goals."""
    days, done, courses = schools.field_days_by_school(asked), schools.capstones_by_school(asked), schools.open_courses(asked)
    names = dict(schools.schools())
    ended, passed = sum(count for count, _passed in done.values()), sum(ok for _count, ok in done.values())
    with in_language("zh"):
        certificates = [(str(KINDS[Kind(kind)]), count) for kind, count in schools.certificates_by_kind(asked)]
    progress = [(goal, reporting.report(goal, on=asked.until, known_at=asked.known_at)) for goal in goals.computed() if goal.starts_on <= asked.until]
    return Document(
        title=f"工程人才培养质量报告（{span(asked)}）",
        subtitle="福建省工程人才培养平台",
        figures=(
            Figure("在籍学生", str(schools.students_there(asked)), "统计时点，含休学"),
            Figure("进企业学习", str(sum(students for students, _days in days.values())), "当期，不同学生"),
            Figure("毕业设计通过", rules.share_text(passed, ended), f"当期结束 {ended} 项"),
            Figure("颁发证书", str(sum(count for _kind, count in certificates)), "当期，有效"),
        ),
        sections=(
            Section(
                "企业学习",
                (),
                pairs(
                    "进企业学生与毕业设计",
                    [names[key] for key in sorted(days, key=lambda k: names.get(k, "")) if key in names],
                    [
                        ("进企业学生", [days[key][0] for key in sorted(days, key=lambda k: names.get(k, "")) if key in names]),
                        ("毕业设计", [done.get(key, (0, 0))[0] for key in sorted(days, key=lambda k: names.get(k, "")) if key in names]),
                    ],
                    unit="人、项",
                ),
                table(
                    "企业学习与毕业设计",
                    ("高校", "#进企业学生", "#实习人周", "#毕业设计", "#通过"),
                    [(name, days.get(key, (0, 0))[0], weeks(days.get(key, (0, 0))[1]), *done.get(key, (0, 0))) for key, name in names.items()],
                ),
            ),
            Section(
                "在线课程",
                (),
                None,
                table("开放课程", ("单位", "#课程", "#选课人次", "#结课人次"), _courses(courses)),
            ),
            Section("证书", (), bars("颁发的证书", certificates, name="份数", unit="份"), table("颁发的证书", ("种类", "#份数"), certificates)),
            Section(
                "培训目标",
                (f"截至 {asked.until.isoformat()}。",),
                None,
                table(
                    "培训目标进度",
                    ("目标", "#目标数", "#已培训（人）", "#人次", "#完成"),
                    [(g.name, g.target, r["persons"], r["enrolments"], rules.share_text(r["persons"], g.target)) for g, r in progress],
                ),
            ),
        ),
        method=("实习人周：确认的实习日每 5 日折合 1 周；毕业设计以当期结束的为准。", KNOWN),
        sources=("RESEARCH-5.3, 002:175「有关质量报告年度发布或隔年发布」",),
    )


def _courses(courses: dict[int, tuple[int, int, int]]) -> list[tuple[str | int, ...]]:
    named = facts.organisations(courses)
    return sorted(((named[key].name, *row) for key, row in courses.items()), key=lambda row: str(row[0]))


def scorecard(asked: Asked) -> Document:
    """One base: students hosted, weeks, completions, mentors, grades, what students thought of it, awards."""
    assert asked.organisation_id is not None
    found = schools.base_figures(asked)
    name = facts.organisations([asked.organisation_id])[asked.organisation_id].name
    least = parameter("own.reports.small_cell_min", asked).number
    with in_language("zh"):
        topics = {key: str(label) for key, label in RATING_TOPICS[RaterSide.STUDENT].items()}
        awards = [
            (f"{rule} {RULES[RuleCode(rule)]}", str(STATES[state]), None if fen is None else f"{fen / 100:,.2f}", on.isoformat() if on else None)
            for rule, state, fen, on in found.awards
        ]
    marks = rules.mean_marks(found.ratings, list(topics), least)
    rated = [(topics[key], count, "*" if tenths is None and count else _tenths(tenths)) for key, (count, tenths) in marks.items()]
    mean = _tenths(found.mean_score_x10)
    rows: list[tuple[str, Cell]] = [
        ("接纳学生（人）", found.students),
        ("实习人周", weeks(found.days)),
        ("培训人次", found.completions),
        ("培训人员（人）", found.trainees),
        ("指导教师（人）", found.mentors),
        ("企业评定成绩（份）", found.graded),
        ("平均成绩（百分制）", mean),
        ("学生评价（份）", len(found.ratings)),
    ]
    return Document(
        title=f"{name}考核评分卡（{span(asked)}）",
        subtitle="实践基地",
        figures=(
            Figure("接纳学生", str(found.students), "人"),
            Figure("实习人周", weeks(found.days)),
            Figure("培训人次", str(found.completions)),
            Figure("平均成绩", mean, f"{found.graded} 份企业评定"),
        ),
        sections=(
            Section("总表", (), None, table("基地考核", ("指标", "#数值"), rows)),
            Section(
                "成绩分布",
                ("企业指导教师对实习的评定。",),
                bars("成绩分布", list(found.score_bands), name="人数", unit="人"),
                table("成绩分布", ("分数段", "#人数"), list(found.score_bands)),
            ),
            Section(
                "学生评价",
                (f"学生在实习结束后按 1 至 5 分评价基地；少于 {least} 份的不公布平均分。",),
                bars(
                    "学生评价",
                    [(topics[key], tenths / 10) for key, (_count, tenths) in marks.items() if tenths is not None],
                    name="平均分",
                    unit="分",
                ),
                table("学生对基地的评价", ("项目", "#评价份数", "#平均分（5 分制）"), rated),
            ),
            Section("奖励", (), None, table("奖励申请与决定", ("奖励", "状态", "#金额（元）", "决定日期"), awards)),
        ),
        method=("指导教师为基地各举办单位当期在任的企业指导教师。", KNOWN),
        sources=("FJ-16b, 000:745；PETOE-6, 002:503",),
    )


def _tenths(value: int | None) -> str:
    return "—" if value is None else f"{value / 10:.1f}"
