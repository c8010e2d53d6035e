"""Pages of the mentor pool."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, url_for

from enterprises.mentors import forms, imports, labels, operations, queries
from enterprises.mentors.models import Mentor, MentorConflict
from enterprises.permissions import Can
from trainhub.kernel import clock, downloads, paging
from trainhub.kernel.access import Role, demand, guard, may, signed_in, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotAllowed, NotFound, Refused
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.import_pages import add_pages
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations
from trainhub.organisations.types import OrganisationKind
from trainhub.people import labels as people_labels
from trainhub.people import operations as people
from trainhub.people import queries as persons
from trainhub.people.models import Student
from trainhub.people.panels import doors_of, doors_of_list
from trainhub.people.types import IdType
from trainhub.policy.book import book

blueprint = Blueprint("mentors", __name__, url_prefix="/mentors")
add_pages(blueprint, imports.SPEC, can=Can.MENTOR_IMPORT, path="/import", back="mentors.index")
ADDRESSES = "enterprises.mentors.addresses_panel"
"""What `address_views` shows a school of a mentor's addresses: a function (mentor) -> what the page's card takes, or None."""
KNOWN = "enterprises.mentors.known_students"
"""Features above say which students have to do with an enterprise: functions (enterprise id, student ids) -> {student id}."""


def load(mentor_id: int) -> Mentor:
    """The mentor of an address."""
    row = queries.by_id(mentor_id)
    if row is None:
        raise NotFound(_("没有这位企业指导教师。"))
    return row


def loads_of(ids: list[int]) -> dict[int, int]:
    """How many students the mentors have today, over all programmes and features."""
    today = clock.today()
    return {key: len(students) for key, students in queries.guided_by(ids, today, today, today=today).items()}


def _statement() -> Any:
    args = request.args
    return queries.listing(who(), on=clock.today(), text=args.get("q", "")[:100], skill=args.get("skill", "")[:40], sort=args.get("sort", ""))


@blueprint.get("/")
@guard(Can.MENTOR_LIST)
def index() -> Any:
    """The pool."""
    today, (number, size) = clock.today(), paging.wanted()
    page = paging.paginate(_statement(), number=number, size=size, scalars=False)
    return render_template(
        "enterprises/mentors/index.html",
        page=page,
        loads=loads_of([row.id for row in page.items]),
        most=book().at("own.placement.students_per_mentor_max", on=today).number,
        skills=queries.skills_known(who(), today),
        can=Can,
        may_create=who().has(Role.ENTERPRISE_COORDINATOR, Role.CENTRE_LEADER, Role.SYSTEM_ADMIN),
        doors=doors_of_list("mentors", who()),
        asked=request.args.to_dict(),
    )


@blueprint.get("/export.<form>")
@guard(Can.MENTOR_LIST)
def export(form: str) -> Any:
    """The list as a file that the import reads; numbers and phones are masked."""
    text, skill = request.args.get("q", "")[:100], request.args.get("skill", "")[:40]
    rows = imports.export_rows(who(), on=clock.today(), text=text, skill=skill, sort=request.args.get("sort", ""))
    return downloads.table(rows, imports.SCHEMA.columns, name=_("企业指导教师"), form=form, codes=downloads.codes_of(imports.SCHEMA))


@blueprint.get("/me")
@signed_in
def mine() -> Any:
    """A mentor's own page."""
    found = queries.of_person(who().person_id or 0)
    if not found:
        raise NotFound(_("你不是企业指导教师。如应当是，请联系所在企业的联系人登记。"))
    return redirect(url_for("mentors.show", mentor_id=found[0].id), 303)


@blueprint.get("/<int:mentor_id>")
@guard(Can.MENTOR_VIEW, load=load, subject=queries.subject_of)
def show(mentor: Mentor) -> Any:
    """One mentor: of an enterprise that the school does not work with only who agreed to it."""
    if not queries.is_open_to(mentor, who()):
        raise NotAllowed(_("这位指导教师没有同意向未合作的学校公开。"))
    person = persons.person(mentor.person_id)
    return render_template(
        "enterprises/mentors/show.html",
        mentor=mentor,
        name=queries.name_of(mentor.id),
        doors=doors_of(person, who()) if person is not None else [],
        enterprise=organisations.by_id(mentor.enterprise_id),
        load=loads_of([mentor.id])[mentor.id],
        most=book().at("own.placement.students_per_mentor_max", on=clock.today()).number,
        subject=queries.subject_of(mentor),
        can=Can,
        appraisals=queries.appraisals_of(mentor.id),
        conflicts=_conflicts(mentor),
        withdrawn=queries.withdrawn_conflicts(mentor.id) if may(who(), Can.MENTOR_EDIT, queries.subject_of(mentor)) else [],
        appraisal_form=forms.AppraisalForm(formdata=None, year=clock.today().year),
        conflict_form=forms.ConflictForm(formdata=None).apart("conflict"),
        labels=labels,
        addresses=current_app.extensions[ADDRESSES](mentor),
    )


