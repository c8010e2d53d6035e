"""毕业生就业质量报告 (graduate tracking): answers of a survey, shown only in groups that identify nobody."""

from __future__ import annotations

from trainhub.kernel.i18n import _
from trainhub.oversight.reports import rules
from trainhub.oversight.reports.building.common import bars, day, known, parameter, source, table
from trainhub.oversight.reports.types import Asked, Cell, Document, Figure, Plot, Section, Table
from trainhub.oversight.surveys import queries as surveys
from trainhub.oversight.surveys.labels import PAYS, STATUSES
from trainhub.oversight.surveys.rules import sum_up
from trainhub.oversight.surveys.types import ANSWERED_WORK, GraduateFigures, GraduateStatus, PayBand, SurveyKind

QUOTE = "鼓励高校建立毕业生跟踪反馈机制，发布毕业生就业质量与发展状况报告"


def outcome(asked: Asked) -> Document:
    """Where the graduates of the latest survey went."""
    survey = surveys.latest(SurveyKind.GRADUATES, asked.until, asked.known_at)
    told = surveys.graduate_figures(survey, asked.known_at) if survey else sum_up([])
    invited = surveys.asked_count(survey.year, asked.known_at) if survey else 0
    least = parameter("own.reports.small_cell_min", asked).number
    response_min = parameter("own.surveys.response_percent_min", asked)
    year = survey.year if survey else asked.until.year
    notes = [
        _("采用“%(a)s”（%(b)s至%(c)s）的答卷。", a=survey.title, b=day(survey.opens_on), c=day(survey.closes_on))
        if survey
        else _("还没有开展过毕业生跟踪调查。")
    ]
    if invited and told.answered * 100 < response_min.number * invited:
        notes.append(_("回收率 %(a)s，低于 %(b)s%%，样本不足，以下结果仅供参考。", a=rules.share_text(told.answered, invited), b=response_min.number))
    notes.append(
        _(
            "少于 %(a)s 人的单元以“*”隐去；只隐去一个单元时一并隐去次小的单元，使其不能由合计推出；占比会暴露少于这个人数的一方时也隐去。因此列出的单元相加可能小于应答人数。",
            a=least,
        )
    )
    (field_yes, field_told), (here_yes, here_told) = told.in_field, told.in_fujian
    return Document(
        title=_("毕业生就业质量报告（%(a)s 届）", a=year),
        subtitle=_("毕业生跟踪调查结果"),
        figures=(
            Figure(_("应答人数"), str(told.answered), _("调查对象 %(a)s 人", a=invited), of=(told.answered, invited) if told.answered else None),
            Figure(_("回收率"), rules.share_text(told.answered, invited), of=(told.answered, invited) if told.answered else None),
            Figure(_("专业对口"), rules.share_of_persons(field_yes, field_told, least), _("就业和创业者中")),
            Figure(_("在福建就业"), rules.share_of_persons(here_yes, here_told, least), _("就业和创业者中")),
        ),
        sections=(
            Section(
                _("毕业去向"),
                tuple(notes),
                *_told(_("毕业去向"), rules.hide_in_blocks(_by_work(told), least)),
            ),
            Section(
                _("月收入"),
                (_("就业和创业的应答者；分档填答。"),),
                *_told(_("月收入（税前）"), _pays(told, least)),
            ),
            Section(
                _("对培养的满意度"),
                (_("1 为很不满意，5 为很满意。"),),
                *_counted(_("满意度"), [(_("%(a)s 分", a=n), told.satisfaction.get(n, 0)) for n in range(1, 6)], least),
            ),
            Section(_("各专业"), (), None, _programmes(told, surveys.asked_by_programme(survey.year, asked.known_at) if survey else {}, least)),
        ),
        method=(_("答卷由毕业生本人填写，可修改至调查截止；报告只用合计。"), _("回收率 = 应答人数 ÷ 当届毕业生（不含退学）。"), known()),
        sources=(source("research", "RESEARCH-4.8, 002:141", QUOTE),),
    )


