"""Pages of persons: search for administrators, one person, the full number once, persons who may be the same."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for

from trainhub.kernel import clock, downloads, numbers, paging
from trainhub.kernel.access import NOTHING, guard, may, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.import_pages import add_pages
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations
from trainhub.people import forms, labels, operations, queries, rules
from trainhub.people.imports import persons as person_files
from trainhub.people.models import LegalHold, Person
from trainhub.people.panels import doors_of
from trainhub.people.permissions import Can
from trainhub.people.types import IdType, PairDecision
from trainhub.people.views import blueprint, form_page
from trainhub.programmes import queries as programmes

PERSONS = (
    Column("name", "姓名"),
    Column("id_type", "证件类型"),
    Column("id_mask", "证件号码"),
    Column("birth_on", "出生日期"),
    Column("phone", "手机号码"),
    Column("county", "所属县区"),
    Column("is_verified", "已核实"),
)

add_pages(blueprint, person_files.SPEC, can=Can.PERSON_EDIT, path="/persons/import", back="people.persons")


def load_person(person_id: int) -> Person:
    """The person of an address."""
    row = queries.person(person_id)
    if row is None:
        raise NotFound(_("没有这名人员。"))
    return row


def _crumbs(row: Person | None = None) -> list[tuple[str, str]]:
    made = [(_("人员"), url_for("people.persons"))]
    if row is not None:
        made.append((row.name, url_for("people.person", person_id=row.id)))
    return made


@blueprint.route("/persons", methods=["GET", "POST"])
@guard(Can.PERSON_LIST)
def persons() -> Any:
    """Search by name, pinyin or phone in the address, by a full number in a form."""
    form = forms.NumberForm()
    if form.validate_on_submit():
        found = queries.holder_of(form.number.data or "")
        if found is not None:
            return redirect(url_for("people.persons", person=found.id), 303)
        form.refuse(Refused(_("没有登记这个证件号码的人员，请核对号码。"), field="number"))
    number, size = paging.wanted()
    statement, is_asked = _asked_persons()
    page = paging.paginate(statement, number=number, size=size, scalars=False)
    return render_template(
        "trainhub/people/persons.html",
        page=page,
        rows=[queries.as_person_row(row) for row in page.items],
        labels=labels,
        can=Can,
        asked=is_asked,
        regions=_regions(),
        form=form,
    )


def _asked_persons() -> tuple[Any, bool]:
    """The list as it is searched and sorted, and whether it is searched."""
    text, only, region = request.args.get("q", "").strip()[:100], numbers.key_of(request.args.get("person")), request.args.get("region", "")[:6]
    statement = queries.persons_listing(text, request.args.get("sort", "name"), only=only, region=region)
    return statement, bool(text or region) or only is not None


def _regions() -> list[tuple[str, str]]:
    """What persons are narrowed to: a city or a county, or that they lie in none, so that a list too long for one file comes out whole in several."""
    places = [(code, name) for code, name in organisations.region_choices() if code != organisations.PROVINCE]
    return [("", _("全省")), *places, (queries.NOWHERE, _("没有登记县区"))]


@blueprint.get("/persons/export.<form>")
@guard(Can.PERSON_LIST)
def export_persons(form: str) -> Any:
    """The list as a file, as it is searched and sorted; numbers and phones are masked."""
    statement, _is_asked = _asked_persons()
    rows = (queries.as_person_row(row) for row in downloads.no_more_than(session().execute(statement.limit(downloads.MOST_ROWS + 1)).all()))
    cells = (
        (r.name, str(labels.ID_TYPES[r.id_type]) if r.id_type else "", r.id_mask, r.birth_on, r.phone, r.county, downloads.unsealed(r.is_verified))
        for r in rows
    )
    return downloads.table(cells, PERSONS, name=_("人员"), form=form, codes=["id_mask", "phone"])


@blueprint.get("/persons/<int:person_id>")
@guard(Can.PERSON_VIEW, load=load_person, subject=queries.subject_of_person)
def person(row: Person) -> Any:
    """One person."""
    return render_template(
        "trainhub/people/person.html",
        person=row,
        subject=queries.subject_of_person(row),
        county=organisations.region(row.county_code) if row.county_code else None,
        phone=rules.mask_phone(row.phone),
        email=rules.mask_email(row.email),
        students=[(student, programmes.by_id(student.programme_id)) for student in queries.students_of_person(row.id)],
        teachers=[(teacher, organisations.by_id(teacher.university_id)) for teacher in queries.teachers_of_person(row.id)],
        employment=queries.employment_of(row.id),
        joined=joined(row),
        **identity(row),
        holds=queries.holds_on(row.id) if may(who(), Can.HOLD_SET) else [],
        history=organisations.history_of("person", row.id),
        doors=doors_of(row, who()),
        labels=labels,
        can=Can,
    )


def identity(row: Person) -> dict[str, Any]:
    """Since when, how and by whom it is known who somebody is, and the spans in which it was known and that have ended."""
    spans = queries.identity_spans(row.id)
    actors = queries.who_acted([row.identified_by_id, *(key for span in spans for key in (span.by_id, span.ended_by_id))])
    return {"spans": spans, "actors": actors}


def joined(row: Person) -> list[dict[str, Any]]:
    """The decisions by which this person and others are one, with the other and what could not go along."""
    pairs = queries.same_pairs([row.id])
    others = queries.persons_by_id(pair.second_id if pair.first_id == row.id else pair.first_id for pair in pairs)
    found = []
    for pair in pairs:
        other = others[pair.second_id if pair.first_id == row.id else pair.first_id]
        gone = queries.standing_merge(other.id if other.merged_into_id is not None else row.id)
        left = sum(len(ids) for ids in gone.stayed.values()) if gone is not None else 0
        found.append({"other": other, "pair": pair, "left": left, "moved": sum(len(ids) for ids in gone.moved.values()) if gone is not None else 0})
    return found


@blueprint.route("/persons/<int:person_id>/edit", methods=["GET", "POST"])
@guard(Can.PERSON_EDIT, load=load_person, subject=queries.subject_of_person)
def edit_person(row: Person) -> Any:
    """Change the facts of a person."""
    form, key = forms.PersonForm(obj=row).prepare(row.id_type if row.id_number_hash is not None else None), row.id
    if form.validate_on_submit():
        try:
            with transaction():
                operations.change_person(person=row, version=form.version.data, by=who(), now=clock.now(), **form.facts())
            return done(_("已保存。"), "people.person", person_id=key)
        except Refused as refused:
            form.refuse(refused)
    return form_page(form, _("编辑人员信息"), back=url_for("people.person", person_id=key), crumbs=_crumbs(row))


@blueprint.route("/persons/<int:person_id>/number", methods=["GET", "POST"])
@guard(Can.NUMBER_REVEAL, load=load_person, subject=queries.subject_of_person)
def reveal_number(row: Person) -> Any:
    """The full number, shown once in the answer to a POST that gave a reason."""
    form, number = forms.RevealForm(), None
    if form.validate_on_submit():
        try:
            with transaction():
                number = operations.reveal_number(person=row, by=who(), reason=form.reason.data or "", now=clock.now())
        except Refused as refused:
            form.refuse(refused)
    page = render_template("trainhub/people/number.html", person=row, form=form, number=number, labels=labels)
    return page, 200 if number or not form.is_submitted() else 422


@blueprint.route("/persons/<int:person_id>/document", methods=["GET", "POST"])
@guard(Can.PERSON_EDIT, load=load_person, subject=queries.subject_of_person)
def edit_number(row: Person) -> Any:
    """Add the number of a person's document, or correct one that was registered wrongly; whoever holds it already may be the same human."""
    form, key, offer = forms.DocumentForm(version=row.version, id_type=row.id_type or IdType.RESIDENT_ID), row.id, None
    has_number, crumbs = row.id_number_hash is not None, _crumbs(row)
    if not has_number:
        del form.reason
    if form.validate_on_submit():
        facts: dict[str, Any] = {"person": row, "id_type": form.kind, "number": form.id_number.data or "", "by": who(), "now": clock.now()}
        try:
            with transaction():
                if has_number:
                    operations.correct_number(reason=form.reason.data or "", version=form.version.data, **facts)
                else:
                    operations.give_number(**facts)
            return done(_("证件号码已保存。"), "people.person", person_id=key)
        except operations.NumberTaken as taken:
            form.refuse(taken)
            if taken.holder_id is not None and may(who(), Can.PAIR_DECIDE):
                offer = (_("判定是否同一人"), url_for("people.decide", first_id=min(key, taken.holder_id), second_id=max(key, taken.holder_id)))
        except Refused as refused:
            form.refuse(refused)
    lead = (
        _("更正后，仍写着原号码的名单再次导入时，同名的行会被拒绝并说明原因：请一并改正名单。出生日期和性别随身份证号码更正。")
        if has_number
        else _("号码属于另一条记录的，请判定两条记录是否同一人。")
    )
    title = _("更正证件号码") if has_number else _("登记证件号码")
    return form_page(form, title, back=url_for("people.person", person_id=key), crumbs=crumbs, lead=lead, offer=offer)


