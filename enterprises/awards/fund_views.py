"""Pages beside an award: its check, inspection and conference, what is added to it, publication, how it ends, pools of money, the credit list."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

from flask import render_template, request

from enterprises.awards import credit, forms, funds, labels, operations, queries, steps
from enterprises.awards.fund_models import FundPool
from enterprises.awards.list_views import blueprint as blueprint
from enterprises.awards.models import Award
from enterprises.awards.types import Action, StepKind, Who
from enterprises.awards.views import kept_files, load, page_of, stepped, version_of
from enterprises.permissions import Can
from trainhub.kernel import clock, downloads, paging
from trainhub.kernel.access import guard, may, public, who
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotAllowed
from trainhub.kernel.forms import given
from trainhub.kernel.frames import act, found, submit, version_sent
from trainhub.kernel.i18n import _
from trainhub.kernel.import_pages import add_pages
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations

add_pages(blueprint, credit.SPEC, can=Can.CREDIT_EDIT, path="/credit/import", back="awards.credit_list")


# -- check, inspection, publication -------------------------------------------------------------------------------------
def _examine(row: Award, kind: StepKind, do: Callable[..., Any]) -> Any:
    form, key = forms.ExamineForm().apart(kind.value), row.id
    return submit(
        form,
        lambda: do(
            award=load(key),
            on=given(form.on.data),
            is_positive=form.is_positive.data == "yes",
            text=form.text.data or "",
            people=form.people.data or "",
            by=who(),
            today=clock.today(),
            now=clock.now(),
            version=form.version.data or None,
        ),
        again=lambda status: page_of(load(key), status=status, examine={kind: form}),
        then=lambda _given: done(_("已登记：%(step)s。", step=labels.STEPS[kind]), "awards.show", award_id=key),
    )


@blueprint.post("/<int:award_id>/check")
@guard(Can.AWARD_VIEW, load=load, subject=queries.award_subject)
def check_award(row: Award) -> Any:
    """The prefecture's check, or the department's of a recipient from elsewhere."""
    if not operations.may_check(row, who()):
        raise NotAllowed(_("初审由申请单位所在的设区市办理；省外的申请单位由该项规定的主管部门办理。"))
    return _examine(row, StepKind.CHECK, partial(steps.record, kind=StepKind.CHECK))


@blueprint.post("/<int:award_id>/inspect")
@guard(Can.AWARD_HANDLE, load=load, subject=queries.award_subject)
def inspect(row: Award) -> Any:
    """The department's site inspection."""
    if not operations.may_act(who(), row.rule, Who.DEPARTMENT):
        raise NotAllowed(_("现场考察由该项规定的主管部门办理。"))
    return _examine(row, StepKind.INSPECTION, partial(steps.record, kind=StepKind.INSPECTION))


@blueprint.post("/<int:award_id>/confer")
@guard(Can.AWARD_HANDLE, load=load, subject=queries.award_subject)
def confer(row: Award) -> Any:
    """What the joint conference decided."""
    return _examine(row, StepKind.CONFERENCE, operations.confer)


@blueprint.post("/<int:award_id>/recover")
@guard(Can.AWARD_PAY, load=load, subject=queries.award_subject)
def recover(row: Award) -> Any:
    """What was paid came back."""
    form, key = forms.RecoverForm().apart("recover"), row.id
    return submit(
        form,
        lambda: operations.recover(
            award=load(key), on=given(form.on.data), reference=form.reference.data or "", by=who(), today=clock.today(), version=version_of(form)
        ),
        again=lambda status: page_of(load(key), status=status, recovering=form),
        then=lambda _given: done(_("收回已登记。"), "awards.show", award_id=key),
    )


@blueprint.post("/<int:award_id>/publish")
@guard(Can.AWARD_HANDLE, load=load, subject=queries.award_subject)
def publish(row: Award) -> Any:
    """Publish the decision."""
    key = row.id
    return act(
        lambda: operations.publish(award=load(key), by=who(), today=clock.today(), now=clock.now(), version=version_sent()),
        again=lambda refused: page_of(load(key), status=refused.status, said=refused.message),
        then=lambda: done(_("决定已公布，任何人都可以在“奖补公示”中查看。"), "awards.show", award_id=key),
    )


@blueprint.get("/published")
@public
def published() -> Any:
    """The decisions that are published."""
    return render_template("enterprises/awards/published.html", rows=queries.published(), labels=labels)


@blueprint.post("/<int:award_id>/supplement")
@guard(Can.AWARD_APPLY, load=load, subject=queries.award_subject)
def supplement(row: Award) -> Any:
    """More words and files to an application before its check."""
    form, key = forms.SupplementForm().apart("supplement"), row.id

    def do() -> int:
        made = operations.supplement(
            award=load(key),
            statement=form.statement.data or "",
            evidence=kept_files(form),
            by=who(),
            today=clock.today(),
            now=clock.now(),
            version=version_of(form),
        )
        return made.id

    return submit(
        form,
        do,
        again=lambda status: page_of(load(key), status=status, supplement=form),
        then=lambda _given: done(_("已补充到申请中。"), "awards.show", award_id=key),
    )


