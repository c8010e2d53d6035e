"""One row of a roster against everything that can be known of it without the other rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from trainhub.kernel.characters import plain_words
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.schema import Parsed
from trainhub.kernel.sheets.types import shown
from trainhub.ledger.rosters import swapping
from trainhub.ledger.types import Category, Reach
from trainhub.organisations.types import CountyBook
from trainhub.people import queries as people
from trainhub.people import rules as people_rules
from trainhub.people.bulk import NewPerson
from trainhub.people.labels import ID_PROBLEMS, name_told
from trainhub.people.queries.numbers import ERASED
from trainhub.people.types import IdCheck

Complaint = tuple[str, str]
"""(column, problem)"""
EARLIEST = date(1978, 1, 1)
_ERASED = re.compile(re.escape(ERASED) + r"[1-9]\d{0,17}")
_NUMBER = re.compile(r"\d{5,}[Xx]?")
_LONG_NUMBER = re.compile(r"\d{7,}[Xx]?")


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that stands on its own: the person, and the completion."""

    number: int
    person: NewPerson
    category: Category
    county_code: str
    organisation_id: int
    course: str
    hours_x10: int
    completed_on: date
    is_counted: bool
    only_known: tuple[Complaint, ...] = ()
    """What is wrong with a new completion but not with one that stands already, so that an export can be imported."""

    @property
    def key(self) -> tuple[str, int, str, date]:
        """What makes two rows the same completion: person, base, course and day."""
        return (self.person.number_hash, self.organisation_id, self.course, self.completed_on)

    @property
    def whole(self) -> tuple[object, ...]:
        """Everything of the completion but the person, as a record holds it."""
        return (*self.key[1:], self.category, self.county_code, self.hours_x10, self.is_counted)


def plain_name(name: str) -> str:
    """A name for comparison, as `people.rules.same_name` compares: width, case, spaces and the middle dot do not count."""
    return people_rules.normalise_name(name).casefold().replace(" ", "")


def without_numbers(text: str) -> str:
    """A problem's text that may be stored: long numbers are cut, they could be of an identity document."""
    return _LONG_NUMBER.sub(lambda found: found[0][:3] + "…", text)[:400]


def is_erased(values: Mapping[str, str]) -> bool:
    """The row is of somebody whose data were erased: an export names them all alike."""
    return _ERASED.fullmatch(values.get("id_number", "").strip()) is not None


