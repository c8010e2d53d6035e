"""企业对人才培养贡献度报告 (RESEARCH-4.8b, 002:141), and the section for an enterprise's own CSR report."""

from __future__ import annotations

from collections.abc import Sequence

from trainhub.kernel.i18n import _
from trainhub.oversight.reports import rules
from trainhub.oversight.reports.building.common import bars, known, parameter, platform, source, span, table, trainings, weeks
from trainhub.oversight.reports.queries import facts
from trainhub.oversight.reports.types import Asked, Cell, Document, Figure, Section

QUOTE = "鼓励第三方机构发布企业对人才培养贡献度报告，将接纳学生实习、教师践习作为重要指标"


def _weights(asked: Asked) -> tuple[int, int]:
    return (
        parameter("own.reports.contribution_students_weight_percent", asked).number,
        parameter("own.reports.contribution_teachers_weight_percent", asked).number,
    )


def _formula(asked: Asked) -> str:
    students, teachers = _weights(asked)
    return _(
        "贡献度（百分制）= %(a)s × 接纳学生人数 ÷ 当期最高接纳人数 + %(b)s × 践习教师人数 ÷ 当期最高践习人数；各项取到 0.1 分，舍去以后各位。权重是平台的有期限参数，见“政策参数”。",
        a=students,
        b=teachers,
    )


def _method(asked: Asked) -> tuple[str, ...]:
    return (
        _formula(asked),
        _("接纳学生：当期有经企业导师确认的实习日的不同学生；实习人周：确认的实习日每 5 日折合 1 周。"),
        _("践习教师：当期在该企业挂职的教师，和任教期间在该企业有经核验的工作经历的全职教师，同一教师计一次。"),
        trainings(),
        known(),
    )


def _scores(asked: Asked) -> tuple[list[rules.Score], dict[int, tuple[int, int]], dict[int, int]]:
    hosted, teachers = facts.hosted(asked), facts.practising_teachers(asked)
    counts = {key: (hosted.get(key, (0, 0))[0], teachers.get(key, 0)) for key in sorted({*hosted, *teachers})}
    students, of_teachers = _weights(asked)
    return rules.contribution(counts, students_percent=students, teachers_percent=of_teachers), hosted, teachers


def contribution(asked: Asked) -> Document:
    """Every enterprise that took students or teachers, by points."""
    scores, hosted, teachers = _scores(asked)
    mentors, capstones, trained = facts.mentors(asked), facts.capstones(asked), facts.trained(asked)
    named = facts.organisations((score.id for score in scores), asked)
    rows = [
        (
            score.place,
            named[score.id].name,
            hosted.get(score.id, (0, 0))[0],
            weeks(hosted.get(score.id, (0, 0))[1]),
            teachers.get(score.id, 0),
            mentors.get(score.id, 0),
            capstones.get(score.id, 0),
            trained.get(score.id, (0, 0, 0))[0],
            f"{score.total_x10 / 10:.1f}",
        )
        for score in scores
    ]
    days = sum(days for _students, days in hosted.values())
    hosts = sorted(((named[key].name, students, count) for key, (students, count) in hosted.items()), key=lambda row: (-row[1], row[0]))
    return Document(
        title=_("企业对人才培养贡献度报告（%(a)s）", a=span(asked)),
        subtitle=platform(),
        figures=(
            Figure(_("参与企业"), str(len(scores)), _("接纳学生或教师的企业")),
            Figure(_("接纳学生"), str(sum(students for students, _days in hosted.values())), _("各企业合计人次"), is_of_persons=True),
            Figure(_("实习人周"), weeks(days), _("确认的实习日每 5 日折合 1 周")),
            Figure(_("践习教师"), str(sum(teachers.values())), _("各企业合计人次"), is_of_persons=True),
        ),
        sections=(
            Section(
                _("贡献度排序"),
                (_("本报告将接纳学生实习、教师践习作为两项重要指标，其余各项列示而不计分。"),),
                bars(_("贡献度（前 15 家）"), [(named[s.id].name, s.total_x10 / 10) for s in scores], name=_("贡献度"), unit=_("分"), column=8),
                table(
                    _("企业贡献度"),
                    (
                        "#" + _("名次"),
                        _("企业"),
                        "#@" + _("接纳学生"),
                        "#" + _("实习人周"),
                        "#@" + _("践习教师"),
                        "#@" + _("指导教师"),
                        "#@" + _("毕业设计"),
                        "#@" + _("培训人次"),
                        "#" + _("贡献度"),
                    ),
                    rows,
                    of={3: (2,), 8: (2, 4)},
                ),
            ),
            Section(
                _("接纳学生"),
                (),
                bars(
                    _("接纳学生人数（前 15 家）"),
                    [(name, students) for name, students, _days in hosts],
                    name=_("学生"),
                    unit=_("人"),
                ),
                table(
                    _("接纳学生人数"),
                    (_("企业"), "#@" + _("学生"), "#" + _("实习人周")),
                    [(name, students, weeks(days)) for name, students, days in hosts],
                    of={2: (1,)},
                ),
            ),
        ),
        method=_method(asked),
        sources=(source("research", "RESEARCH-4.8b, 002:141", QUOTE),),
    )


