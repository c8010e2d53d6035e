"""Pages of terms, positions and the enterprise training plan."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for

from enterprises.bases import queries as bases
from enterprises.permissions import OFFERERS, SCHOOL, Can
from enterprises.placements import forms, labels, operations, queries
from enterprises.placements.lawful import judge_offer
from enterprises.placements.models import Position, Term
from enterprises.placements.queries.reading import reads_position
from enterprises.placements.types import OfferState, SeatDecision
from enterprises.placements.views.shared import act, blueprint, load_position, load_term, save
from trainhub.kernel import clock, paging
from trainhub.kernel.access import Role, demand, guard, may, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import is_key, whole
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations
from trainhub.organisations.types import SCHOOLS, OrganisationKind
from trainhub.programmes import queries as programmes


# -- terms --------------------------------------------------------------------------------------------------------------
@blueprint.get("/terms")
@guard(Can.TERM_LIST)
def terms() -> Any:
    """The placement terms of the reader's schools."""
    number, size = paging.wanted()
    page = paging.paginate(queries.terms_visible(who(), request.args.get("sort", "")), number=number, size=size, scalars=False)
    return render_template("enterprises/placements/terms.html", page=page, today=clock.today())


def _schools() -> list[tuple[int, str]]:
    every = organisations.choices(*SCHOOLS)
    if who().everywhere(*SCHOOL):
        return every
    mine = who().organisation_ids(*SCHOOL) | {row.university_id for key in who().programme_ids(*SCHOOL) if (row := programmes.by_id(key)) is not None}
    return [one for one in every if one[0] in mine]


@blueprint.route("/terms/new", methods=["GET", "POST"])
@guard(Can.TERM_LIST)
def new_term() -> Any:
    """Set up a term."""
    form = forms.TermForm()
    form.university_id.choices = _schools()

    def work() -> dict[str, Any]:
        university = organisations.by_id(form.university_id.data or 0)
        if university is None:
            raise Refused(_("请选择学校。"), field="university_id")
        demand(who(), Can.TERM_EDIT, queries.subject_of_university(university.id))
        operations.create_term(
            university=university,
            code=form.code.data or "",
            title=form.title.data or "",
            starts_on=form.starts_on.data,  # type: ignore[arg-type]
            ends_on=form.ends_on.data,  # type: ignore[arg-type]
            weeks=form.weeks.data,
            by=who(),
            now=clock.now(),
        )
        return {}

    return save(
        form,
        title=_("设置实习学期"),
        action=url_for("placements.new_term"),
        back=url_for("placements.terms"),
        said=_("已设置实习学期。"),
        endpoint="placements.terms",
        work=work,
    )


@blueprint.route("/terms/<int:term_id>/edit", methods=["GET", "POST"])
@guard(Can.TERM_EDIT, load=load_term, subject=lambda term: queries.subject_of_university(term.university_id))
def edit_term(term: Term) -> Any:
    """Change a term."""
    form = forms.TermForm(obj=term)
    del form.university_id, form.code

    def work() -> dict[str, Any]:
        operations.change_term(
            term=term,
            title=form.title.data or "",
            starts_on=form.starts_on.data,  # type: ignore[arg-type]
            ends_on=form.ends_on.data,  # type: ignore[arg-type]
            weeks=form.weeks.data,
            version=form.version.data,
            by=who(),
            now=clock.now(),
        )
        return {}

    action = url_for("placements.edit_term", term_id=term.id)
    return save(
        form, title=_("编辑实习学期"), action=action, back=url_for("placements.terms"), said=_("已保存。"), endpoint="placements.terms", work=work
    )


# -- positions ----------------------------------------------------------------------------------------------------------
def positions_asked() -> Any:
    """The list as the address filters and sorts it."""
    args = request.args
    return queries.positions_listing(who(), text=args.get("q", "")[:100], state=forms_pick(args.get("state", "")), sort=args.get("sort", ""))


@blueprint.get("/positions")
@guard(Can.POSITION_LIST)
def positions() -> Any:
    """Positions: an enterprise's own, or those handed in to the schools."""
    number, size = paging.wanted()
    page = paging.paginate(positions_asked(), number=number, size=size, scalars=False)
    gone = queries.gone_among([(row.enterprise_id, row.base_id) for row in page.items])
    return render_template("enterprises/placements/positions.html", page=page, gone=gone, labels=labels, can=Can, asked=request.args.to_dict())


def forms_pick(value: str) -> OfferState | None:
    """A state from the address; nonsense is no filter."""
    return OfferState(value) if value in set(OfferState) else None


