"""行业人才状况报告 and 人才需求预测: staff, demand and graduates by the ten key fields of 《中国制造2025》."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainhub.kernel.i18n import _, _l, listed
from trainhub.organisations.places import place
from trainhub.oversight.reports import rules
from trainhub.oversight.reports.building.common import bars, day, known, pairs, parameter, references, source, span, table, trainings
from trainhub.oversight.reports.queries import facts
from trainhub.oversight.reports.types import Asked, Cell, Document, Figure, Section
from trainhub.oversight.surveys import queries as surveys
from trainhub.oversight.surveys.models import Survey
from trainhub.oversight.surveys.types import SurveyKind
from trainhub.oversight.talents import queries as talents
from trainhub.oversight.talents.labels import EXAMS, KINDS
from trainhub.oversight.talents.labels import LEVELS as EXAM_LEVELS
from trainhub.oversight.talents.types import ExamKind, ExamLevel
from trainhub.programmes.reference import key_fields
from trainhub.programmes.types import DegreeLevel

STATUS_QUOTE = "调研行业人才的数量、分布、结构、来源、薪酬等信息，形成行业人才状况报告并每年向社会发布"
STORE_QUOTE = "加强人才需求调查和预测，建立健全信息产业高层次人才信息库"
DEMAND_QUOTE = "发布人才需求预测报告，提出行业需要的人才数量、类型、层次、规格等"
LEVELS = {DegreeLevel.VOCATIONAL: _l("高职专科"), DegreeLevel.BACHELOR: _l("本科"), DegreeLevel.MASTER: _l("硕士"), DegreeLevel.DOCTOR: _l("博士")}


def _asked() -> str:
    return _("在岗人数和需求数由企业在“人才需求调查”中填报，每家企业每个领域一行；未填报的企业不作推算。")


def _survey_note(survey: Survey | None) -> str:
    if survey is None:
        return _("到统计时点为止还没有开展过人才需求调查，在岗人数和需求数为空。")
    return _("采用“%(a)s”（%(b)s至%(c)s）的填报结果。", a=survey.title, b=day(survey.opens_on), c=day(survey.closes_on))


def _country(asked: Asked) -> tuple[str, ...]:
    """What the study says of the whole country (RESEARCH-1.0, 002:27): the only counts of the ten fields that the documents have."""
    known = references(
        asked,
        "research.engineering_schools",
        "research.engineering_programme_sites",
        "research.key_field_programme_sites",
        "research.key_field_share_percent",
    )
    if known is None:
        return ()
    schools, sites, in_fields, share = (f"{one.number:,}" for one in known)
    return (
        _(
            "全国参照：约 %(a)s 所院校设立工科专业，本科工科专业布点 %(b)s 个，其中与十大重点领域相关的约 %(c)s 个，占近 %(d)s%%（%(e)s）；各领域的数字文件没有附上。",
            a=schools,
            b=sites,
            c=in_fields,
            d=share,
            e=known[0].clause.cite,
        ),
    )


def status(asked: Asked) -> Document:
    """Who is there: staff by key field, recognised talent, passes of examinations, trainees."""
    survey = surveys.latest(SurveyKind.DEMAND, asked.until, asked.known_at)
    staff = {row.key_field_no: row for row in surveys.demand_by_field(survey.id, asked.known_at)} if survey else {}
    recognised = talents.recognised_counts(asked.known_at, asked.until)
    by_field = talents.recognised_by_field(asked.known_at, asked.until)
    passes = talents.pass_counts(asked.since, asked.until, asked.known_at)
    trained = facts.trained(asked)
    regions = (
        [(place(name), firms, staffed) for name, firms, staffed in surveys.demand_by_prefecture(survey.id, asked.known_at, asked.until)]
        if survey
        else []
    )
    fields, least = key_fields(), parameter("own.reports.small_cell_min", asked).number
    tellers = parameter("own.reports.enterprises_min", asked).number
    return Document(
        title=_("福建省工程人才状况报告（%(a)s）", a=span(asked)),
        subtitle=_("按《中国制造2025》十大重点领域"),
        figures=(
            Figure(
                _("填报在岗人数"), str(sum(row.staff for row in staff.values())), _("参与调查的企业合计"), is_of_persons=True, told_by=_tellers(staff)
            ),
            Figure(_("入库人才"), str(sum(count for _kind, count in recognised)), _("已认定、在有效期内"), is_of_persons=True),
            Figure(_("考试合格"), str(sum(count for *_kinds, count in passes)), _("当期，两类考试合计"), is_of_persons=True),
            Figure(_("培训人次"), str(sum(rows for rows, _persons, _courses in trained.values())), _("当期"), is_of_persons=True),
        ),
        sections=(
            Section(
                _("各领域在岗人才"),
                (_survey_note(survey),),
                bars(
                    _("填报的在岗工程技术人才"),
                    [(name, staff[no].staff if no in staff else 0) for no, name in fields],
                    name=_("在岗"),
                    unit=_("人"),
                    column=2,
                ),
                table(
                    _("各领域的数量、结构、来源与薪酬"),
                    (
                        _("领域"),
                        "#" + _("填报企业"),
                        "#@" + _("在岗人数"),
                        "#@" + _("其中高级"),
                        "#@" + _("来自省外"),
                        "#" + _("平均月薪（元）"),
                        "#@" + _("入库高层次人才"),
                    ),
                    [_field(name, staff.get(no), by_field.get(no, 0), least, tellers) for no, name in fields],
                    of={5: (2,)},
                    parts={3: 2, 4: 2},
                    told_by=dict.fromkeys((2, 3, 4, 5), 1),
                ),
            ),
            Section(
                _("地区分布"),
                (),
                bars(_("在岗人才的地区分布"), [(name, count) for name, _firms, count in regions], name=_("在岗"), unit=_("人"), column=2),
                table(_("在岗人才的地区分布"), (_("地区"), "#" + _("填报企业"), "#@" + _("在岗人数")), regions, told_by={2: 1}),
            ),
            Section(
                _("人才库"),
                (),
                bars(_("已认定的入库人才"), [(str(KINDS[kind]), count) for kind, count in recognised], name=_("人数"), unit=_("人")),
                table(_("已认定的入库人才"), (_("人才库"), "#@" + _("人数")), [(str(KINDS[kind]), count) for kind, count in recognised]),
            ),
            Section(
                _("专业技术资格考试"),
                (_("计算机技术与软件专业技术资格（水平）考试、通信专业技术水平考试的合格人员，按导入的合格名单统计。"),),
                None,
                table(
                    _("当期合格人员"),
                    (_("考试"), _("级别"), "#@" + _("人数")),
                    [(str(EXAMS[ExamKind(exam)]), str(EXAM_LEVELS[ExamLevel(level)]), count) for exam, level, count in passes],
                ),
            ),
        ),
        method=(
            _asked(),
            _(
                "平均月薪按各企业在岗人数加权，只计填报了薪酬的企业，舍去小数；合计不足%(a)s人，或填报薪酬的企业不足%(b)s家的不公布。",
                a=least,
                b=tellers,
            ),
            _few_told(tellers),
            _("入库人才以认定日期和有效期为准。"),
            trainings(),
            known(),
        ),
        sources=(
            source("research", "RESEARCH-4.1, 002:109", STATUS_QUOTE),
            source("iidg", "IIDG-5.4, 001:358", STORE_QUOTE),
            source("mc2025", "002:880-918"),
        ),
    )


def _tellers(rows: Mapping[int, surveys.FieldDemand]) -> int:
    """At least so many enterprises answered: one may have answered for several fields."""
    return max((row.enterprises for row in rows.values()), default=0)


def _few_told(tellers: int) -> str:
    return _("公开的版本中，填报企业不足%(a)s家的单元以“*”隐去，并隐去填报企业最少的另一单元，使其不能由合计推出。", a=tellers)


def _field(name: str, found: surveys.FieldDemand | None, talent: int, least: int, tellers: int) -> tuple[Cell, ...]:
    """A field's row; the mean pay of fewer than `least` persons would tell of one of them, that of fewer than `tellers` enterprises of one of those."""
    if found is None:
        return (name, 0, 0, 0, 0, None, talent)
    pay: Cell = found.mean_pay_yuan if found.paid >= least and found.payers >= tellers else "*" if found.paid else None
    return (name, found.enterprises, found.staff, found.senior, found.outside, pay, talent)


