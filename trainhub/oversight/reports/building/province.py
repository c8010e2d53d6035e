"""高校贡献报告 (002:141「鼓励行业发布高校对行业发展贡献度报告」), the yearly quality report (RESEARCH-5.3, 002:175), base scorecards."""

from __future__ import annotations

from enterprises.awards.labels import RULES, STATES
from enterprises.awards.types import RuleCode
from enterprises.placements.labels import RATING_TOPICS
from enterprises.placements.types import RaterSide
from trainhub.certificates.labels import KINDS
from trainhub.certificates.types import Kind
from trainhub.kernel.i18n import _
from trainhub.oversight.goals import queries as goals
from trainhub.oversight.goals import reporting
from trainhub.oversight.goals.labels import unit_of
from trainhub.oversight.reports import rules
from trainhub.oversight.reports.building.common import bars, known, pairs, parameter, platform, source, span, table, trainings, weeks
from trainhub.oversight.reports.queries import facts, schools
from trainhub.oversight.reports.types import Asked, Cell, Document, Figure, Section


def university(asked: Asked) -> Document:
    """What each school gave to industry: students in enterprises, capstones, teachers from industry, open courses, trainees."""
    programmes, days, done = schools.programmes_by_school(asked), schools.field_days_by_school(asked), schools.capstones_by_school(asked)
    part_time, courses, trained = schools.part_time_teachers(asked), schools.open_courses(asked), facts.trained(asked)
    names = schools.schools(asked)
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
        title=_("高校对行业发展贡献报告（%(a)s）", a=span(asked)),
        subtitle=platform(),
        figures=(
            Figure(_("高校"), str(len(names)), _("设有专业点的学校")),
            Figure(_("进企业学习"), str(sum(row[2] for row in rows)), _("学生人数合计"), is_of_persons=True),
            Figure(_("实习人周"), weeks(sum(day_count for _students, day_count in days.values()))),
            Figure(_("开放课程"), str(sum(row[6] for row in rows)), _("当期开课的课程")),
        ),
        sections=(
            Section(
                _("各校情况"),
                (_("各项列示，不作加总评分。"),),
                bars(
                    _("进企业学习的学生"),
                    sorted(((row[0], row[2]) for row in rows), key=lambda r: (-r[1], r[0])),
                    name=_("学生"),
                    unit=_("人"),
                    column=2,
                ),
                table(
                    _("各校情况"),
                    (
                        _("高校"),
                        "#" + _("专业点"),
                        "#@" + _("进企业学生"),
                        "#" + _("实习人周"),
                        "#@" + _("毕业设计"),
                        "#@" + _("兼职教师"),
                        "#" + _("开放课程"),
                        "#@" + _("选课人次"),
                        "#@" + _("结课人次"),
                        "#@" + _("社会培训人次"),
                    ),
                    rows,
                    of={3: (2,)},
                    parts={8: 7},
                ),
            ),
        ),
        method=(
            _("进企业学生：当期有确认的实习日的不同学生。选课人次为当期开课（已发布）的各期课程中已录取的选课；结课以结课日期为准。"),
            _("各校情况只列设有专业点的学校；企业和没有专业点的学校所开的课程不在其中，见质量报告。"),
            trainings(),
            known(),
        ),
        sources=(source("research", "RESEARCH-4.8, 002:141", "鼓励行业发布高校对行业发展贡献度报告"),),
    )


