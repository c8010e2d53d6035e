"""Pages of the money given to talent: the list, one award with its next step."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from enterprises.awards import labels as award_labels
from enterprises.awards import queries as pools
from enterprises.awards.operations import may_act
from enterprises.awards.specs import spec_of
from enterprises.awards.types import AwardState, PoolKind, Who
from trainhub.kernel import clock, downloads, paging
from trainhub.kernel.access import guard, may, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.forms import Form, given
from trainhub.kernel.frames import found, submit, version_sent
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations
from trainhub.oversight.talents import award_queries as queries
from trainhub.oversight.talents import awarding, forms
from trainhub.oversight.talents import queries as talents
from trainhub.oversight.talents.award_models import TalentAward
from trainhub.oversight.talents.list_views import blueprint as blueprint
from trainhub.oversight.talents.models import Talent
from trainhub.oversight.talents.permissions import Can
from trainhub.oversight.talents.showing import shown
from trainhub.oversight.talents.types import AWARD_RULES
from trainhub.oversight.talents.views import load as load_talent
from trainhub.people.models import Person

STATES = (AwardState.CONFERENCE, AwardState.DECIDED, AwardState.PAID, AwardState.REJECTED, AwardState.REVOKED)
LISTED = (
    Column("name", "姓名"),
    Column("employer", "工作单位"),
    Column("rule", "依据"),
    Column("year", "年度"),
    Column("state", "状态"),
    Column("amount", "金额（元）"),
    Column("decided_on", "决定日期"),
    Column("paid_on", "拨付日期"),
    Column("reference", "拨付凭证"),
    Column("recovered_on", "收回日期"),
)


def load(award_id: int) -> TalentAward:
    """The award of an address."""
    return found(queries.award(award_id), _("没有这项人才资金支持。"))


def _wanted() -> Any:
    args = request.args
    state = next((one for one in STATES if one.value == args.get("state")), None)
    return queries.listing(
        who(),
        text=args.get("q", "").strip()[:100],
        rule=args.get("rule", "")[:40],
        state=state,
        is_to_recover=args.get("state") == "to_recover",
        sort=args.get("sort", ""),
    )


@blueprint.get("/awards")
@guard(Can.LIST)
def awards() -> Any:
    """The money given to talent."""
    number, size = paging.wanted()
    page = paging.paginate(_wanted(), number=number, size=size, scalars=False)
    page.items[:] = [queries.AwardRow(*row) for row in page.items]  # type: ignore[index]
    return render_template("trainhub/talents/awards.html", page=page, labels=award_labels, rules=list(AWARD_RULES.values()), states=STATES)


@blueprint.get("/awards.<form>")
@guard(Can.LIST)
def export_awards(form: str) -> Any:
    """The list as it is filtered and sorted, as a file."""
    rows = [
        (
            one.name,
            one.employer,
            f"{one.rule} {award_labels.name_of(one.rule)}",
            one.year,
            str(award_labels.STATES[one.state]),
            f"{one.amount_fen / 100:.2f}",
            one.decided_on,
            one.paid_on,
            one.payment_reference,
            one.recovered_on,
        )
        for one in (queries.AwardRow(*row) for row in session().execute(_wanted()))
    ]
    return downloads.table(rows, LISTED, name=_("人才资金支持"), form=form, codes=("reference",))


# -- the decision -------------------------------------------------------------------------------------------------------
def _decide_page(row: Talent, form: forms.AwardForm, status: int = 200) -> Any:
    support = awarding.support_of(row, clock.today())
    page = render_template(
        "trainhub/talents/award_decide.html",
        talent=row,
        person=session().get_one(Person, row.person_id),
        support=support,
        spec=spec_of(support.rule),
        findings=[shown(one) for one in support.findings],
        awards=queries.awards_of(row),
        is_given=any(one.code.endswith(".once") and not one.met for one in support.findings),
        form=form,
        year=clock.today().year,
        labels=award_labels,
    )
    return page, status


@blueprint.get("/<int:talent_id>/award")
@guard(Can.AWARD_DECIDE, load=load_talent, subject=talents.subject_of)
def award_form(row: Talent) -> Any:
    """Conditions, range and form of a decision."""
    return _decide_page(row, forms.AwardForm(formdata=None, version=row.version))


@blueprint.post("/<int:talent_id>/award")
@guard(Can.AWARD_DECIDE, load=load_talent, subject=talents.subject_of)
def decide_award(row: Talent) -> Any:
    """Decide."""
    form, key = forms.AwardForm(), row.id
    return submit(
        form,
        lambda: (
            awarding.decide(
                talent=load_talent(key),
                amount_fen=form.amount_fen(),
                minutes=form.minutes.data or "",
                judgement=form.judgement.data or "",
                by=who(),
                today=clock.today(),
                now=clock.now(),
                version=form.version.data or None,
            ).id
        ),
        again=lambda status: _decide_page(load_talent(key), form, status),
        then=lambda made: done(_("决定已登记。"), "talents.show_award", award_id=made),
    )


# -- one award ----------------------------------------------------------------------------------------------------------
def _fund(row: TalentAward) -> PoolKind | None:
    """The kind of pool the rule takes its money from, None: any."""
    return queries.fund_of(row.rule, clock.today())


def page(row: TalentAward, made: dict[str, Form] | None = None, status: int = 200) -> Any:
    """One award with the forms of its next steps; `made`: those that were refused."""
    shown_forms, by = dict(made or {}), who()
    handles = may(by, Can.AWARD_HANDLE)
    is_department = may(by, Can.AWARD_DECIDE) and may_act(by, row.rule, Who.DEPARTMENT)
    if handles and row.state is AwardState.CONFERENCE and may_act(by, row.rule, Who.CONFERENCE) and not awarding.is_own(row, by):
        shown_forms.setdefault("confer", forms.ConferenceForm(formdata=None, on=clock.today(), version=row.version))
    if is_department and row.state is AwardState.DECIDED and row.published_on is not None:
        shown_forms.setdefault("object", forms.ObjectionForm(formdata=None, on=clock.today(), version=row.version).apart("object"))
    is_over = row.notice_until is not None and row.notice_until < clock.today()
    if (
        handles
        and row.state is AwardState.DECIDED
        and is_over
        and may_act(by, row.rule, Who.PAYER)
        and not awarding.is_own(row, by)
        and not awarding.is_conferrer(row, by)
    ):
        shown_forms.setdefault("pay", forms.PayForm(formdata=None, only=_fund(row), on=clock.today(), version=row.version))
    if is_department:
        for one in queries.objections_of(row.id):
            if one.settled_at is None:
                shown_forms.setdefault(f"settle-{one.id}", forms.SettleForm(formdata=None).apart(f"settle-{one.id}"))
    if handles and queries.is_to_recover(row) and may_act(by, row.rule, Who.PAYER):
        shown_forms.setdefault("recover", forms.RecoverForm(formdata=None, on=clock.today(), version=row.version).apart("recover"))
    talent = session().get_one(Talent, row.talent_id)
    shown_page = render_template(
        "trainhub/talents/award.html",
        award=row,
        talent=talent,
        person=session().get_one(Person, talent.person_id),
        pool=pools.pool(row.pool_id) if row.pool_id else None,
        spec=spec_of(row.rule),
        findings=[shown(one) for one in row.findings],
        forms=shown_forms,
        may_revoke=may(by, Can.AWARD_DECIDE) and row.state in queries.STANDS,
        may_publish=is_department and row.state is AwardState.DECIDED and row.published_on is None,
        may_hear=is_department,
        objections=queries.objections_of(row.id) if handles else [],
        today=clock.today(),
        history=organisations.history_of("talent_award", row.id),
        labels=award_labels,
    )
    return shown_page, status


@blueprint.get("/awards/<int:award_id>")
@guard(Can.VIEW, load=load, subject=queries.subject_of)
def show_award(row: TalentAward) -> Any:
    """One award."""
    return page(row)


@blueprint.post("/awards/<int:award_id>/confer")
@guard(Can.AWARD_HANDLE, load=load, subject=queries.subject_of)
def confer_award(row: TalentAward) -> Any:
    """What the joint conference decided."""
    form, key = forms.ConferenceForm(), row.id
    return submit(
        form,
        lambda: awarding.confer(
            award=load(key),
            on=given(form.on.data),
            is_positive=form.is_positive.data == "yes",
            text=form.text.data or "",
            by=who(),
            today=clock.today(),
            now=clock.now(),
            version=form.version.data or None,
        ),
        again=lambda status: page(load(key), {"confer": form}, status),
        then=lambda _given: done(_("联席会议的意见已登记。"), "talents.show_award", award_id=key),
    )


@blueprint.post("/awards/<int:award_id>/pay")
@guard(Can.AWARD_HANDLE, load=load, subject=queries.subject_of)
def pay_award(row: TalentAward) -> Any:
    """The payment."""
    form, key = forms.PayForm(only=_fund(row)), row.id
    return submit(
        form,
        lambda: awarding.pay(
            award=load(key),
            on=given(form.on.data),
            reference=form.reference.data or "",
            pool_id=form.pool.data or None,
            by=who(),
            today=clock.today(),
            now=clock.now(),
            version=form.version.data or None,
        ),
        again=lambda status: page(load(key), {"pay": form}, status),
        then=lambda _given: done(_("拨付已登记。"), "talents.show_award", award_id=key),
    )


@blueprint.post("/awards/<int:award_id>/revoke")
@guard(Can.AWARD_DECIDE, load=load, subject=queries.subject_of)
def revoke_award(row: TalentAward) -> Any:
    """Take the decision back."""
    key = row.id
    with transaction():
        reason = request.form.get("reason", "")
        awarding.revoke(award=load(key), reason=reason, by=who(), today=clock.today(), now=clock.now(), version=version_sent())
    return done(_("已撤销，理由已记录。"), "talents.show_award", award_id=key)


@blueprint.post("/awards/<int:award_id>/recover")
@guard(Can.AWARD_HANDLE, load=load, subject=queries.subject_of)
def recover_award(row: TalentAward) -> Any:
    """What was paid came back."""
    form, key = forms.RecoverForm().apart("recover"), row.id
    return submit(
        form,
        lambda: awarding.recover(
            award=load(key),
            on=given(form.on.data),
            reference=form.reference.data or "",
            by=who(),
            today=clock.today(),
            version=form.version.data or None,
        ),
        again=lambda status: page(load(key), {"recover": form}, status),
        then=lambda _given: done(_("收回已登记。"), "talents.show_award", award_id=key),
    )
