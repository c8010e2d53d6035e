"""The door of `trainhub.certificates`: what it registers with the app."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import ModuleType

import click
from flask import Flask

from trainhub.certificates import addresses, api, bulk, cli, list_tasks, models, own_queries, permissions, public, publishing, tasks, views
from trainhub.certificates import queries as certificate_queries
from trainhub.certificates.operations import batches, lost_files, restoring
from trainhub.certificates.operations import keys as signing
from trainhub.certificates.operations.printing import TASK
from trainhub.certificates.pades import SLOT as SEALER
from trainhub.certificates.pades import CannotSeal, KeyFile
from trainhub.certificates.permissions import Can
from trainhub.certificates.signers import SLOT, CannotPlug, plugged
from trainhub.certificates.types import EVIDENCE_PAGES, EVIDENCE_WORDS
from trainhub.certificates.views import batches as batch_views
from trainhub.certificates.views import blanks as blank_views
from trainhub.certificates.views import certificates as certificate_views
from trainhub.certificates.views import evidence, lists, run_files, waiting
from trainhub.certificates.views import keys as key_views
from trainhub.certificates.views import runs as run_views
from trainhub.certificates.views import templates as template_views
from trainhub.config import HalfConfigured
from trainhub.identity.my_data import register_exports
from trainhub.kernel import audit_words, clock
from trainhub.kernel.access import Role, register_permissions
from trainhub.kernel.audit_kinds import Kind, name_kinds
from trainhub.kernel.backup import CARRIED, Carried
from trainhub.kernel.i18n import N_, _l
from trainhub.kernel.jobs import register_periodic, register_task
from trainhub.kernel.keys import keyring
from trainhub.kernel.nav import Entry, register_nav
from trainhub.people import queries as people_queries

TABLES: tuple[ModuleType, ...] = (models,)
PAGES: tuple[ModuleType, ...] = (run_views, run_files, batch_views, lists, template_views, blank_views, key_views, waiting, certificate_views, bulk)
"""The modules whose pages are put on the blueprint by being imported; addresses with words before those with a number."""
COMMANDS: dict[str, click.Command] = {"certificates": cli.certificates}


THINGS = {
    "certificates.certificate": _l("证书"),
    "certificates.run": _l("证书打印批次"),
    "certificates.batch": _l("证书签发批次"),
    "certificates.template": _l("证书模板"),
    "certificates.key": _l("证书签名密钥"),
    "certificates.numbers": _l("证书编号计数"),
    "certificates.portion": _l("证书签发批次的一部分"),
    "certificates.places": _l("证书状态列表中的位置"),
}
"""How the audit log calls the things of this part."""
KINDS = {
    "certificate": Kind(_l("证书"), "number", "certificates.show", {"number": "number"}),
    "certificate_template": Kind(_l("证书模板"), "code", "certificates.template", {"template_id": "id"}),
    "certificate_layout": Kind(_l("内置证书模板")),
    "issue_batch": Kind(_l("证书签发批次"), "title", "certificates.batch", {"batch_id": "id"}),
    "certificate_portion": Kind(_l("证书签发批次"), "batch_id.title", "certificates.batch", {"batch_id": "batch_id"}),
    "status_shift": Kind(_l("证书状态列表中的位置")),
    "print_run": Kind(_l("证书打印批次"), "title", "certificates.run", {"run_id": "id"}),
    "signing_key": Kind(_l("证书签名密钥")),
    "certificate_counter": Kind(_l("证书编号计数")),
}
"""What the audit log calls the things that events happened to, with their names and pages."""


def register(app: Flask) -> None:
    """Blueprints, permissions, navigation, tasks."""
    audit_words.name_things(app, THINGS)
    name_kinds(app, KINDS)
    _measure_address(app)
    _open_key_file(app)
    _plug_signer(app)
    register_permissions(app, permissions.GRANTS)
    for blueprint in (views.blueprint, public.blueprint, publishing.blueprint, api.blueprint):
        app.register_blueprint(blueprint)
    app.extensions.setdefault(people_queries.KEPT, []).append(certificate_queries.issuers_of)
    register_exports(
        app,
        (
            ("certificates", _l("证书"), own_queries.certificates, models.Certificate),
            ("certificate_events", _l("证书的变更"), own_queries.events, models.CertificateEvent),
            ("certificate_shares", _l("证书分享链接"), own_queries.shares, models.CertificateShare),
            ("certificate_prints", _l("证书打印"), own_queries.prints, models.PrintItem),
            ("certificate_drafts", _l("成批签发的证书"), own_queries.drafts, models.IssueItem),
        ),
    )
    app.extensions.setdefault(EVIDENCE_PAGES, {})["batch"] = batch_views.evidence_pages
    app.extensions[EVIDENCE_PAGES]["revoked_certificate"] = certificate_views.evidence_pages
    app.extensions.setdefault(EVIDENCE_WORDS, {})["batch"] = evidence.batch_words
    register_task(app, TASK, tasks.draw)
    register_task(app, lost_files.TASK, tasks.redraw)
    register_task(app, batches.TASK, tasks.issue)
    register_task(app, tasks.RELEASE, tasks.release)
    register_task(app, list_tasks.IMPORT, list_tasks.import_list)
    register_periodic(app, list_tasks.FORGET, list_tasks.forget_uploads, every=timedelta(days=1), title=N_("删除没有检查完的签发名单"))
    app.extensions.setdefault(list_tasks.LONG, {})[list_tasks.SELECT] = batch_views.choose_again
    register_task(app, list_tasks.SELECT, list_tasks.select_people)
    app.extensions.setdefault(CARRIED, {})["certificates"] = Carried(restoring.look, restoring.put)
    register_nav(
        app,
        Entry("mine", _l("我的证书"), "certificates.mine", "certificate", roles=(Role.STUDENT, Role.TRAINEE, Role.MENTOR), order=50),
        Entry("programme", _l("证书管理"), "certificates.index", "certificate", can=Can.LIST, order=70),
    )


def load_reference(_folder: Path) -> dict[str, int]:
    """Note the keys that sign here, so that their public halves outlive keys.json and an external module. Called by `trainhub init`."""
    return {"signing_key": int(signing.note_first(ring=keyring(), now=clock.now(), module=tasks.module()))}


def _measure_address(app: Flask) -> None:
    """An address that no code on a certificate holds is told at the start, not by a print run that stops."""
    if not addresses.fits(app.config["SETTINGS"].base_url):
        raise HalfConfigured(
            "TRAINHUB_BASE_URL 太长，证书上的二维码放不下：请设为更短的网址，例如 https://train.example.edu.cn / "
            "is too long for the code on certificates: set a shorter address, such as https://train.example.edu.cn"
        )


def _open_key_file(app: Flask) -> None:
    """Read the key file for PAdES signatures at the start: a wrong password is told now, not to a holder."""
    settings = app.config["SETTINGS"]
    if settings.pdf_signer is None:
        return
    try:
        app.extensions[SEALER] = KeyFile.read(settings.pdf_signer, settings.pdf_signer_password)
    except CannotSeal as bad:
        raise HalfConfigured(
            "TRAINHUB_PDF_SIGNER 打不开：请核对它指向的 PKCS #12 文件（RSA 或 P-256）和 TRAINHUB_PDF_SIGNER_PASSWORD 中的口令，"
            "或把两者都删去，PDF 就不带 PAdES 签名 / cannot be opened: set it to a PKCS #12 file (RSA or P-256) and TRAINHUB_PDF_SIGNER_PASSWORD "
            f"to its password, or take both away and PDFs carry no PAdES signature ({bad})"
        ) from bad


def _plug_signer(app: Flask) -> None:
    """Put the external signer of credentials into its place at the start, after a signature for trial."""
    place = app.config["SETTINGS"].credential_signer
    if not place:
        return
    try:
        app.extensions[SLOT] = plugged(place)
    except CannotPlug as bad:
        raise HalfConfigured(
            "TRAINHUB_CREDENTIAL_SIGNER 不能使用：请设为已安装的 包.模块:函数，并确认签名设备已连接，或删去它，由 keys.json 中的密钥签名；见 docs/certificates.md / "
            "cannot be used: set it to an installed package.module:function and see that the signing device is connected, or take it away, then the key in "
            f"keys.json signs; see docs/certificates.md ({bad})"
        ) from bad
