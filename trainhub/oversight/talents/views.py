"""Pages of the talent databases, of pass lists and of the shortage catalogue."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask import Blueprint, render_template, request

from enterprises.awards import labels as award_labels
from trainhub.kernel import clock, downloads, paging
from trainhub.kernel.access import guard, may, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.forms import Form
from trainhub.kernel.frames import found, submit
from trainhub.kernel.i18n import _
from trainhub.kernel.import_pages import add_pages
from trainhub.kernel.numbers import whole
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations
from trainhub.organisations.types import SCHOOLS, OrganisationKind
from trainhub.oversight.talents import award_queries, forms, imports, labels, operations, queries
from trainhub.oversight.talents.models import Talent
from trainhub.oversight.talents.permissions import NOMINATORS, Can
from trainhub.oversight.talents.showing import shown
from trainhub.oversight.talents.types import AWARD_RULES, OPEN_STATES, STEPS, Origin, TalentKind, TalentState
from trainhub.people import operations as people
from trainhub.people.models import Person
from trainhub.people.types import IdType
from trainhub.programmes.reference import key_fields

blueprint = Blueprint("talents", __name__, url_prefix="/talents")
add_pages(blueprint, imports.SPEC, can=Can.EXAM_IMPORT, path="/exams/import", back="talents.exams")
LISTED = (
    Column("name", "姓名"),
    Column("kind", "人才库"),
    Column("state", "状态"),
    Column("employer", "工作单位"),
    Column("post", "职务"),
    Column("field", "重点领域"),
    Column("origin", "来源"),
    Column("decided_on", "认定日期"),
    Column("valid_until", "有效期至"),
)


def load(talent_id: int) -> Talent:
    """The entry of an address."""
    return found(queries.talent(talent_id), _("没有这位人才。"))


def _wanted() -> dict[str, Any]:
    args = request.args
    return {
        "text": args.get("q", "").strip()[:100],
        "kind": next((one for one in TalentKind if one.value == args.get("kind")), None),
        "state": next((one for one in TalentState if one.value == args.get("state")), None),
        "field": args.get("field", type=whole),
        "origin": args.get("origin", "") if args.get("origin") in {one.value for one in Origin} else "",
    }


@blueprint.get("/")
@guard(Can.LIST)
def index() -> Any:
    """The databases."""
    number, size = paging.wanted()
    page = paging.paginate(queries.listing(who(), **_wanted()), number=number, size=size, scalars=False)
    return render_template("trainhub/talents/index.html", page=page, labels=labels, fields=key_fields(), can=Can)


@blueprint.get("/talents.<form>")
@guard(Can.LIST)
def export(form: str) -> Any:
    """The list as it is filtered, as a file."""
    names = dict(key_fields())
    rows = [
        (
            name,
            str(labels.KINDS[t.kind]),
            str(labels.STATES[t.state]),
            employer,
            t.post,
            names.get(t.key_field_no),
            str(labels.ORIGINS[t.origin]),
            t.decided_on,
            t.valid_until,
        )
        for t, name, employer in session().execute(queries.listing(who(), **_wanted()))
    ]
    return downloads.table(rows, LISTED, name=_("人才库"), form=form)


def _nominate_form() -> forms.NominateForm:
    form, identity = forms.NominateForm(), who()
    everywhere = identity.everywhere(*NOMINATORS)
    own = identity.organisation_ids(*NOMINATORS)
    form.employer.choices = [
        (0, "—"),
        *(organisations.choices(OrganisationKind.ENTERPRISE, OrganisationKind.UNIVERSITY) if everywhere else organisations.names_of(own).items()),
    ]
    form.key_field_no.choices = [(0, "—"), *[(number, f"{number} {name}") for number, name in key_fields()]]
    year = next(iter(queries.catalogue_years()), clock.today().year)
    form.shortage.choices = [(0, "—"), *[(item.id, f"{item.code} {item.post}") for item in queries.catalogue(year)]]
    return form


def _whose() -> Collection[int] | None:
    """Whom the reader may nominate: those of their organisations; None: everybody."""
    return None if who().everywhere(*NOMINATORS) else who().organisation_ids(*NOMINATORS)


@blueprint.get("/nominate")
@guard(Can.NOMINATE)
def nominate_form() -> Any:
    """Whom to nominate: a search, somebody who is not registered yet, and the form for whom was chosen."""
    key, is_new = request.args.get("person", type=whole), request.args.get("new") == "yes"
    if key is None and not is_new:
        text = request.args.get("q", "").strip()[:100]
        rows = queries.candidates(_whose(), text)
        return render_template("trainhub/talents/candidates.html", rows=rows, asked=text, most=queries.MOST_CANDIDATES)
    person = None if key is None else found(queries.candidate(_whose(), key), _("没有这个人，或不属于你的单位。"))
    form = _nominate_form()
    form.person.data = "" if person is None else str(person.id)
    return _form_page(form, person)


def _form_page(form: forms.NominateForm, person: Person | None) -> str:
    for field in (form.name, form.id_type, form.id_number):
        field.flags.required = person is None  # who is registered already is told by the address
    return render_template("trainhub/talents/nominate.html", form=form, person=person)


def _chosen(form: forms.NominateForm) -> Person:
    """Whom the form names: the person who was chosen, or one who is registered with it. Raises TalentRefused, BadPerson, NameDiffers."""
    if form.person.data:
        person = _shown_person(form)
        if person is None:
            raise operations.TalentRefused(_("没有这个人，或不属于你的单位，请重新查找。"), field="name")
        return person
    if not (form.name.data or "").strip() or not (form.id_number.data or "").strip():
        raise operations.TalentRefused(_("请填写姓名和证件号码，或先查找已登记的人员。"), field="name")
    id_type = next((kind for kind in IdType if kind.value == form.id_type.data), None)
    return people.register_person(name=form.name.data or "", id_type=id_type, id_number=form.id_number.data, by=who(), now=clock.now())


def _shown_person(form: forms.NominateForm) -> Person | None:
    try:
        return queries.candidate(_whose(), whole(form.person.data or ""))
    except ValueError:
        return None


def _nominated(talent_id: int | None) -> Any:
    said = _("已推荐，由主管部门评审。")
    return done(said, "talents.index") if talent_id is None else done(said, "talents.show", talent_id=talent_id)


@blueprint.post("/nominate")
@guard(Can.NOMINATE)
def nominate() -> Any:
    """Nominate."""
    form = _nominate_form()

    def do() -> int:
        person = _chosen(form)
        kind = TalentKind(form.kind.data)
        leading = kind is TalentKind.LEADING
        row = operations.nominate(
            person=person,
            kind=kind,
            merits=form.merits.data or "",
            employer_id=form.employer.data or queries.works_at(person.id),
            by_organisation_id=next(iter(sorted(who().organisation_ids(*NOMINATORS))), None),
            post=form.post.data or "",
            title=form.title.data or "",
            key_field_no=form.key_field_no.data or None,
            shortage_id=form.shortage.data or None,
            origin=Origin(form.origin.data),
            former_employer=(form.former_employer.data or "") if leading else "",
            rank_world=form.rank_world.data if leading else None,
            rank_china=form.rank_china.data if leading else None,
            rank_year=form.rank_year.data if leading else None,
            years_there=form.years_there.data if leading else None,
            is_mid_senior={"yes": True, "no": False}.get(form.is_mid_senior.data or "") if leading else None,
            project=(form.project.data or "") if leading else "",
            by=who(),
            today=clock.today(),
            now=clock.now(),
        )
        return row.id

    return submit(
        form,
        do,
        again=lambda status: (_form_page(form, _shown_person(form)), status),
        then=_nominated,
    )


EMPLOYERS = (OrganisationKind.ENTERPRISE, *SCHOOLS, OrganisationKind.RESEARCH_INSTITUTE, OrganisationKind.BASE)


def _move_form(row: Talent, **given: Any) -> forms.MoveForm:
    form = forms.MoveForm(**given)
    kept = organisations.names_of([row.employer_id] if row.employer_id else [])  # one that was closed stays choosable where it stands
    form.employer.choices = [
        (0, "—"),
        *({**kept, **dict(organisations.choices(*EMPLOYERS))}).items(),
    ]
    return form


def _page(row: Talent, given_forms: dict[str, Form] | None = None, status: int = 200) -> Any:
    made: dict[str, Form] = {}
    allowed = {"review": Can.REVIEW, "recognise": Can.DECIDE, "reject": Can.DECIDE, "end": Can.DECIDE}
    open_steps = [name for name, step in STEPS.items() if row.state in step.before and may(who(), allowed[name])]
    if operations.is_nominator(row, who()):
        open_steps = [name for name in open_steps if name not in ("review", "recognise")]
    for name, kind in (("review", forms.OpinionForm), ("recognise", forms.DecisionForm)):
        if name in open_steps:
            made[name] = (given_forms or {}).get(name) or kind(formdata=None, version=row.version)
    if row.state in OPEN_STATES and may(who(), Can.DECIDE):
        made["move"] = (given_forms or {}).get("move") or _move_form(row, formdata=None, version=row.version, employer=row.employer_id or 0)
    # Somebody else was faster: the step is not offered any more, yet whoever sent its form has to read why nothing was done.
    untold = [str(said) for name, form in (given_forms or {}).items() if name not in made for errors in form.errors.values() for said in errors]
    person = session().get_one(Person, row.person_id)
    page = render_template(
        "trainhub/talents/show.html",
        talent=row,
        person=person,
        employer=organisations.by_id(row.employer_id) if row.employer_id else None,
        shortage=queries.shortage(row.shortage_id) if row.shortage_id else None,
        passes=queries.passes_of(row.person_id),
        instead=queries.talent(row.instead_id) if row.instead_id else None,
        findings=[shown(one) for one in operations.findings_of(row, clock.today())],
        labels=labels,
        fields=dict(key_fields()),
        steps=open_steps,
        forms=made,
        untold=untold,
        awards=award_queries.awards_of(row),
        award_labels=award_labels,
        may_award=row.kind in AWARD_RULES
        and row.state is TalentState.RECOGNISED
        and may(who(), Can.AWARD_DECIDE)
        and not operations.is_nominator(row, who()),
        history=organisations.history_of("talent", row.id),
    )
    return page, status


@blueprint.get("/<int:talent_id>")
@guard(Can.VIEW, load=load, subject=queries.subject_of)
def show(row: Talent) -> Any:
    """One entry, with its next step."""
    return _page(row)


@blueprint.post("/<int:talent_id>/review")
@guard(Can.REVIEW, load=load, subject=queries.subject_of)
def review(row: Talent) -> Any:
    """The experts' opinion."""
    form, key = forms.OpinionForm(), row.id
    return submit(
        form,
        lambda: operations.review(row=load(key), opinion=form.opinion.data or "", by=who(), today=clock.today(), version=form.version.data or None),
        again=lambda status: _page(load(key), {"review": form}, status),
        then=lambda _given: done(_("评审意见已保存。"), "talents.show", talent_id=key),
    )