class Checker:
    """Judges rows one by one; made once for a file."""

    def __init__(
        self,
        *,
        counties: CountyBook,
        organisations: dict[str, int],
        courses: dict[tuple[int, str], date],
        base_id: int | None,
        today: date,
        reach: Reach | None = None,
    ) -> None:
        self._counties = counties
        self._organisations = organisations
        self._courses = courses
        self.titles = frozenset(title for _organisation, title in courses)
        self.is_swapped = False
        """姓名 and 课程 are swapped over the whole file: no row is taken (see `swapping`)."""
        self._base_id = base_id
        self._today = today
        self._reach = reach

    def check(self, parsed: Parsed) -> Entry | list[Complaint]:
        """The entry, or everything that is wrong with the row."""
        data = parsed.data
        bad: list[Complaint] = [(p.column or "", p.problem) for p in parsed.problems if p.level == "error"]
        said = {column for column, _problem in bad}
        if "name" in said and _NUMBER.fullmatch(parsed.row.values["name"].strip()):
            bad.append(("name", _("“姓名”一格填的是号码，可能与“证件号码”填反了。请检查各列的顺序。")))
        self._check_swapped(parsed.row.values, bad)
        organisation_id = self._organisation(data["base_code"], bad) if "base_code" not in said else None
        day: date | None = data["completed_on"]
        county: str | None = None
        only_known: list[Complaint] = []
        if day is not None:
            self._check_day(day, bad)
            self._check_course(organisation_id, data["course"], day, bad)
            if "county_code" not in said:
                county = self._counties.resolve(data["county_code"], day)
                if county is None:
                    is_city = data["county_code"] in self._counties.cities  # a course or a placement may have known no more
                    county = data["county_code"] if is_city else None
                    (only_known if is_city else bad).append(("county_code", self._county_problem(data["county_code"], day)))
        self._check_reach(organisation_id, county, bad)
        if "name" not in said and (told := name_told(people_rules.normalise_name(data["name"]))):
            only_known.append(("name", told))
        person = None
        if not said & {"id_type", "id_number", "name"} and _ERASED.fullmatch(data["id_number"]):
            person = NewPerson(data["id_number"], people_rules.normalise_name(data["name"]), data["id_type"], IdCheck(""), county)
        elif not said & {"id_type", "id_number", "name"}:
            found = people_rules.check_number(data["id_type"], data["id_number"])
            if found.problem is not None:
                bad.append(("id_number", str(ID_PROBLEMS[found.problem])))
            else:
                if day is not None and found.birth_on is not None and found.birth_on >= day:
                    bad.append(("completed_on", _("完成日期早于证件号码中的出生日期 %(birth)s。请核对。", birth=found.birth_on)))
                person = NewPerson(
                    people.hash_of(data["id_type"], found.number),
                    people_rules.normalise_name(data["name"]),
                    data["id_type"],
                    found,
                    county,
                )
        if bad or person is None or county is None or organisation_id is None or day is None:
            return bad + only_known
        completion = (data["category"], county, organisation_id, data["course"], data["hours"], day, data["counted"])
        return Entry(parsed.number, person, *completion, tuple(only_known))

    def _check_swapped(self, values: Mapping[str, str], bad: list[Complaint]) -> None:
        if self.is_swapped:
            bad.append(("name", _("“姓名”与“课程”两列填反了：同一“姓名”对应许多人的证件号码，或者就是课程名称。请对调这两列后重新导入。")))
        elif swapping.is_course(values.get("name", ""), values.get("course", ""), self.titles):
            bad.append(("name", _("“姓名”一格填的是已登记的课程名称，可能与“课程”填反了。请检查各列的顺序。")))

    def _organisation(self, code: str, bad: list[Complaint]) -> int | None:
        found = self._organisations.get(code) or self._organisations.get(code.upper())
        if found is None:
            bad.append(("base_code", _("没有代码为“%(code)s”的基地或机构。请核对代码，或先登记该机构。", code=shown(code))))
        elif self._base_id is not None and found != self._base_id:
            bad.append(("base_code", _("“%(code)s”不是本次导入指定的机构。请改正这一格，或清空它，或分开导入。", code=shown(code))))
            return None
        return found

    def _check_reach(self, organisation_id: int | None, county: str | None, bad: list[Complaint]) -> None:
        if self._reach is None or organisation_id is None or organisation_id in self._reach.own:
            return
        if organisation_id not in self._reach.regional:
            bad.append(("base_code", _("这个机构不在你负责的地区之内。请由它所在设区市或省人社厅导入。")))
        elif county is not None and county not in self._reach.counties:
            bad.append(("county_code", _("县区代码 %(code)s 不在你负责的地区之内。请核对；确属外地的，由省人社厅或培训机构导入。", code=county)))

    def _check_day(self, day: date, bad: list[Complaint]) -> None:
        if day > self._today:
            bad.append(("completed_on", _("完成日期 %(day)s 晚于今天。请改正日期。", day=day)))
        elif day < EARLIEST:
            bad.append(("completed_on", _("完成日期 %(day)s 过早。请核对年份。", day=day)))

    def _check_course(self, organisation_id: int | None, course: str | None, day: date, bad: list[Complaint]) -> None:
        is_asked = self._courses and organisation_id is not None and course is not None
        since = self._courses.get((organisation_id or 0, plain_words(course or ""))) if is_asked else None
        if since is not None and day < since:
            said = _(
                "“%(course)s”自 %(since)s 起开设，完成日期早于开课。请核对日期；确实更早开设的，先改正培训课程的开设日期。",
                course=course,
                since=since,
            )
            bad.append(("completed_on", said))

    def _county_problem(self, code: str, day: date) -> str:
        old = self._counties.abolished.get(code)
        if old is not None:
            return _("县区代码 %(code)s 在 %(day)s 已撤销，当时应使用 %(new)s。", code=code, day=day, new=old[1])
        if code.endswith("00"):
            return _("“%(code)s”不是县区代码。请填写 6 位县（市、区）代码，例如 350102。", code=shown(code))
        return _("没有县区代码“%(code)s”。请按行政区划代码填写 6 位县（市、区）代码。", code=shown(code))
