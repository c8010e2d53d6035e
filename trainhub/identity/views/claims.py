"""Who registered with the number of somebody on file: whoever holds that roster says whether both are one human. Over whom they may is judged where it is decided:
once both are one human, nobody stands apart on whom a repeat could be judged."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from trainhub.identity import operations as ops
from trainhub.identity.permissions import Can
from trainhub.kernel import clock
from trainhub.kernel.access import guard, who
from trainhub.kernel.db import transaction
from trainhub.kernel.i18n import _
from trainhub.kernel.paging import slice_wanted
from trainhub.kernel.web import done

blueprint = Blueprint("account_claims", __name__, url_prefix="/accounts/claims")


@blueprint.get("/")
@guard(Can.CLAIM_LIST)
def index() -> Any:
    """The registrations that wait for a word of the reader, the oldest first."""
    page = slice_wanted(ops.claim_keys(who(), today=clock.today()))
    found = ops.claims_for(who(), today=clock.today(), only=[claim_id for claim_id, _known in page.items])
    return render_template("trainhub/identity/claims.html", page=page, claims=found, addresses=ops.masked(found))


@blueprint.post("/<int:claim_id>/confirm")
@guard(Can.CLAIM_LIST)
def confirm(claim_id: int) -> Any:
    """Both are one human."""
    reason = request.form.get("reason", "")
    with transaction():
        ops.confirm_claim(claim_id=claim_id, reason=reason, by=who(), today=clock.today(), now=clock.now())
    return done(_("已认定为同一人：登记的记录已归入这个账号，本人已得到通知。需要时请在“批量开通账号”中为其补授角色。"), "account_claims.index")


@blueprint.post("/<int:claim_id>/refuse")
@guard(Can.CLAIM_LIST)
def refuse(claim_id: int) -> Any:
    """They are not, or it was not to be found out."""
    reason = request.form.get("reason", "")
    with transaction():
        ops.refuse_claim(claim_id=claim_id, reason=reason, by=who(), today=clock.today(), now=clock.now())
    return done(_("已记为不是同一人，本人能看到理由。"), "account_claims.index")


@blueprint.post("/<int:claim_id>/has-account")
@guard(Can.CLAIM_LIST)
def has_account(claim_id: int) -> Any:
    """They are one human who signs in by another account: nothing is decided about the two rows."""
    reason = request.form.get("reason", "")
    with transaction():
        ops.refuse_claim(claim_id=claim_id, reason=reason, by=who(), today=clock.today(), now=clock.now(), is_other=False)
    return done(_("已记为本人另有账号，本人能看到理由。两条人员记录没有被判定为不同的人。"), "account_claims.index")