# -- how an award ends -------------------------------------------------------------------------------------------------
def _ended(row: Award, action: Action, do: Callable[[Award], Award]) -> Any:
    """A step without a form of its own; a refusal is told on the page, with the reason that was typed."""
    key = row.id
    return act(
        lambda: do(load(key)),
        again=lambda refused: page_of(load(key), status=refused.status, said=refused.message),
        then=lambda: stepped(action, key),
    )


@blueprint.post("/<int:award_id>/close")
@guard(Can.AWARD_PAY, load=load, subject=queries.award_subject)
def close(row: Award) -> Any:
    """Close a paid award."""
    return _ended(
        row, Action.CLOSE, lambda award: operations.close(award=award, by=who(), today=clock.today(), now=clock.now(), version=version_sent())
    )


def _reason() -> dict[str, Any]:
    return {"reason": request.form.get("reason", ""), "by": who(), "today": clock.today(), "now": clock.now(), "version": version_sent()}


@blueprint.post("/<int:award_id>/reject")
@guard(Can.AWARD_HANDLE, load=load, subject=queries.award_subject)
def reject(row: Award) -> Any:
    """Reject with a reason."""
    return _ended(row, Action.REJECT, lambda award: operations.reject(award=award, **_reason()))


@blueprint.post("/<int:award_id>/revoke")
@guard(Can.AWARD_HANDLE, load=load, subject=queries.award_subject)
def revoke(row: Award) -> Any:
    """Revoke with a reason."""
    return _ended(row, Action.REVOKE, lambda award: operations.revoke(award=award, **_reason()))


# -- pools --------------------------------------------------------------------------------------------------------------
def _pools_page(form: forms.PoolForm | None, status: int = 200) -> Any:
    pools_of_all = queries.pools()
    paid = queries.paid_from_each([one.id for one in pools_of_all])
    rows = [(one, *paid[one.id]) for one in pools_of_all]
    return render_template("enterprises/awards/pools.html", rows=rows, form=form, labels=labels), status


@blueprint.get("/pools")
@guard(Can.POOL_LIST)
def pools() -> Any:
    """The pools with what is left."""
    return _pools_page(forms.PoolForm(year=clock.today().year) if may(who(), Can.POOL_EDIT) else None)


@blueprint.post("/pools")
@guard(Can.POOL_EDIT)
def open_pool() -> Any:
    """Open a pool."""
    form = forms.PoolForm()
    return submit(
        form,
        lambda: funds.open_pool(
            year=given(form.year.data),
            **form.facts(),
            by=who(),
            now=clock.now(),
        ),
        again=lambda status: _pools_page(form, status),
        then=lambda _given: done(_("资金已登记。"), "awards.pools"),
    )


def load_pool(pool_id: int) -> FundPool:
    """The pool of an address."""
    return found(queries.pool(pool_id), _("没有这项资金。"))


def _pool_page(pool: FundPool, form: forms.PoolChangeForm, status: int = 200) -> Any:
    return render_template("enterprises/awards/pool.html", pool=pool, form=form), status


@blueprint.get("/pools/<int:pool_id>/edit")
@guard(Can.POOL_EDIT)
def edit_pool(pool_id: int) -> Any:
    """The form of a pool."""
    pool = load_pool(pool_id)
    return _pool_page(pool, forms.PoolChangeForm(formdata=None, obj=pool, kind=pool.kind.value, planned=Decimal(pool.planned_fen) / 100))


@blueprint.post("/pools/<int:pool_id>/edit")
@guard(Can.POOL_EDIT)
def change_pool(pool_id: int) -> Any:
    """Put an appropriation right."""
    form = forms.PoolChangeForm()
    return submit(
        form,
        lambda: funds.change_pool(
            pool=load_pool(pool_id),
            **form.facts(),
            by=who(),
            now=clock.now(),
            version=version_of(form),
        ),
        again=lambda status: _pool_page(load_pool(pool_id), form, status),
        then=lambda _given: done(_("资金已修改。"), "awards.pools"),
    )


# -- credit -------------------------------------------------------------------------------------------------------------
def _credit() -> organisations.Statement:
    return queries.credit_listings(request.args.get("q", "").strip()[:100], request.args.get("sort", ""))


@blueprint.get("/credit")
@guard(Can.CREDIT_LIST)
def credit_list() -> Any:
    """The imported list."""
    number, size = paging.wanted()
    page = paging.paginate(_credit(), number=number, size=size)
    return render_template("enterprises/awards/credit.html", page=page, may_edit=may(who(), Can.CREDIT_EDIT))


@blueprint.get("/credit.<form>")
@guard(Can.CREDIT_LIST)
def export_credit(form: str) -> Any:
    """The list as it is filtered and sorted, as a file with the columns that the import reads."""
    rows = ((row.uscc, row.name, row.reason, row.since, row.until) for row in session().scalars(_credit()))
    return downloads.table(rows, downloads.columns_of(credit.SCHEMA), name=_("失信名单"), form=form, codes=downloads.codes_of(credit.SCHEMA))
