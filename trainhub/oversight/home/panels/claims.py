"""Who registered with the number of somebody on file, for whoever says whether both are one human."""

from __future__ import annotations

from datetime import date

from trainhub.identity import operations as identity
from trainhub.identity.permissions import Can
from trainhub.kernel.access import Identity, may
from trainhub.kernel.i18n import _
from trainhub.oversight.home.links import link
from trainhub.oversight.home.types import Todo

MOST = 100
"""So many are counted on the first page."""


def todos(reader: Identity, today: date) -> list[Todo]:
    """Registrations that wait for a word of the reader: those that came with a roster are told by no notice."""
    waiting = len(identity.claim_keys(reader, today=today, most=MOST)) if may(reader, Can.CLAIM_LIST) else 0
    if not waiting:
        return []
    url = link(reader, "account_claims.index")
    return [Todo(_("核实自行注册的人"), url, _("去核实"), waiting, _("注册时填写的证件号码与登记的人员一致"), 1, "check-circle")]
