"""毕业生就业质量报告 (graduate tracking): answers of a survey, shown only in groups that identify nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from trainhub.kernel.i18n import _
from trainhub.oversight.reports import rules
from trainhub.oversight.reports.building.common import bars, day, parameter, table
from trainhub.oversight.reports.types import Asked, Cell, Document, Figure, Plot, Section, Table
from trainhub.oversight.surveys import queries as surveys
from trainhub.oversight.surveys.labels import PAYS, STATUSES
from trainhub.oversight.surveys.models import GraduateAnswer
from trainhub.oversight.surveys.types import ANSWERED_WORK, GraduateStatus, PayBand, SurveyKind

SOURCES = ("RESEARCH-4.8, 002:141「鼓励高校建立毕业生跟踪反馈机制，发布毕业生就业质量与发展状况报告」",)


def _yes(values: Iterable[bool | None]) -> tuple[int, int]:
    told = [value for value in values if value is not None]
    return sum(told), len(told)


def outcome(asked: Asked) -> Document:
    """Where the graduates of the latest survey went."""
    survey = surveys.latest(SurveyKind.GRADUATES, asked.until)
    answers = surveys.graduate_answers(survey.id, asked.known_at) if survey else []
    invited = surveys.asked_count(survey.year) if survey else 0
    least = parameter("own.reports.small_cell_min", asked).number
    response_min = parameter("own.surveys.response_percent_min", asked)
    year = survey.year if survey else asked.until.year
    rows = [answer for answer, *_names in answers]
    working = [row for row in rows if row.status in ANSWERED_WORK]
    notes = [
        _("采用“%(a)s”（%(b)s至%(c)s）的答卷。", a=survey.title, b=day(survey.opens_on), c=day(survey.closes_on))
        if survey
        else _("还没有开展过毕业生跟踪调查。")
    ]
    if invited and len(rows) * 100 < response_min.number * invited:
        notes.append(_("回收率 %(a)s，低于 %(b)s%%，样本不足，以下结果仅供参考。", a=rules.share_text(len(rows), invited), b=response_min.number))
    notes.append(_("少于 %(a)s 人的单元以“*”隐去；只隐去一个单元时一并隐去次小的单元，使其不能由合计推出。", a=least))
    field_yes, field_told = _yes(row.is_in_field for row in working)
    here_yes, here_told = _yes(row.is_in_fujian for row in working)
    grades = [row.satisfaction for row in rows if row.satisfaction is not None]
    return Document(
        title=_("毕业生就业质量报告（%(a)s 届）", a=year),
        subtitle=_("毕业生跟踪调查结果"),
        figures=(
            Figure(_("应答人数"), str(len(rows)), _("调查对象 %(a)s 人", a=invited)),
            Figure(_("回收率"), rules.share_text(len(rows), invited)),
            Figure(_("专业对口"), rules.share_text(field_yes, field_told) if field_told >= least else "*", _("就业和创业者中")),
            Figure(_("在福建就业"), rules.share_text(here_yes, here_told) if here_told >= least else "*", _("就业和创业者中")),
        ),
        sections=(
            Section(
                _("毕业去向"),
                tuple(notes),
                *_counted(_("毕业去向"), [(str(STATUSES[s]), sum(r.status is s for r in rows)) for s in GraduateStatus], least),
            ),
            Section(
                _("月收入"),
                (_("就业和创业的应答者；分档填答。"),),
                *_counted(_("月收入（税前）"), [(str(PAYS[p]), sum(r.pay is p for r in working)) for p in PayBand], least),
            ),
            Section(
                _("对培养的满意度"),
                (_("1 为很不满意，5 为很满意。"),),
                *_counted(_("满意度"), [(_("%(a)s 分", a=n), sum(g == n for g in grades)) for n in range(1, 6)], least),
            ),
            Section(_("各专业"), (), None, _programmes(answers, surveys.asked_by_programme(survey.year) if survey else {}, least)),
        ),
        method=(_("答卷由毕业生本人填写，可修改至调查截止；报告只用合计。"), _("回收率 = 应答人数 ÷ 当届毕业生（不含退学）。")),
        sources=SOURCES,
    )


def _counted(title: str, rows: list[tuple[str, int]], least: int) -> tuple[Plot | None, Table]:
    """Plot and table of one question; hidden cells are not drawn."""
    shown = rules.hide_small(rows, least)
    return (
        bars(title, [(name, count) for name, count in shown if count is not None], name=_("人数"), unit=_("人")),
        table(title, (_("选项"), "#" + _("人数")), [(name, "*" if count is None else count) for name, count in shown]),
    )


def _programmes(answers: list[tuple[GraduateAnswer, str, str, int | None]], invited: dict[tuple[str, str], int], least: int) -> Table:
    counts = Counter((programme, university) for _answer, programme, university, _field in answers)
    working = Counter((programme, university) for answer, programme, university, _field in answers if answer.status in ANSWERED_WORK)
    shown = dict(rules.hide_small([(f"{university} {programme}", counts[programme, university]) for programme, university in invited], least))
    rows: list[tuple[Cell, ...]] = []
    for (programme, university), people in sorted(invited.items(), key=lambda row: (row[0][1], row[0][0])):
        told = counts[programme, university]
        is_hidden = shown[f"{university} {programme}"] is None
        is_small = is_hidden or told < least
        rows.append(
            (
                university,
                programme,
                people,
                "*" if is_hidden else told,
                "*" if is_small else rules.share_text(told, people),
                "*" if is_small else rules.share_text(working[programme, university], told),
            )
        )
    return table(
        _("各专业应答与就业"), (_("高校"), _("专业"), "#" + _("毕业生"), "#" + _("应答"), "#" + _("回收率"), "#" + _("就业创业占应答")), rows
    )