def _counted(title: str, rows: list[tuple[str, int]], least: int) -> tuple[Plot | None, Table]:
    return _told(title, rules.hide_small(rows, least))


def _by_work(told: GraduateFigures) -> list[list[tuple[str, int]]]:
    """The answers to 毕业去向 in two blocks, those at work and the others: how many work is also the sum of 月收入, and of 各专业."""
    return [[(str(STATUSES[s]), told.status.get(s, 0)) for s in GraduateStatus if (s in ANSWERED_WORK) is works] for works in (True, False)]


def _pays(told: GraduateFigures, least: int) -> list[tuple[str, int | None]]:
    """The bands of pay; none where their sum would tell how few work, or how few do not."""
    rows = [(str(PAYS[p]), told.pay.get(p, 0)) for p in PayBand]
    return rules.hide_small(rows, least) if rules.tells_of_sums(_by_work(told), least) else [(name, None) for name, _count in rows]


def _told(title: str, shown: list[tuple[str, int | None]]) -> tuple[Plot | None, Table]:
    """Plot and table of one question; hidden cells are not drawn."""
    return (
        bars(title, [(name, count) for name, count in shown if count is not None], name=_("人数"), unit=_("人")),
        table(title, (_("选项"), "#" + _("人数")), [(name, "*" if count is None else count) for name, count in shown], answers=(1,)),
    )


def _silent(figures: GraduateFigures, answered: dict[tuple[str, str], int], hidden: set[tuple[str, str]], least: int) -> set[tuple[str, str]]:
    """The programmes whose share of those at work is not told: it would tell of a small group, or of the one group that is left when the
    others are taken from the sum that stands under 毕业去向."""
    working = {(one.programme, one.university): one.working for one in figures.programmes}
    found = {
        key for key, told in answered.items() if key in hidden or (at_work := working.get(key, 0)) is None or rules.is_telling(at_work, told, least)
    }
    if not rules.tells_of_sums(_by_work(figures), least):
        return set(answered)
    others = sorted((told, key) for key, told in answered.items() if key not in found)

    def tells(silent: set[tuple[str, str]]) -> bool:
        at_work = sum(working.get(key) or 0 for key in silent)
        return len(silent) == 1 or rules.is_telling(at_work, sum(answered[key] for key in silent), least)

    while found and others and tells(found):
        added = next((one for one in others if not tells({*found, one[1]})), others[0])
        others.remove(added)
        found.add(added[1])
    return found


def _programmes(figures: GraduateFigures, invited: dict[tuple[str, str], int], least: int) -> Table:
    counts = {(one.programme, one.university): one for one in figures.programmes}
    answered = {key: counts[key].answered if key in counts else 0 for key in invited}
    parts = [(f"{university} {programme}", answered[programme, university], people) for (programme, university), people in invited.items()]
    shown = dict(rules.hide_parts(parts, least))
    silent = _silent(figures, answered, {key for key in invited if shown[f"{key[1]} {key[0]}"] is None}, least)
    rows: list[tuple[Cell, ...]] = []
    for (programme, university), people in sorted(invited.items(), key=lambda row: (row[0][1], row[0][0])):
        told, one = answered[programme, university], counts.get((programme, university))
        is_hidden = shown[f"{university} {programme}"] is None
        working = (one.working if one else 0) or 0
        rows.append(
            (
                university,
                programme,
                people,
                "*" if is_hidden else told,
                "*" if is_hidden or told < least else rules.share_text(told, people),
                "*" if (programme, university) in silent else rules.share_text(working, told),
            )
        )
    return table(
        _("各专业应答与就业"),
        (_("高校"), _("专业"), "#" + _("毕业生"), "#" + _("应答"), "#" + _("回收率"), "#" + _("就业创业占应答")),
        rows,
        answers=(2, 3),
    )
