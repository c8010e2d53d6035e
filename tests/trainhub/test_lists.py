"""Lists of the ground floor, of awards and of the evaluation: sorted both ways, narrowed, exported as they are filtered and sorted."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient

from enterprises.awards import credit
from enterprises.awards import queries as awards
from enterprises.awards.fund_models import CreditListing
from tests.factories import ground
from tests.factories import identity as make
from trainhub.identity import operations as accounts
from trainhub.identity import queries as identity
from trainhub.identity.types import RequestKind
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import session, transaction
from trainhub.kernel.imports import execute_bytes
from trainhub.ledger import operations as ledger
from trainhub.ledger.models import PossibleDuplicate
from trainhub.ledger.rosters import queries as rosters
from trainhub.people import queries as people
from trainhub.people.types import IdType
from trainhub.programmes import queries as programmes

As = Callable[..., FlaskClient]


@dataclass(frozen=True)
class Listed:
    """A list: its page, its export without suffix, its sorts, the heading by which two of its rows are told apart, and a narrowing to one."""

    page: str
    export: str
    sorts: tuple[str, ...]
    heading: str
    by: str
    narrowed: str

    def __str__(self) -> str:
        return self.page


LISTS = (
    Listed("/awards/companies", "/awards/companies", (*awards.COMPANY_SORTS, "figures"), "企业", "name", "q=甲"),
    Listed("/awards/credit", "/awards/credit", tuple(awards.CREDIT_SORTS), "名称", "name", "q=甲"),
    Listed("/data-requests/", "/data-requests/export", tuple(identity.REQUEST_SORTS), "说明", "asked", "q=甲"),
    Listed("/people/same", "/people/same/export", people.SAME_SORTS, "姓名", "name", "q=甲"),
    Listed("/trainees/courses", "/trainees/courses", tuple(rosters.COURSE_SORTS), "课程", "title", "q=甲"),
    Listed("/trainees/duplicates/", "/trainees/duplicates/export", rosters.DUPLICATE_SORTS, "姓名", "name", "q=甲"),
    Listed("/evaluation/", "/evaluation/export", tuple(programmes.SORTS), "专业名称", "name", "q=甲"),
)


def rows_of(client: FlaskClient, address: str) -> list[dict[str, str]]:
    """A CSV as rows by the Chinese headings."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


@pytest.fixture
def house(app: Flask) -> None:
    """Two rows of everything: one called 甲, one called 乙."""
    with app.app_context(), transaction():
        for n, name in enumerate(("乙", "甲"), start=1):
            school, enterprise = ground.university(name=f"{name}大学"), ground.enterprise(name=f"{name}公司")
            ground.programme(school, name=f"{name}专业", is_petoe=True)
            asker = make.account(username=f"asker-{n}")
            accounts.ask_about_data(account=asker, kind=RequestKind.DELETION, text=f"{name}：请删除", by=SYSTEM, now=make.NOW)
            born = date(1999, 1, n)
            pair = [ground.person(f"{name}某", id_type=IdType.RESIDENT_ID, id_number=ground.resident_id(born)) for _ in range(2)]
            session().add_all(
                [
                    CreditListing(
                        uscc=enterprise.uscc, name=enterprise.name, reason="", since=date(2026, 1, n), until=None, source="导入", entered_at=make.NOW
                    ),
                    PossibleDuplicate(person_id=pair[0].id, other_person_id=pair[1].id, found_at=make.NOW),
                ]
            )
            ledger.register_course(
                organisation_id=ground.base(enterprise).id,
                title=f"{name}课程",
                since=date(2016, 3, n),
                by=SYSTEM,
                today=date(2026, 5, 1),
                now=make.NOW,
            )


@pytest.mark.parametrize("listed", LISTS, ids=str)
def test_lists_sort_narrow_and_export(as_role: As, house: None, listed: Listed) -> None:
    client = as_role(Role.DEPT_HR if listed.page.startswith(("/awards", "/trainees")) else Role.SYSTEM_ADMIN)
    if listed.page == "/evaluation/":
        client = as_role(Role.DEPT_EDU)
    for sort in (*listed.sorts, "nonsense"):
        for asked in (sort, f"-{sort}"):
            assert client.get(f"{listed.page}?sort={asked}&page=2&size=20").status_code == 200, asked
            assert len(rows_of(client, f"{listed.export}.csv?sort={asked}")) == 2, asked
    up = [row[listed.heading] for row in rows_of(client, f"{listed.export}.csv?sort={listed.by}")]
    down = [row[listed.heading] for row in rows_of(client, f"{listed.export}.csv?sort=-{listed.by}")]
    assert (len(set(up)), down) == (2, up[::-1])
    assert ["甲" in row[listed.heading] for row in rows_of(client, f"{listed.export}.csv?{listed.narrowed}")] == [True]
    page = client.get(f"{listed.page}?{listed.narrowed}&sort={listed.by}").text
    assert f"{listed.export}.csv?" in page
    assert "乙" not in page.split("<main", 1)[1].split("<aside", 1)[0]
    assert client.get(f"{listed.export}.xlsx").data[:2] == b"PK"
    assert client.get(f"{listed.export}.pdf").status_code == 404
    assert as_role(Role.TRAINEE).get(f"{listed.export}.csv").status_code == 403


