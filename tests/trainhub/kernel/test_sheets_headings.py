"""Headings for whoever reads English are English, and an import knows them again."""

from __future__ import annotations

import io
import re

import openpyxl
import pytest
from flask import Flask

from courses.assessment.exchange.table import schema as questions
from courses.learning.imports import SCHEMA as INVITATIONS
from enterprises.awards.credit import SPEC as CREDIT
from enterprises.mentors.imports import SPEC as MENTORS
from trainhub.kernel.i18n import in_language
from trainhub.kernel.sheets.headers import match
from trainhub.kernel.sheets.template import template_xlsx
from trainhub.kernel.sheets.types import HEADINGS, Column
from trainhub.ledger.holidays.imports import SPEC as HOLIDAYS
from trainhub.ledger.rosters.columns import schema as roster
from trainhub.organisations.imports import SPEC as ORGANISATIONS
from trainhub.oversight.talents.imports import SPEC as EXAMS
from trainhub.people.imports.persons import SPEC as PERSONS
from trainhub.people.imports.students import SPEC as STUDENTS
from trainhub.people.imports.teachers import SPEC as TEACHERS

CHINESE = re.compile("[\u4e00-\u9fff]")
SCHEMAS = {spec.kind: spec.schema for spec in (CREDIT, MENTORS, HOLIDAYS, ORGANISATIONS, EXAMS, PERSONS, STUDENTS, TEACHERS)}
SCHEMAS |= {"roster": roster(has_base=False), "invitations": INVITATIONS}


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("uscc", "USCC"),
        ("phd_country", "Country of doctorate"),
        ("cio_name", "CIO"),
        ("id_number", "ID number"),
        ("is_senior", "Senior title"),
        ("completed_on", "Completed on"),
    ],
)
def test_headings(name: str, heading: str) -> None:
    assert Column(name, "某列").english == heading


@pytest.mark.parametrize("kind", [*sorted(SCHEMAS), "questions"])
def test_what_is_written_for_english_readers_is_read_again(app: Flask, kind: str) -> None:
    with app.app_context():
        columns = questions().columns if kind == "questions" else SCHEMAS[kind].columns
    headings = [column.english for column in columns]
    assert len(set(headings)) == len(headings)
    found = match(headings, columns)
    assert found.positions == {column.name: place for place, column in enumerate(columns)}
    assert found.unknown == ()
    assert not any(heading.split()[0] in ("Is", "Petoe", "Uscc", "Phd", "Cio") for heading in headings)


def test_a_promised_name_goes_before_the_heading_of_another() -> None:
    columns = [Column("uscc", "统一社会信用代码"), Column("cio", "首席信息官")]
    assert match(["cio", "USCC"], [Column("cio_name", "首席信息官"), *columns]).positions == {"cio": 0, "uscc": 1}


def test_no_heading_is_for_a_name_that_reads_well() -> None:
    assert all(heading != Column("x", name.replace("_", " ").capitalize()).zh for name, heading in HEADINGS.items())


@pytest.mark.parametrize("kind", [*sorted(SCHEMAS), "questions"])
def test_hints_of_a_template_are_english(app: Flask, kind: str) -> None:
    with app.test_request_context(), in_language("en"):
        schema = questions() if kind == "questions" else SCHEMAS[kind]
        book = openpyxl.load_workbook(io.BytesIO(template_xlsx(schema)))
        rows = [
            [str(cell or "") for cell in row] for row in book.worksheets[1].iter_rows(min_row=2, max_row=1 + len(schema.fields), values_only=True)
        ]
    assert [row[0] for row in rows] == [column.english for column in schema.columns]
    assert [row[4] for row in rows if CHINESE.match(row[4])] == []  # a word to be typed may be quoted


def test_a_choice_is_typed_in_chinese_and_explained_in_english(app: Flask) -> None:
    with app.test_request_context(), in_language("en"):
        book = openpyxl.load_workbook(io.BytesIO(template_xlsx(TEACHERS.schema)))
    assert any("居民身份证 (" in str(row[3]) for row in book.worksheets[1].iter_rows(values_only=True))