@blueprint.get("/positions/<int:position_id>")
@guard(Can.POSITION_VIEW, load=load_position, subject=queries.subject_of_position)
def show_position(position: Position) -> Any:
    """One position with its seats."""
    subject = queries.subject_of_position(position)
    edits = may(who(), Can.POSITION_EDIT, subject)
    seats, own = queries.items_of_position(position.id), _own_schools(position)
    gave_back = any(row.university_id in own and row.decision is SeatDecision.RETURNED for row in seats)
    is_hidden = position.state is OfferState.DRAFT and not edits and not gave_back  # who gave it back still sees what was wrong with it
    if is_hidden or not reads_position(who(), position):
        raise NotFound(_("没有这个岗位，或企业还没有提交。"))
    known = {row.id for row in seats}
    return render_template(
        "enterprises/placements/position.html",
        position=position,
        row=queries.position_row(position.id),
        gone=queries.gone_among([(position.enterprise_id, position.base_id)]).get((position.enterprise_id, position.base_id)),
        seats=seats,
        more_terms=[(term.id, f"{university} · {term.title}") for term, university in queries.all_terms(until=clock.today()) if term.id not in known],
        findings=judge_offer(position, on=clock.today()) if edits or may(who(), Can.POSITION_APPROVE, queries.subject_of_seats(position.id)) else [],
        labels=labels,
        edits=edits,
        ranked=operations.ranked(position) if edits and position.state in operations.HANDED_IN else 0,
        own_schools=own,
        today=clock.today(),
        Decision=SeatDecision,
    )


def _own_schools(position: Position) -> set[int]:
    """The universities with seats in the position for which the reader decides."""
    return {key for key, subject in queries.subjects_of_schools(position.id).items() if may(who(), Can.POSITION_APPROVE, subject)}


def _position_form(form: forms.PositionForm, enterprise_id: int | None) -> forms.PositionForm:
    every = organisations.choices(OrganisationKind.ENTERPRISE, only_verified=True)
    mine = who().organisation_ids(Role.ENTERPRISE_COORDINATOR)
    if form.enterprise_id is not None:
        form.enterprise_id.choices = every if who().everywhere(*OFFERERS) else [one for one in every if one[0] in mine]
        if enterprise_id is None and len(form.enterprise_id.choices) == 1:
            enterprise_id = form.enterprise_id.choices[0][0]
    form.base_id.choices = [("", "—"), *bases.choices(enterprise_id)]
    form.county_code.choices = [("", "—"), *organisations.region_choices()]
    return form


@blueprint.route("/positions/new", methods=["GET", "POST"])
@guard(Can.POSITION_CREATE)
def new_position() -> Any:
    """Draft a position."""
    form = _position_form(forms.PositionForm(), None)
    del form.goes_on

    def work() -> dict[str, Any]:
        enterprise = organisations.by_id(form.enterprise_id.data or 0)
        if enterprise is None:
            raise Refused(_("请选择企业。"), field="enterprise_id")
        demand(who(), Can.POSITION_EDIT, organisations.subject_of(enterprise))
        base = organisations.by_id(form.base_id.data) if form.base_id.data else None
        row = operations.offer_position(
            enterprise=enterprise,
            base=base,
            title=form.title.data or "",
            description=form.description.data or "",
            majors=forms.parts(form.majors.data),
            skills=forms.parts(form.skills.data),
            county_code=form.county_code.data or None,
            **form.terms(),
            by=who(),
            now=clock.now(),
        )
        return {"position_id": row.id}

    return save(
        form,
        title=_("新建岗位"),
        action=url_for("placements.new_position"),
        back=url_for("placements.positions"),
        said=_("已保存草稿。请填写各学期的席位，再提交学校审核。"),
        endpoint="placements.show_position",
        work=work,
    )


@blueprint.route("/positions/<int:position_id>/edit", methods=["GET", "POST"])
@guard(Can.POSITION_EDIT, load=load_position, subject=queries.subject_of_position)
def edit_position(position: Position) -> Any:
    """Change a position."""
    form = forms.PositionForm(obj=position, pay=forms.yuan(position.pay_fen), post_pay=forms.yuan(position.post_pay_fen))
    del form.enterprise_id
    count = operations.ranked(position) if position.state in operations.HANDED_IN else 0
    if not count:
        del form.goes_on
    _position_form(form, position.enterprise_id)

    def work() -> dict[str, Any]:
        operations.change_position(
            position=position,
            version=form.version.data,
            title=form.title.data or "",
            description=form.description.data or "",
            majors=forms.parts(form.majors.data),
            skills=forms.parts(form.skills.data),
            county_code=form.county_code.data or None,
            base_id=form.base_id.data,
            goes_on=form.goes_on is not None and bool(form.goes_on.data),
            **form.terms(),
            by=who(),
            now=clock.now(),
        )
        return {"position_id": position.id}

    lead = (
        _(
            "有 %(n)d 名学生在进行中的轮次填报了这个岗位。修改审核过的内容（岗位名称、工作内容、专业、基地、工时、报酬等）后须学校重新审核，通过前暂不参加安排；他们的名次保留，会收到通知。",
            n=count,
        )
        if count
        else ""
    )
    here = url_for("placements.show_position", position_id=position.id)
    action = url_for("placements.edit_position", position_id=position.id)
    return save(form, title=_("编辑岗位"), action=action, back=here, said=_("已保存。"), endpoint="placements.show_position", work=work, lead=lead)