def demand(asked: Asked) -> Document:
    """What is missing: demand of the next year against the graduates of that year, by key field."""
    survey = surveys.latest(SurveyKind.DEMAND, asked.until, asked.known_at)
    demands = {row.key_field_no: row for row in surveys.demand_by_field(survey.id, asked.known_at)} if survey else {}
    tellers = parameter("own.reports.enterprises_min", asked).number
    year = (survey.year if survey else asked.until.year) + 1
    graduates = surveys.graduates_by_field(year, asked.known_at)
    hard: dict[int, list[str]] = {}
    for number, text in surveys.hard_posts(survey.id, asked.known_at) if survey else []:
        hard.setdefault(number, []).append(text)
    rows: list[Any] = []
    for number, name in key_fields():
        needed = demands[number].next_year if number in demands else 0
        out = graduates.get(number, 0)
        rows.append(
            (
                name,
                demands[number].enterprises if number in demands else 0,
                *((demands[number].managers, demands[number].engineers, demands[number].skilled) if number in demands else (0, 0, 0)),
                needed,
                out,
                rules.gap(needed, out),
                demands[number].three_years if number in demands else 0,
                listed(dict.fromkeys(hard.get(number, []))) or None,
            )
        )
    needed_all, out_all = sum(row[5] for row in rows), sum(row[6] for row in rows)
    by_level = surveys.demand_by_level(survey.id, asked.known_at) if survey else {}
    levels = [(str(LEVELS[level]), *by_level.get(level, (0, 0))) for level in DegreeLevel]
    return Document(
        title=_("福建省工程人才需求预测报告（%(a)s 年）", a=year),
        subtitle=_("需求与毕业生供给，按十大重点领域"),
        figures=(
            Figure(_("%(a)s 年需求", a=year), str(needed_all), _("企业填报"), told_by=_tellers(demands)),
            Figure(_("%(a)s 届毕业生", a=year), str(out_all), _("十大领域相关专业"), is_of_persons=True),
            Figure(
                _("缺口"),
                str(rules.gap(needed_all, out_all)),
                _("需求减毕业生；负数表示供大于求"),
                of=(out_all, out_all) if out_all else None,
                told_by=_tellers(demands),
            ),
            Figure(_("未对应领域的毕业生"), str(graduates.get(None, 0)), _("专业没有登记重点领域"), is_of_persons=True),
        ),
        sections=(
            Section(
                _("需求与供给"),
                (_survey_note(survey), _("供给为预计 %(a)s 年毕业的在籍学生，按其专业登记的重点领域归类。", a=year), *_country(asked)),
                pairs(
                    _("需求与毕业生"),
                    [name for name, *_rest in rows],
                    [(_("需求"), 5, [row[5] for row in rows]), (_("毕业生"), 6, [row[6] for row in rows])],
                    unit=_("人"),
                ),
                table(
                    _("各领域需求、毕业生与缺口"),
                    (
                        _("领域"),
                        "#" + _("填报企业"),
                        "#" + _("经营管理"),
                        "#" + _("专业技术"),
                        "#" + _("技能"),
                        "#" + _("%(a)s 年需求", a=year),
                        "#@" + _("%(a)s 届毕业生", a=year),
                        "#" + _("缺口"),
                        "#" + _("三年累计需求"),
                        _("紧缺岗位"),
                    ),
                    rows,
                    (
                        _("合计"),
                        None,
                        *(sum(row[place] for row in rows) for place in (2, 3, 4)),
                        needed_all,
                        out_all,
                        rules.gap(needed_all, out_all),
                        sum(row[8] for row in rows),
                        None,
                    ),
                    of={7: (6,)},
                    told_by=dict.fromkeys((2, 3, 4, 5, 7, 8, 9), 1),
                ),
            ),
            Section(
                _("层次"),
                (_("按填报的多数岗位要求的学历。"),),
                bars(_("需求的学历层次"), [(name, count) for name, _firms, count in levels], name=_("需求"), unit=_("人"), column=2),
                table(_("需求的学历层次"), (_("学历"), "#" + _("填报企业"), "#" + _("需求")), levels, told_by={2: 1}),
            ),
        ),
        method=(_asked(), _("缺口 = 需求数减毕业生数，不作比例推算；退学学生不计入供给。"), _few_told(tellers), known()),
        sources=(source("research", "RESEARCH-4.1, 002:109", DEMAND_QUOTE), source("mc2025", "002:880-918")),
    )