def quality(asked: Asked) -> Document:
    """The yearly quality report: students, enterprise learning, capstones, certificates, goals."""
    days, done, courses = schools.field_days_by_school(asked), schools.capstones_by_school(asked), schools.open_courses(asked)
    names = dict(schools.schools(asked))
    ended, passed = sum(count for count, _passed in done.values()), sum(ok for _count, ok in done.values())
    certificates = [(str(KINDS[Kind(kind)]), count) for kind, count in schools.certificates_by_kind(asked)]
    counted = [goal for goal in goals.computed_at(asked.known_at) if goal.starts_on <= asked.until]
    progress = [(goal, reporting.report(goal, on=asked.until, known_at=asked.known_at)) for goal in counted]
    units = [goal for goal in goals.reported_at(asked.known_at) if goal.starts_on <= asked.until]
    figures = [(goal, reporting.report(goal, on=asked.until, known_at=asked.known_at)) for goal in units]
    return Document(
        title=_("工程人才培养质量报告（%(a)s）", a=span(asked)),
        subtitle=platform(),
        figures=(
            Figure(_("在籍学生"), str(schools.students_there(asked)), _("统计时点，含休学"), is_of_persons=True),
            Figure(_("进企业学习"), str(sum(students for students, _days in days.values())), _("当期，不同学生"), is_of_persons=True),
            Figure(_("毕业设计通过"), rules.share_text(passed, ended), _("当期有结论 %(a)s 项", a=ended), of=(passed, ended)),
            Figure(_("颁发证书"), str(sum(count for _kind, count in certificates)), _("当期，有效"), is_of_persons=True),
        ),
        sections=(
            Section(
                _("企业学习"),
                (),
                pairs(
                    _("进企业学生与毕业设计"),
                    [names[key] for key in sorted(days, key=lambda k: names.get(k, "")) if key in names],
                    [
                        (_("进企业学生"), 1, [days[key][0] for key in sorted(days, key=lambda k: names.get(k, "")) if key in names]),
                        (_("毕业设计"), 3, [done.get(key, (0, 0))[0] for key in sorted(days, key=lambda k: names.get(k, "")) if key in names]),
                    ],
                    unit=_("人、项"),
                ),
                table(
                    _("企业学习与毕业设计"),
                    (_("高校"), "#@" + _("进企业学生"), "#" + _("实习人周"), "#@" + _("毕业设计"), "#@" + _("毕业设计通过")),
                    [(name, days.get(key, (0, 0))[0], weeks(days.get(key, (0, 0))[1]), *done.get(key, (0, 0))) for key, name in names.items()],
                    of={2: (1,)},
                    parts={4: 3},
                ),
            ),
            Section(
                _("在线课程"),
                (),
                None,
                table(
                    _("开放课程"),
                    (_("单位"), "#" + _("课程"), "#@" + _("选课人次"), "#@" + _("结课人次")),
                    _courses(courses, asked),
                    parts={3: 2},
                ),
            ),
            Section(
                _("证书"),
                (),
                bars(_("颁发的证书"), certificates, name=_("份数")),
                table(_("颁发的证书"), (_("种类"), "#@" + _("份数")), certificates),
            ),
            Section(
                _("培训目标"),
                (_("截至 %(a)s。", a=asked.until.isoformat()),),
                None,
                table(
                    _("培训目标进度"),
                    (_("目标"), "#" + _("目标数"), "#@" + _("已培训（人）"), "#@" + _("人次"), "#" + _("完成")),
                    [(g.name, g.target, r["persons"], r["enrolments"], rules.share_text(r["persons"], g.target)) for g, r in progress],
                    of={4: (2,)},
                    coarse=(2, 3),
                    shares={4: (2, 1)},
                ),
            ),
            Section(
                _("上报的目标"),
                (_("截至 %(a)s 各地上报的累计数，不是平台的培训记录。", a=asked.until.isoformat()),),
                None,
                table(
                    _("上报的目标"),
                    (_("目标"), _("单位"), "#" + _("目标数"), "#" + _("已上报"), "#" + _("计入目标"), "#" + _("完成")),
                    [(g.name, unit_of(g), g.target, r["reported"], r["towards"], rules.share_text(r["towards"], g.target)) for g, r in figures],
                ),
            ),
        ),
        method=(_("实习人周：确认的实习日每 5 日折合 1 周；毕业设计以当期有结论（通过或不通过）的为准。"), known()),
        sources=(source("research", "RESEARCH-5.3, 002:175", "有关质量报告年度发布或隔年发布"),),
    )


def _courses(courses: dict[int, tuple[int, int, int]], asked: Asked) -> list[tuple[str | int, ...]]:
    named = facts.organisations(courses, asked)
    return sorted(((named[key].name, *row) for key, row in courses.items()), key=lambda row: str(row[0]))


