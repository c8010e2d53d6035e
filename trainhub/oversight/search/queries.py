"""What is found where: each kind through the list of its own room, so that a search shows what the lists show and no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from flask import url_for
from sqlalchemy import func, select

from courses.catalogue import queries as catalogue
from courses.catalogue.types import CourseFilter
from enterprises.bases import queries as bases
from enterprises.bases.types import BaseFilter
from enterprises.capstones.queries import topics
from enterprises.capstones.types import TopicFilter
from enterprises.permissions import Can as Field
from enterprises.placements import queries as placements
from trainhub.certificates import labels as certificate_labels
from trainhub.certificates import queries as certificates
from trainhub.certificates.queries import CertificateFilter
from trainhub.kernel.access import Identity, may
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _, format_date, language
from trainhub.ledger import queries as ledger
from trainhub.ledger.permissions import Can as Trainees
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.permissions import Can as Organisations
from trainhub.organisations.types import OrganisationFilter, OrganisationKind
from trainhub.oversight.search.types import Group, Hit
from trainhub.people.permissions import Can as People
from trainhub.people.queries import persons, students, students_who_had, teachers, teachers_who_had
from trainhub.people.types import StudentFilter, TeacherFilter
from trainhub.policy.book import book
from trainhub.programmes import queries as programmes
from trainhub.programmes.permissions import Can as Programmes
from trainhub.programmes.types import ProgrammeFilter

SHOWN = 10


def groups(identity: Identity, text: str, pinyin: str, on: date) -> list[Group]:
    """Everything found for a reader, by kind; kinds without a hit are left out. Two queries for each kind."""
    return [group for make in KINDS for group in make(identity, text, pinyin, on) if group.total]


def _group(key: str, label: Any, statement: Any, hit: Callable[[Any], Hit], more: str = "") -> Group:
    """The first of a list and how long it is."""
    total = session().scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
    rows = session().execute(statement.limit(SHOWN)) if total else ()
    return Group(key, label, total, [hit(row) for row in rows], more)


def _certificates(identity: Identity, text: str, _pinyin: str, _on: date) -> Iterator[Group]:
    def hit(row: Any) -> Hit:
        one = certificates.as_row(row)
        sub = f"{one.holder} · {certificate_labels.STATES[one.state]} · {format_date(one.issued_on)}"
        return Hit(f"{certificate_labels.KINDS[one.kind]} {one.number}", url_for("certificates.show", number=one.number), sub)

    statement = certificates.listing(identity, CertificateFilter(text=text))
    more = url_for("certificates.index", q=text) if _lists_certificates(identity) else ""
    yield _group("certificates", _("证书"), statement, hit, more)


def _lists_certificates(identity: Identity) -> bool:
    from trainhub.certificates.permissions import Can

    return may(identity, Can.LIST)


def _people(identity: Identity, text: str, _pinyin: str, on: date) -> Iterator[Group]:
    """By the words as they were typed: which of them is the family name, the lists find out (`pinyin.readings`)."""
    if may(identity, People.STUDENT_LIST):
        had = students_who_had(text)

        def student(row: Any) -> Hit:
            one = students.as_student_row(row)
            sub = f"{one.student_no} · {one.university} · {one.programme} · " + _("%(year)s 级", year=one.cohort_year)
            if one.id in had:
                sub += " · " + _("原学号 %(no)s", no=had[one.id])
            return Hit(one.name, url_for("people.student", student_id=one.id), sub)

        statement = students.students_listing(identity, StudentFilter(text=text), on=on)
        yield _group("students", _("学生"), statement, student, url_for("people.students", q=text))
    elif may(identity, Field.PLACEMENT_LIST):  # a mentor has no list of students, but sees the own ones in their placements

        def placed(row: Any) -> Hit:
            return Hit(row.student, url_for("placements.show", placement_id=row.id), f"{row.student_no} · {row.enterprise} · {row.term}")

        yield _group("placed", _("实习学生"), placements.listing(identity, text=text), placed, url_for("placements.index", q=text))
    if may(identity, People.TEACHER_LIST):
        had_staff = teachers_who_had(text)

        def teacher(row: Any) -> Hit:
            one = teachers.as_teacher_row(row)
            before = _("原工号 %(no)s", no=had_staff[one.id]) if one.id in had_staff else ""
            sub = " · ".join(p for p in (one.university, one.title, one.discipline, before) if p)
            return Hit(one.name, url_for("people.teacher", teacher_id=one.id), sub)

        statement = teachers.teachers_listing(identity, TeacherFilter(text=text))
        yield _group("teachers", _("教师"), statement, teacher, url_for("people.teachers", q=text))
    if may(identity, Trainees.LIST):

        def trainee(row: Any) -> Hit:
            return Hit(row.name, url_for("ledger.show", record_id=row.id), f"{row.base} · {row.course} · {format_date(row.completed_on)}")

        yield _group("trainees", _("培训学员"), ledger.registry(identity, text=text), trainee, url_for("ledger.index", q=text))
    if may(identity, Field.MENTOR_LIST):

        def mentor(row: Any) -> Hit:
            return Hit(row.name, url_for("mentors.show", mentor_id=row.id), " · ".join(p for p in (row.enterprise, row.post) if p))

        from enterprises.mentors import queries as mentors

        statement = mentors.listing(identity, on=on, text=text)
        yield _group("mentors", _("企业指导教师"), statement, mentor, url_for("mentors.index", q=text))
    if may(identity, People.PERSON_LIST):

        def person(row: Any) -> Hit:
            one = persons.as_person_row(row)
            return Hit(one.name, url_for("people.person", person_id=one.id), " · ".join(p for p in (one.id_mask, one.county) if p))

        yield _group("persons", _("人员"), persons.persons_listing(text), person, url_for("people.persons", q=text))


def _organisations(identity: Identity, _text: str, pinyin: str, on: date) -> Iterator[Group]:
    def base(row: Any) -> Hit:
        return Hit(row.name, url_for("bases.show", code=row.code), " · ".join(p for p in (row.region, row.lead) if p))

    yield _group("bases", _("实践基地"), bases.listing(BaseFilter(text=pinyin), on=on), base, url_for("bases.index", q=pinyin))
    if may(identity, Organisations.VIEW):

        def organisation(row: Any) -> Hit:
            one = organisations.as_row(row)
            return Hit(one.name, url_for("organisations.show", code=one.code), " · ".join(p for p in (one.code, one.region_name) if p))

        statement = organisations.listing(identity, OrganisationFilter(text=pinyin)).where(Organisation.kind != OrganisationKind.BASE)
        yield _group("organisations", _("机构"), statement, organisation, url_for("organisations.index", q=pinyin))


def _programmes(identity: Identity, _text: str, pinyin: str, _on: date) -> Iterator[Group]:
    if may(identity, Programmes.LIST):

        def programme(row: Any) -> Hit:
            one = programmes.as_row(row)
            return Hit(one.name, url_for("programmes.show", code=one.code), f"{one.university} · {one.major_code}")

        statement = programmes.listing(identity, ProgrammeFilter(text=pinyin))
        yield _group("programmes", _("专业点"), statement, programme, url_for("programmes.index", q=pinyin))


def _courses(_identity: Identity, _text: str, pinyin: str, on: date) -> Iterator[Group]:
    def course(row: Any) -> Hit:
        one = catalogue.as_card(row)
        return Hit(one.title, url_for("learning.course", code=one.code, run=one.run_code), f"{one.owner_name} · {one.code}")

    yield _group("courses", _("课程"), catalogue.catalogue(CourseFilter(text=pinyin, today=on)), course, url_for("catalogue.index", q=pinyin))


def _practice(identity: Identity, _text: str, pinyin: str, on: date) -> Iterator[Group]:
    if may(identity, Field.POSITION_LIST):

        def position(row: Any) -> Hit:
            return Hit(row.title, url_for("placements.show_position", position_id=row.id), f"{row.enterprise} · {row.code}")

        statement = placements.positions_listing(identity, text=pinyin)
        yield _group("positions", _("实习岗位"), statement, position, url_for("placements.positions", q=pinyin))
    if may(identity, Field.TOPIC_LIST):

        def topic(row: Any) -> Hit:
            one = topics.as_topic_row(row)
            return Hit(one.title, url_for("capstones.topic", topic_id=one.id), f"{one.enterprise} · {one.programme}")

        statement = topics.topics_listing(identity, TopicFilter(text=pinyin), on)
        yield _group("topics", _("毕业设计选题"), statement, topic, url_for("capstones.topics", q=pinyin))


def _policy(_identity: Identity, text: str, _pinyin: str, on: date) -> Iterator[Group]:
    found = list({one.key: one for one in book().search(text)}.values())
    is_english = language() == "en"
    hits = [
        Hit(one.label_en if is_english else one.label_zh, url_for("policy.show", key=one.key), one.shown(english=is_english)) for one in found[:SHOWN]
    ]
    yield Group("policy", _("政策参数"), len(found), hits, url_for("policy.index", q=text))


KINDS: tuple[Callable[[Identity, str, str, date], Iterator[Group]], ...] = (
    _certificates,
    _people,
    _organisations,
    _programmes,
    _courses,
    _practice,
    _policy,
)