@blueprint.route("/persons/<int:person_id>/hold", methods=["GET", "POST"])
@guard(Can.HOLD_SET, load=load_person, subject=queries.subject_of_person)
def hold_person(row: Person) -> Any:
    """Keep everything of a person, whatever the periods of retention say."""
    form, key = forms.HoldForm(), row.id
    if form.validate_on_submit():
        try:
            with transaction():
                if once(form.submission_key.data or ""):
                    hold = operations.place_hold(
                        person=row, reason=form.reason.data or "", document=form.document.data or "", by=who(), now=clock.now()
                    )
                    key = hold.person_id
            return done(_("已设定保全：解除之前，此人的数据到期也不删除、不抹去。"), "people.person", person_id=key)
        except Refused as refused:
            form.refuse(refused)
    return form_page(form, _("设定数据保全"), back=url_for("people.person", person_id=key), crumbs=_crumbs(row))


def load_hold(hold_id: int) -> LegalHold:
    """A hold."""
    row = queries.hold(hold_id)
    if row is None:
        raise NotFound(_("没有这项保全。"))
    return row


@blueprint.post("/holds/<int:hold_id>/lift")
@guard(Can.HOLD_SET, load=load_hold, subject=lambda _row: NOTHING)
def lift_hold(row: LegalHold) -> Any:
    """End a hold."""
    key = row.person_id
    with transaction():
        operations.lift_hold(hold=row, by=who(), now=clock.now())
    return done(_("已解除保全，保存期限恢复适用。"), "people.person", person_id=key)


