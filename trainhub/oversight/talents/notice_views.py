"""Pages of the public notice of money for talent: what everybody reads, publication, objections and their answers."""

from __future__ import annotations

from typing import Any

from flask import render_template

from enterprises.awards import labels as award_labels
from enterprises.awards.types import AwardState
from trainhub.certificates.numbers import mask_name
from trainhub.kernel import clock, downloads
from trainhub.kernel.access import guard, public, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.forms import given
from trainhub.kernel.frames import found, submit, version_sent
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.web import done
from trainhub.oversight.talents import award_queries as queries
from trainhub.oversight.talents import award_views, forms, labels, noticing
from trainhub.oversight.talents.award_models import TalentAward, TalentObjection
from trainhub.oversight.talents.award_views import blueprint as blueprint
from trainhub.oversight.talents.permissions import Can
from trainhub.oversight.talents.types import TalentKind

PUBLISHED = (
    Column("name", "姓名"),
    Column("employer", "工作单位"),
    Column("kind", "人才库"),
    Column("rule", "依据"),
    Column("year", "年度"),
    Column("amount", "金额（元）"),
    Column("decided_on", "决定日期"),
    Column("published_on", "公示日期"),
    Column("until", "公示至"),
    Column("state", "状态"),
)


def _rows() -> list[tuple[TalentAward, str, str, str | None]]:
    """(award, database, name, employer). The whole name stands there while anybody may still object; then it is masked."""
    today = clock.today()

    def named(row: TalentAward, name: str) -> str:
        is_open = row.state is AwardState.DECIDED or (row.notice_until is not None and today <= row.notice_until)
        return name if is_open and row.state is not AwardState.REVOKED else mask_name(name)

    return [(row, str(labels.KINDS[TalentKind(kind)]), named(row, name), employer) for row, kind, name, employer in queries.published()]


@blueprint.get("/awards/published")
@public
def published_awards() -> Any:
    """The notices."""
    return render_template("trainhub/talents/published.html", rows=_rows(), labels=award_labels, today=clock.today())


@blueprint.get("/awards/published.<form>")
@public
def export_published(form: str) -> Any:
    """The notices as a file."""
    cells = [
        (
            name,
            employer,
            kind,
            f"{row.rule} {award_labels.name_of(row.rule)}",
            row.year,
            f"{row.amount_fen / 100:.2f}",
            row.decided_on,
            row.published_on,
            row.notice_until,
            str(award_labels.STATES[row.state]),
        )
        for row, kind, name, employer in _rows()
    ]
    return downloads.table(cells, PUBLISHED, name=_("人才资金支持公示"), form=form)


@blueprint.post("/awards/<int:award_id>/publish")
@guard(Can.AWARD_DECIDE, load=award_views.load, subject=queries.subject_of)
def publish_award(row: TalentAward) -> Any:
    """Publish."""
    key = row.id
    with transaction():
        until = noticing.publish(award=award_views.load(key), by=who(), today=clock.today(), version=version_sent()).notice_until
    return done(_("已公示，公示到 %(day)s；任何人都可以在“人才资金支持公示”中查看。", day=until), "talents.show_award", award_id=key)


@blueprint.post("/awards/<int:award_id>/objections")
@guard(Can.AWARD_DECIDE, load=award_views.load, subject=queries.subject_of)
def object_to_award(row: TalentAward) -> Any:
    """Record an objection."""
    form, key = forms.ObjectionForm().apart("object"), row.id
    return submit(
        form,
        lambda: (
            noticing.object_to(
                award=award_views.load(key),
                on=given(form.on.data),
                objector=form.objector.data or "",
                text=form.text.data or "",
                by=who(),
                today=clock.today(),
                now=clock.now(),
                version=form.version.data or None,
            ).id
        ),
        again=lambda status: award_views.page(award_views.load(key), {"object": form}, status),
        then=lambda _given: done(_("异议已登记，有结论以前不能拨付。"), "talents.show_award", award_id=key),
    )


def _load_objection(objection_id: int) -> TalentObjection:
    return found(queries.objection(objection_id), _("没有这条异议。"))


@blueprint.post("/objections/<int:objection_id>")
@guard(Can.AWARD_DECIDE, load=_load_objection, subject=lambda row: queries.subject_of(session().get_one(TalentAward, row.award_id)))
def settle_objection(row: TalentObjection) -> Any:
    """What was found of an objection."""
    form, key, award = forms.SettleForm().apart(f"settle-{row.id}"), row.id, row.award_id
    return submit(
        form,
        lambda: (
            noticing.settle(
                objection=_load_objection(key),
                is_upheld=form.is_upheld.data == "yes",
                answer=form.answer.data or "",
                by=who(),
                now=clock.now(),
            ).id
        ),
        again=lambda status: award_views.page(award_views.load(award), {f"settle-{key}": form}, status),
        then=lambda _given: done(_("结论已登记。"), "talents.show_award", award_id=award),
    )