def _place_of(mine: rules.Score | None, scores: Sequence[rules.Score]) -> str:
    """The place of an enterprise in words; several with equal points share it."""
    if mine is None:
        return _("当期没有接纳学生或教师的记录")
    if sum(one.place == mine.place for one in scores) > 1:
        return _("在全省 %(a)s 家参与企业中并列第 %(b)s 位", a=len(scores), b=mine.place)
    return _("在全省 %(a)s 家参与企业中居第 %(b)s 位", a=len(scores), b=mine.place)


def csr(asked: Asked) -> Document:
    """The section an enterprise puts into its own report on social responsibility."""
    assert asked.organisation_id is not None
    key = asked.organisation_id
    scores, hosted, teachers = _scores(asked)
    mine = next((score for score in scores if score.id == key), None)
    name = facts.organisations([key], asked)[key].name
    students, days = hosted.get(key, (0, 0))
    trainees, persons, courses = facts.trained(asked, of=key).get(key, (0, 0, 0))
    mentors, capstones = facts.mentors(asked).get(key, 0), facts.capstones(asked).get(key, 0)
    rows: list[tuple[str, Cell]] = [
        (_("接纳学生实习（人）"), students),
        (_("实习人周"), weeks(days)),
        (_("接纳教师践习（人）"), teachers.get(key, 0)),
        (_("企业指导教师（人）"), mentors),
        (_("校企合作毕业设计（项）"), capstones),
        (_("开展培训（人次）"), trainees),
        (_("培训人员（人）"), persons),
        (_("培训课程（门）"), courses),
    ]
    place = _place_of(mine, scores)
    return Document(
        title=_("%(a)s人才培养责任专章（%(b)s）", a=name, b=span(asked)),
        subtitle=_("供企业社会责任报告引用"),
        figures=(
            Figure(_("接纳学生"), str(students), _("人")),
            Figure(_("实习人周"), weeks(days)),
            Figure(_("践习教师"), str(teachers.get(key, 0)), _("人")),
            Figure(_("贡献度"), f"{mine.total_x10 / 10:.1f}" if mine else "—", place),
        ),
        sections=(
            Section(
                _("参与人才培养情况"),
                (
                    _(
                        "%(a)s，%(b)s接纳 %(c)s 名学生开展企业学习，累计 %(d)s 人周；接纳 %(e)s 名教师践习；有 %(f)s 名工程技术人员担任指导教师，完成校企合作毕业设计 %(g)s 项；开设培训课程 %(h)s 门，培训 %(i)s 人、%(j)s 人次。",
                        a=span(asked),
                        b=name,
                        c=students,
                        d=weeks(days),
                        e=teachers.get(key, 0),
                        f=mentors,
                        g=capstones,
                        h=courses,
                        i=persons,
                        j=trainees,
                    ),
                    _("按公布的公式计算，%(a)s。", a=place),
                ),
                bars(_("参与情况"), [(label, float(value or 0)) for label, value in rows if not label.startswith(_("实习人周"))], name=_("数量")),
                table(_("参与情况"), (_("指标"), "#" + _("数量")), rows),
            ),
        ),
        method=_method(asked),
        sources=(source("research", "RESEARCH-4.8b, 002:141", QUOTE),),
    )