@blueprint.post("/<int:talent_id>/recognise")
@guard(Can.DECIDE, load=load, subject=queries.subject_of)
def recognise(row: Talent) -> Any:
    """Into the database."""
    form, key = forms.DecisionForm(), row.id
    return submit(
        form,
        lambda: operations.recognise(
            row=load(key),
            decision=form.decision.data or "",
            document=form.document.data or "",
            valid_until=form.valid_until.data,
            by=who(),
            today=clock.today(),
            version=form.version.data or None,
        ),
        again=lambda status: _page(load(key), {"recognise": form}, status),
        then=lambda _given: done(_("已认定入库。"), "talents.show", talent_id=key),
    )


@blueprint.post("/<int:talent_id>/move")
@guard(Can.DECIDE, load=load, subject=queries.subject_of)
def move(row: Talent) -> Any:
    """Another employer."""
    form, key = _move_form(row), row.id
    return submit(
        form,
        lambda: operations.move(
            row=load(key), employer_id=form.employer.data or 0, reason=form.reason.data or "", by=who(), version=form.version.data or None
        ),
        again=lambda status: _page(load(key), {"move": form}, status),
        then=lambda _given: done(_("工作单位已变更。"), "talents.show", talent_id=key),
    )


@blueprint.post("/<int:talent_id>/reject")
@guard(Can.DECIDE, load=load, subject=queries.subject_of)
def reject(row: Talent) -> Any:
    """Not into the database."""
    key = row.id
    with transaction():
        operations.reject(row=load(key), decision=request.form.get("reason", ""), by=who(), today=clock.today())
    return done(_("已办理：不予认定。"), "talents.show", talent_id=key)


@blueprint.post("/<int:talent_id>/end")
@guard(Can.DECIDE, load=load, subject=queries.subject_of)
def end(row: Talent) -> Any:
    """Out of the database."""
    key = row.id
    with transaction():
        operations.end(row=load(key), decision=request.form.get("reason", ""), by=who(), today=clock.today())
    return done(_("已出库，记录保留。"), "talents.show", talent_id=key)