@blueprint.get("/same")
@guard(Can.PAIR_DECIDE)
def same() -> Any:
    """Persons with the same name and birth date about whom nobody has decided yet."""
    number, size = paging.wanted()
    page = paging.paginate(queries.same_listing(*_asked_pairs()), number=number, size=size, scalars=False)
    return render_template("trainhub/people/same.html", page=page, regions=_regions())


def _asked_pairs() -> tuple[str, str, str]:
    return request.args.get("q", "").strip()[:60], request.args.get("sort", ""), request.args.get("region", "")[:6]


PAIRS = (Column("name", "姓名"), Column("birth_on", "出生日期"), Column("first", "先登记的证件号码"), Column("second", "后登记的证件号码"))


@blueprint.get("/same/export.<form>")
@guard(Can.PAIR_DECIDE)
def export_same(form: str) -> Any:
    """The pairs as they are filtered and sorted, as a file; numbers stay masked."""
    found = session().execute(queries.same_listing(*_asked_pairs()).limit(downloads.MOST_ROWS + 1)).all()
    rows = ((one.name, one.birth_on, one.id_mask, other.id_mask) for one, other in downloads.no_more_than(found))
    return downloads.table(rows, PAIRS, name=_("疑似同一人"), form=form)


def load_pair(first_id: int, second_id: int) -> tuple[Person, Person]:
    """Two persons."""
    return load_person(first_id), load_person(second_id)


@blueprint.route("/same/<int:first_id>/<int:second_id>", methods=["GET", "POST"])
@guard(Can.PAIR_DECIDE, load=load_pair, subject=lambda pair: queries.subject_of_person(pair[0]))
def decide(pair: tuple[Person, Person]) -> Any:
    """Decide whether two persons are one."""
    first, second = pair
    known = queries.pair(first.id, second.id)
    form = forms.DecideForm(decision=known.decision) if known is not None else forms.DecideForm()
    if form.validate_on_submit():
        try:
            with transaction():
                operations.decide_pair(
                    first=first, second=second, decision=form.decision.data, reason=form.reason.data or "", by=who(), now=clock.now()
                )
            is_same = form.decision.data is PairDecision.SAME
            said = _("已判定为同一人，两条记录已合并。") if is_same else operations.parted_words(first.id, second.id)
            return done(said, "people.same")
        except Refused as refused:
            form.refuse(refused)
    lead = _("%(one)s（%(a)s）与 %(other)s（%(b)s）", one=first.name, a=first.id_mask or "—", other=second.name, b=second.id_mask or "—")
    return form_page(form, _("判定是否同一人"), back=url_for("people.same"), crumbs=[(_("疑似同一人"), url_for("people.same"))], lead=lead)