@blueprint.post("/positions/<int:position_id>/seats")
@guard(Can.POSITION_EDIT, load=load_position, subject=queries.subject_of_position)
def set_seats(position: Position) -> Any:
    """Set the seats of every term named in the form."""
    was_approved, wanted = position.state is OfferState.APPROVED, dict[int, int]()
    with transaction():
        check_version(position, request.form.get("version", type=whole))
        for name, value in request.form.items():
            if name.startswith("seats_") and value.strip():
                if not is_key(value.strip()) or not is_key(name[6:]) or len(name) > 20:
                    raise Refused(_("席位应为 0 或正整数：“%(value)s”。", value=value[:20]))
                wanted[int(name[6:])] = int(value)
        more, seats = request.form.get("term_id", ""), request.form.get("new_seats", "")
        if seats.strip():
            if not (is_key(more) and len(more) < 16):
                raise Refused(_("请选择这些席位属于哪个学期。"), field="term_id")
            if not is_key(seats.strip()):
                raise Refused(_("席位应为 0 或正整数：“%(value)s”。", value=seats.strip()[:20]))
            wanted[int(more)] = int(seats)
        operations.set_seats_of_terms(
            position=position,
            seats=[(load_term(term_id), count) for term_id, count in wanted.items()],
            by=who(),
            now=clock.now(),
            goes_on="goes_on" in request.form,
        )
        key, is_waiting = position.id, was_approved and position.state is OfferState.SUBMITTED
    return done(
        _("席位已保存。席位增加了，请该学期的学校重新审核；审核通过前，这个学期不参加新的安排。") if is_waiting else _("席位已保存。"),
        "placements.show_position",
        position_id=key,
    )


def _button(position: Position, said: str, work: Any, form: Any = None) -> Any:
    def run() -> dict[str, Any]:
        made = work()
        return {"position_id": made.id}

    return act(form or forms.PlainForm(), said, "placements.show_position", run)


@blueprint.post("/positions/<int:position_id>/submit")
@guard(Can.POSITION_EDIT, load=load_position, subject=queries.subject_of_position)
def submit_position(position: Position) -> Any:
    """Hand in to the schools."""
    return _button(position, _("已提交学校审核。"), lambda: operations.submit_position(position=position, by=who(), now=clock.now()))


@blueprint.post("/positions/<int:position_id>/close")
@guard(Can.POSITION_EDIT, load=load_position, subject=queries.subject_of_position)
def close_position(position: Position) -> Any:
    """Take the offer back."""
    return _button(position, _("岗位已关闭，已安排的学生不受影响。"), lambda: operations.close_position(position=position, by=who(), now=clock.now()))


@blueprint.post("/positions/<int:position_id>/copy")
@guard(Can.POSITION_EDIT, load=load_position, subject=queries.subject_of_position)
def copy_position(position: Position) -> Any:
    """A new draft with the same text."""
    return _button(position, _("已复制为新草稿，请填写席位。"), lambda: operations.copy_position(position=position, by=who(), now=clock.now()))


@blueprint.post("/positions/<int:position_id>/approve")
@guard(Can.POSITION_APPROVE, load=load_position, subject=lambda row: queries.subject_of_seats(row.id))
def approve_position(position: Position) -> Any:
    """A school approves the seats in its terms."""
    own = _own_schools(position)
    return _button(
        position,
        _("本校学期的席位已通过审核。"),
        lambda: operations.approve_position(  # a version that was not sent is none that was read
            position=position, university_ids=own, version=request.form.get("version", default=-1, type=whole), by=who(), now=clock.now()
        ),
    )


@blueprint.post("/positions/<int:position_id>/return")
@guard(Can.POSITION_APPROVE, load=load_position, subject=lambda row: queries.subject_of_seats(row.id))
def return_position(position: Position) -> Any:
    """A school gives the seats in its terms back."""
    form, own = forms.ReasonForm(), _own_schools(position)
    return _button(
        position,
        _("本校学期的席位已退回企业。"),
        lambda: operations.return_position(position=position, university_ids=own, reason=form.reason.data or "", by=who(), now=clock.now()),
        form,
    )