def test_the_exported_credit_list_is_read_again_and_changes_nothing(as_role: As, house: None, app: Flask) -> None:
    content = as_role(Role.DEPT_HR).get("/awards/credit.csv").data
    with app.app_context(), transaction():
        found = execute_bytes(credit.SPEC, content, filename="credit.csv", by=SYSTEM, today=date(2026, 5, 1), now=make.NOW)
    assert (found.unchanged, found.added, found.changed) == (2, 0, 0)


@pytest.mark.parametrize("sort", ["", "nonsense", *identity.AUDIT_SORTS, *(f"-{key}" for key in identity.AUDIT_SORTS)])
def test_the_audit_log_is_shown_and_exported_in_the_order_asked_for(app: Flask, as_role: As, house: None, sort: str) -> None:
    client = as_role(Role.AUDITOR)
    wanted = identity.AuditFilter(sort=sort)
    assert client.get(f"/audit?sort={sort}").status_code == 200
    with app.app_context():
        whole = [row.id for row in session().execute(identity.audit_listing(wanted, SYSTEM))]
        in_portions = [row.id for row in identity.audit_stream(wanted, SYSTEM, portion=3)]
    assert len(whole) > 6
    assert in_portions == whole
    assert [int(row["编号"]) for row in rows_of(client, f"/audit.csv?sort={sort}")] == whole
    if sort in ("at", "-at", "", "nonsense"):
        assert whole == sorted(whole, reverse=sort != "at")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/people/students?programme=unknown", "没有“unknown”这个选项，请重新选择。"),
        ("/people/students?programme=999999", "没有“999999”这个选项，请重新选择。"),
        ("/people/teachers?kind=none", "没有“none”这个选项，请重新选择。"),
        ("/people/students", None),
        ("/people/students?state=enrolled", None),
    ],
)
def test_a_choice_that_a_filter_does_not_have_is_told_at_its_field(as_role: As, address: str, words: str | None) -> None:
    text = as_role(Role.SYSTEM_ADMIN).get(address).text
    assert ("这个选项，请重新选择" in text) is (words is not None)
    assert words is None or words in text


@pytest.mark.parametrize(
    ("address", "called"),
    [
        ("/trainees/?region=350102", "鼓楼区"),
        ("/trainees/?base={base}", "甲基地"),
        ("/organisations/?region=350102", "鼓楼区"),
        ("/programmes/?region=350102", "鼓楼区"),
        ("/programmes/?university={school}", "没有专业的大学"),
        ("/bases/?region=350102", "鼓楼区"),
        ("/awards/?region=350102", "鼓楼区"),
        ("/people/students?university={school}", "没有专业的大学"),
        ("/people/students?year=1999", "1999"),
        ("/people/teachers?university={school}", "没有专业的大学"),
        ("/certificates/?issuer={school}", "没有专业的大学"),
        ("/courses?owner={school}", "没有专业的大学"),
    ],
)
def test_a_value_that_a_list_leaves_out_of_its_options_stays_chosen_and_is_not_called_unknown(
    app: Flask, as_role: As, address: str, called: str
) -> None:
    with app.app_context(), transaction():
        ids = {"school": ground.university(name="没有专业的大学").id, "base": ground.base(ground.enterprise(), name="甲基地").id}
    address = address.format(**ids)
    text = as_role(Role.SYSTEM_ADMIN).get(address).text
    assert "这个选项，请重新选择" not in text
    assert f'<option value="{address.partition("=")[2]}" selected>{called}</option>' in text


@pytest.mark.parametrize(
    "address", ["/trainees/?region=990102", "/trainees/?base=999999", "/people/students?year=soon", "/people/students?university={base}"]
)
def test_what_is_nothing_at_all_is_still_told(app: Flask, as_role: As, address: str) -> None:
    with app.app_context(), transaction():
        ids = {"base": ground.base(ground.enterprise(), name="甲基地").id}
    assert "这个选项，请重新选择" in as_role(Role.SYSTEM_ADMIN).get(address.format(**ids)).text
