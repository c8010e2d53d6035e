"""The number of one's own identity document, added where none is registered."""

from __future__ import annotations

from typing import Any

from flask import render_template

from trainhub.identity import operations as ops
from trainhub.identity import queries
from trainhub.identity.forms import OwnNumberForm
from trainhub.identity.views.own import blueprint
from trainhub.kernel import clock
from trainhub.kernel.access import acting, signed_in
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.web import done


@blueprint.route("/my-data/number", methods=["GET", "POST"])
@signed_in
def my_number() -> Any:
    """Add the number of one's own document where none is registered: without it a training counts for no goal."""
    identity = acting()
    assert identity is not None
    account = queries.account(identity.account_id or 0)
    form, now = OwnNumberForm(), clock.now()
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            with transaction():
                ops.count_own_number(account=queries.account(account.id), origin=identity.origin, now=now, today=clock.today())
            with transaction():
                ops.give_own_number(
                    account=queries.account(account.id), id_type=form.id_type.data, number=form.id_number.data or "", by=identity, now=now
                )
            return done(
                _("证件号码已登记。它由你本人填写，身份尚未核实；学校或培训机构登记过你的，核实后把那些记录归入你的账号。填错了请提交更正申请。"),
                "my_account.my_data_page",
            )
        except Refused as refused:
            form.refuse(refused)
            status = refused.status
    return render_template("trainhub/identity/own_number.html", form=form), status