def _may_lift(mentor: Mentor, student: Student, row: MentorConflict | None) -> bool:
    """Whether the reader may take a conflict back: the student's school, or the enterprise if its side declared it; never the mentor."""
    if who().person_id == mentor.person_id:
        return False
    if may(who(), Can.CONFLICT_SCHOOL, persons.subject_of_student(student)):
        return True
    return may(who(), Can.MENTOR_CREATE, queries.subject_of(mentor)) and (row is None or queries.is_of_enterprise(row, mentor))


def _conflicts(mentor: Mentor) -> list[tuple[MentorConflict, str, bool]]:
    """The conflicts of a mentor, and whether the reader may take each back: all of them for the mentor and the enterprise, those of their
    own students for a school."""
    is_ours = may(who(), Can.MENTOR_EDIT, queries.subject_of(mentor))
    return [
        (row, name, _may_lift(mentor, student, row))
        for row, student, name in queries.conflicts_of(mentor.id)
        if is_ours or may(who(), Can.CONFLICT_SCHOOL, persons.subject_of_student(student))
    ]


def _student(mentor: Mentor, number: str) -> Student:
    """The student with a number among those whom the reader may name: a school its own, the enterprise those who are or were to come to
    it. Whether a number belongs to anybody else is not told."""
    found = queries.students_by_no(number)
    ids = [one.id for one in found]
    known: set[int] = set()
    if may(who(), Can.MENTOR_EDIT, queries.subject_of(mentor)):
        known = {one for ask in current_app.extensions.get(KNOWN, []) for one in ask(mentor.enterprise_id, ids)}
    ours = [one for one in found if one.id in known or may(who(), Can.CONFLICT_SCHOOL, persons.subject_of_student(one))]
    if len(ours) != 1:
        said = _("本校没有这个学号的学生，或本单位没有这名实习、填报了志愿或做毕业设计的学生。其他学生的回避请由其学校登记。")
        raise Refused(said, field="student_no")
    return ours[0]


@blueprint.post("/<int:mentor_id>/appraise")
@guard(Can.MENTOR_CREATE, load=load, subject=queries.subject_of)
def appraise(mentor: Mentor) -> Any:
    """The enterprise appraises a mentor's year."""
    form = forms.AppraisalForm()
    if not form.validate_on_submit():
        raise Refused(_("请填写年份和考核结果。"))
    with transaction():
        operations.appraise_mentor(
            mentor=mentor, year=form.year.data or 0, grade=form.grade.data, text=form.text.data or "", by=who(), now=clock.now()
        )
        key = mentor.id
    return done(_("考核已登记。"), "mentors.show", mentor_id=key)


@blueprint.post("/<int:mentor_id>/conflicts")
@guard(Can.CONFLICT_DECLARE, load=load, subject=queries.subject_of)
def declare_conflict(mentor: Mentor) -> Any:
    """Say that a mentor must not guide a student."""
    form = forms.ConflictForm()
    if not form.validate_on_submit():
        raise Refused(_("请填写学号和回避原因。"))
    with transaction():
        student = _student(mentor, form.student_no.data or "")
        operations.declare_conflict(mentor=mentor, student=student, reason=form.reason.data or "", by=who(), now=clock.now())
        key = mentor.id
    return done(_("已登记回避，不会再安排这名学生由此人指导。"), "mentors.show", mentor_id=key)


