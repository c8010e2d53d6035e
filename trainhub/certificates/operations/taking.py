"""Nobody goes on with a failed print run unawares of what other runs took of it meanwhile: two papers would bear one number."""

from __future__ import annotations

from trainhub.certificates import queries
from trainhub.certificates.models import PrintRun
from trainhub.kernel.errors import Stale
from trainhub.kernel.i18n import _, listed


def refuse_taken(run: PrintRun, *, told: int = 0) -> None:
    """Stale, naming them, when other runs drew or are drawing more than `told` of what this one has still to draw."""
    taken = queries.taken_elsewhere(run)
    if (n := sum(count for _other, count in taken)) > told:
        names = listed([other.title for other, _count in taken[:5]])
        raise Stale(
            _("还没画出的证书有 %(n)d 张已在其他批次中（%(names)s），没有继续绘制，以免重复打印：请在批次页面核对后再继续。", n=n, names=names)
        )
