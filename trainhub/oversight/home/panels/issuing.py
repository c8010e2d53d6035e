"""What of certificates waits for the reader: the second person of a batch or a template, and who issues what a rule could not."""

from __future__ import annotations

from trainhub.certificates import queries as certificates
from trainhub.certificates.permissions import Can
from trainhub.kernel.access import Identity, may
from trainhub.kernel.i18n import _
from trainhub.oversight.home.links import link, narrowed
from trainhub.oversight.home.types import Todo
from trainhub.oversight.issuing import queries as records


def todos(identity: Identity) -> list[Todo]:
    """Batches and templates that somebody else drew up, certificates that wait for somebody to put something right; each only for who may."""
    found = []
    if may(identity, Can.BATCH_LIST):
        batches, waiting = certificates.count_to_decide(identity), certificates.count_waiting(identity)
        if batches:
            url = narrowed(link(identity, "certificates.batch_list"), state="prepared")
            found.append(Todo(_("审核签发批次"), url, _("去审核"), batches, _("由另一人建立，审核通过后才签发"), 0, "certificate"))
        if waiting:
            url = link(identity, "certificates.waiting")
            found.append(Todo(_("处理待签发的证书"), url, _("去处理"), waiting, _("缺字、缺内容或放不下，改正后签发"), 1, "certificate"))
        outdated = len(records.outdated(identity))
        if outdated:
            url = link(identity, "issuing.outdated")
            found.append(Todo(_("更正与记录不符的培训证书"), url, _("去处理"), outdated, _("所依据的培训记录已作废或更正"), 0, "certificate"))
    if may(identity, Can.TEMPLATE_APPROVE):
        templates = certificates.templates_to_decide(identity)
        if templates:
            url = link(identity, "certificates.template_list")
            found.append(Todo(_("批准证书模板"), url, _("去核对"), len(templates), _("由另一人绘制，批准后才能用于签发"), 1, "certificate"))
    return found