def scorecard(asked: Asked) -> Document:
    """One base: students hosted, weeks, completions, mentors, grades, what students thought of it, awards."""
    assert asked.organisation_id is not None
    least = parameter("own.reports.small_cell_min", asked).number
    found = schools.base_figures(asked, least)
    name = facts.organisations([asked.organisation_id], asked)[asked.organisation_id].name
    bands = [(_score_band(low, high), count) for low, high, count in found.score_bands]
    topics = {key: str(label) for key, label in RATING_TOPICS[RaterSide.STUDENT].items()}
    awards = [
        (f"{rule} {RULES[RuleCode(rule)]}", str(STATES[state]), None if fen is None else f"{fen / 100:,.2f}", on.isoformat() if on else None)
        for rule, state, fen, on in found.awards
    ]
    marks = rules.mean_marks(found.ratings, list(topics), least)
    rated = [(topics[key], count, "*" if tenths is None and count else _tenths(tenths)) for key, (count, tenths) in marks.items()]
    mean = _tenths(found.mean_score_x10)
    rows: list[tuple[str, Cell]] = [
        (_("接纳学生（人）"), found.students),
        (_("实习人周"), weeks(found.days)),
        (_("培训人次"), found.completions),
        (_("培训人员（人）"), found.trainees),
        (_("指导教师（人）"), found.mentors),
        (_("企业评定成绩（份）"), found.graded),
        (_("平均成绩（百分制）"), mean),
        (_("学生评价（份）"), len(found.ratings)),
    ]
    return Document(
        title=_("%(a)s考核评分卡（%(b)s）", a=name, b=span(asked)),
        subtitle=_("实践基地"),
        figures=(
            Figure(_("接纳学生"), str(found.students), _("人")),
            Figure(_("实习人周"), weeks(found.days)),
            Figure(_("培训人次"), str(found.completions)),
            Figure(_("平均成绩"), mean, _("%(a)s 份企业评定", a=found.graded)),
        ),
        sections=(
            Section(_("总表"), (), None, table(_("基地考核"), (_("指标"), "#" + _("数值")), rows)),
            Section(
                _("成绩分布"),
                (_("企业指导教师对当期结束的实习的评定。"),),
                bars(_("成绩分布"), bands, name=_("人数"), unit=_("人")),
                table(_("成绩分布"), (_("分数段"), "#" + _("人数")), bands),
            ),
            Section(
                _("学生评价"),
                (
                    _(
                        "学生在实习结束后按 1 至 5 分评价基地。统计截至末日的全部评价，按已结束、不能再改的半年汇总，每次至少新增 %(a)s 人才更新，不逐人变化。",
                        a=least,
                    ),
                ),
                bars(
                    _("学生评价"),
                    [(topics[key], tenths / 10) for key, (_count, tenths) in marks.items() if tenths is not None],
                    name=_("平均分"),
                    unit=_("分"),
                    column=2,
                ),
                table(_("学生对基地的评价"), (_("项目"), "#" + _("评价份数"), "#" + _("平均分（5 分制）")), rated),
            ),
            Section(_("奖励"), (), None, table(_("奖励申请与决定"), (_("奖励"), _("状态"), "#" + _("金额（元）"), _("决定日期")), awards)),
        ),
        method=(_("指导教师为基地各举办单位当期在任的企业指导教师。"), trainings(), known()),
        sources=(source("fj-ten", "FJ-16b, 000:745"), source("petoe-criteria", "PETOE-6, 002:503")),
    )


def _score_band(low: int, high: int) -> str:
    """A span of grades in words; grades are in tenths."""
    if not low:
        return _("%(a)s 分以下", a=high // 10)
    return _("%(a)s 分以上", a=low // 10) if high > 1000 else _("%(a)s 至 %(b)s 分", a=low // 10, b=high // 10 - 1)


def _tenths(value: int | None) -> str:
    return "—" if value is None else f"{value / 10:.1f}"