@blueprint.post("/<int:mentor_id>/conflicts/<int:student_id>/withdraw")
@guard(Can.CONFLICT_DECLARE, load=lambda mentor_id, student_id: (load(mentor_id), student_id), subject=lambda pair: queries.subject_of(pair[0]))
def withdraw_conflict(pair: tuple[Mentor, int]) -> Any:
    """Take a declared conflict back, with a reason."""
    mentor, student_id = pair
    with transaction():
        student = session().get(Student, student_id)
        if student is None:
            raise NotFound(_("没有这名学生。"))
        if not _may_lift(mentor, student, queries.conflict(mentor.id, student_id)):
            raise NotAllowed(_("回避由登记的一方或学生所在学校撤回，指导教师本人不能撤回。"))
        operations.withdraw_conflict(mentor=mentor, student=student, reason=request.form.get("reason", ""), by=who(), now=clock.now())
        key = mentor.id
    return done(_("已撤回回避，撤回的理由已记录；需要此人指导的，请另行安排。"), "mentors.show", mentor_id=key)


def _page(form: Any, title: str, action: str, back: str) -> Any:
    page = render_template("enterprises/mentors/form.html", form=form, title=title, action=action, back=back)
    return page, 422 if form.is_submitted() else 200


@blueprint.route("/<int:mentor_id>/edit", methods=["GET", "POST"])
@guard(Can.MENTOR_EDIT, load=load, subject=queries.subject_of)
def edit(mentor: Mentor) -> Any:
    """Change a mentor's profile: the enterprise all of it, mentors what they say of themselves."""
    form_of = forms.MentorForm if may(who(), Can.MENTOR_CREATE, queries.subject_of(mentor)) else forms.OwnMentorForm
    form = form_of(obj=mentor)
    if form.validate_on_submit():
        try:
            with transaction():
                operations.change_mentor(mentor=mentor, version=form.version.data, by=who(), now=clock.now(), **form.facts())
                key = mentor.id
            return done(_("已保存。"), "mentors.show", mentor_id=key)
        except Refused as refused:
            form.refuse(refused)
    return _page(form, _("编辑企业指导教师"), url_for("mentors.edit", mentor_id=mentor.id), url_for("mentors.show", mentor_id=mentor.id))


@blueprint.route("/new", methods=["GET", "POST"])
@guard(Can.MENTOR_IMPORT)
def create() -> Any:
    """Register a mentor with the person and the employment."""
    form = forms.NewMentorForm()
    form.id_type.choices = [(kind.value, label) for kind, label in people_labels.ID_TYPES.items()]
    mine = who().organisation_ids(Role.ENTERPRISE_COORDINATOR, Role.CENTRE_LEADER)
    every = organisations.choices(OrganisationKind.ENTERPRISE)
    form.enterprise_id.choices = every if who().everywhere(Role.SYSTEM_ADMIN) else [one for one in every if one[0] in mine]
    if form.validate_on_submit():
        try:
            with transaction():
                if not once(form.submission_key.data or ""):
                    return done(_("这个表单已经提交过，没有重复登记。"), "mentors.index")
                enterprise = organisations.by_id(form.enterprise_id.data or 0)
                if enterprise is None:
                    raise NotFound(_("没有这家企业。"))
                demand(who(), Can.MENTOR_CREATE, organisations.subject_of(enterprise))
                number = form.id_number.data or None
                person = people.register_person(
                    name=form.name.data or "",
                    id_type=IdType(form.id_type.data) if number else None,
                    id_number=number,
                    phone=form.phone.data or "",
                    by=who(),
                    now=clock.now(),
                )
                left = people_labels.contacts_left({"phone": person.phone}, {"phone": form.phone.data or ""})
                known = next((one for one in queries.of_person(person.id) if one.enterprise_id == enterprise.id), None)
                if known is not None:  # whoever registers somebody again has not seen what stands there
                    said = _("%(name)s 已是这家企业的指导教师，原来的登记没有改动；需要修改的，请在这里编辑。", name=person.name)
                    return done(said + left, "mentors.show", mentor_id=known.id)
                facts, since = form.facts(), form.since.data
                people.add_employment(person=person, organisation=enterprise, post=facts["post"], since=since, by=who(), now=clock.now())  # type: ignore[arg-type]
                row = operations.add_mentor(person=person, enterprise=enterprise, since=since, by=who(), now=clock.now(), **facts)  # type: ignore[arg-type]
                key = row.id
            return done(_("已登记企业指导教师。") + left, "mentors.show", mentor_id=key)
        except Refused as refused:
            form.refuse(refused)
    return _page(form, _("登记企业指导教师"), url_for("mentors.create"), url_for("mentors.index"))
