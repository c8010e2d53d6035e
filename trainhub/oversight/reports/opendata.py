"""Open data (FJ-21, 000:769): aggregated, k-anonymous also across years, sums and days, as JSON and CSV with licence and dictionary."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, url_for

from trainhub.kernel import clock, downloads
from trainhub.kernel.access import public
from trainhub.kernel.errors import NotFound
from trainhub.kernel.frames import found
from trainhub.kernel.i18n import _, _l
from trainhub.kernel.kept import for_minutes
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.sheets.writing import iter_csv
from trainhub.oversight.goals import queries as goals
from trainhub.oversight.goals.rules import coarse
from trainhub.oversight.reports.queries import opendata as queries
from trainhub.policy.book import book

blueprint = Blueprint("opendata", __name__, url_prefix="/open")
DICTIONARY = (Column("column", "列"), Column("name", "名称"), Column("meaning", "含义"))
LICENCE = {"name": "CC BY 4.0", "url": "https://creativecommons.org/licenses/by/4.0/deed.zh-hans", "attribution": "福建省工程人才培养平台"}


Rows = Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Dataset:
    """One dataset: its columns with their meaning, and how its rows are counted (given the smallest group). A hidden number is empty."""

    code: str
    title: Any
    meaning: Any
    columns: tuple[Column, ...]
    dictionary: Mapping[str, Any]
    rows: Callable[[int, date], Rows]


def least(on: date) -> int:
    """The smallest group that is published (own.reports.small_cell_min)."""
    return book().at("own.reports.small_cell_min", on=on).number


def rows_of(one: Dataset, today: date, now: datetime) -> Rows:
    """The rows of a dataset as everybody reads them: counted at most once in some minutes, and never those of another."""
    k = least(today)
    return for_minutes(("opendata", one.code, k), now, lambda: one.rows(k, today))


def _shown(count: int, k: int) -> int | None:
    """A count as everybody may read it (`goals.rules.coarse`); a group of fewer than `k` is empty, one of nobody 0."""
    return None if 0 < count < k else coarse(count, k)


def _of(count: int, persons: int, k: int) -> int | None:
    """A count of entries that so many persons stand behind: one who enrolled ten times is no group of ten."""
    return None if 0 < persons < k else _shown(count, k)


def _trained(k: int, _today: date) -> Rows:
    return [
        (goal, year, code, name, category, _shown(persons, k), _shown(enrolments, k) if persons >= k else None)
        for goal, year, code, name, category, persons, enrolments in queries.trained([goal.id for goal in goals.computed()])
    ]


def _courses(k: int, today: date) -> Rows:
    return [
        (code, title, owner, _of(enrolled, persons, k), _of(done, finished, k) if persons >= k else None)
        for code, title, owner, enrolled, persons, done, finished in queries.courses(today)
    ]


def _bases(_k: int, _today: date) -> Rows:
    return queries.bases()


DATASETS = (
    Dataset(
        "trained",
        _l("培训人数"),
        _l("按目标、年度、地区和类别的培训人数与人次；一人在一个目标中只计一次，计在首次计入的年度和地区。每行分别取整，相加不等于公布的合计。"),
        (
            Column("goal", "目标"),
            Column("year", "年度"),
            Column("region_code", "地区代码"),
            Column("region", "地区"),
            Column("category", "类别"),
            Column("persons", "人数"),
            Column("enrolments", "人次"),
        ),
        {
            "goal": _l("目标的代码"),
            "year": _l("首次计入的年度"),
            "region_code": _l("设区市的行政区划代码；350128 为平潭，不计入福州"),
            "region": _l("地区名称"),
            "category": _l("founder 创业，worker 从业"),
            "persons": _l("不同的人，向下取整到公布的最小人数的倍数；空白表示少于这个人数"),
            "enrolments": _l("结业次数，同样取整；人数不公布时也不公布"),
        },
        _trained,
    ),
    Dataset(
        "courses",
        _l("开放课程"),
        _l("开过课的课程（已发布并已开课）及其选课、结课人次。"),
        (
            Column("code", "代码"),
            Column("title", "课程"),
            Column("owner", "单位"),
            Column("enrolments", "选课人次"),
            Column("completions", "结课人次"),
        ),
        {
            "code": _l("课程代码"),
            "title": _l("课程名称"),
            "owner": _l("开课单位"),
            "enrolments": _l("各期已录取的选课合计，向下取整；空白表示少于公布的最小人数"),
            "completions": _l("各期结课合计，向下取整；空白表示少于公布的最小人数"),
        },
        _courses,
    ),
    Dataset(
        "bases",
        _l("实践基地"),
        _l("已核验的实践基地。"),
        (Column("code", "代码"), Column("name", "基地"), Column("region", "县区")),
        {"code": _l("基地代码"), "name": _l("基地名称"), "region": _l("所在县区")},
        _bases,
    ),
)


@blueprint.get("/")
@public
def index() -> Any:
    """The datasets, with licence and dictionary."""
    return render_template("trainhub/reports/opendata.html", datasets=DATASETS, least=least(clock.today()))


def _load(code: str) -> Dataset:
    return found(next((one for one in DATASETS if one.code == code), None), _("没有这个数据集。"))


@blueprint.get("/<code>-dictionary.csv")
@public
def dictionary(code: str) -> Any:
    """What each column of a dataset means, with the licence: a CSV file has no room for them."""
    one = _load(code)
    rows = [*((column.name, column.zh, str(one.dictionary[column.name])) for column in one.columns), ("", _("许可"), " ".join(LICENCE.values()))]
    return downloads.table(rows, DICTIONARY, name=f"{one.title}-{_('数据字典')}", form="csv")


@blueprint.get("/<code>.<form>")
@public
def dataset(code: str, form: str) -> Any:
    """One dataset as JSON or CSV."""
    today = clock.today()
    one = _load(code)
    if form not in ("json", "csv"):
        raise NotFound(_("只能导出为 json 或 csv。"))
    rows = rows_of(one, today, clock.now())
    if form == "json":
        return jsonify(
            dataset=one.code,
            title=str(one.title),
            on=today.isoformat(),
            licence=LICENCE,
            smallest_group=least(today),
            dictionary={name: str(text) for name, text in one.dictionary.items()},
            rows=[dict(zip([c.name for c in one.columns], row, strict=True)) for row in rows],
        )
    answer = Response(b"".join(iter_csv(rows, one.columns, headers="name")), mimetype="text/csv")
    answer.headers["Link"] = f'<{LICENCE["url"]}>; rel="license", <{url_for("opendata.dictionary", code=code)}>; rel="describedby"'
    return downloads.named(answer, f"{one.title}.csv")
