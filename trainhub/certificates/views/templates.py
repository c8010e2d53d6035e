"""Pages of templates: drawing them up with a live preview, and a second person's approval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, current_app, render_template, request
from flask_wtf.file import FileField, FileRequired
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from trainhub.certificates import documents, labels, queries
from trainhub.certificates.batch_forms import template_offers
from trainhub.certificates.layouts.blank import left_to_hand
from trainhub.certificates.layouts.model import Field, Layout, built_in, codes
from trainhub.certificates.layouts.pictures import MOST_BYTES
from trainhub.certificates.layouts.spec import spec
from trainhub.certificates.layouts.svg import svg
from trainhub.certificates.models import CertificateTemplate
from trainhub.certificates.operations import templates
from trainhub.certificates.permissions import Can
from trainhub.certificates.types import Kind, TemplateState
from trainhub.certificates.views import blueprint
from trainhub.kernel import clock, paging
from trainhub.kernel.access import NOTHING, Identity, demand, guard, may, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.fields import optional_int
from trainhub.kernel.forms import CodeText, Form, LongText, Text
from trainhub.kernel.i18n import _, _l
from trainhub.kernel.numbers import whole
from trainhub.kernel.web import asks, done
from trainhub.organisations import queries as organisations

PREVIEW_BLEED = 3.0


COMMON = 0
"""The choice of nobody in particular as owner: every issuer may use the template."""


class StartForm(Form):
    """A new template and whose it is."""

    code = CodeText(_l("代码"), [DataRequired(_l("请填写代码。")), Length(max=30)], description=_l("小写字母和下划线，例如 college_training。"))
    kind = SelectField(_l("种类"), [InputRequired()], choices=[SelectChoice(one.value, label) for one, label in labels.KINDS.items()])
    owner_id = SelectField(
        _l("归属单位"), [InputRequired()], coerce=int, description=_l("只有归属单位能修改它和用它签发：模板上可以有本单位的校徽、印章和签名。")
    )

    def prepare(self, identity: Identity) -> StartForm:
        """The owners to choose from: everybody only for those who answer for everybody."""
        everybody = [SelectChoice(COMMON, _("通用（所有发证单位）"))] if may(identity, Can.TEMPLATE_EDIT) else []
        self.owner_id.choices = [*everybody, *(SelectChoice(key, name) for key, name in queries.issuing_choices(identity))]
        return self


class ChoiceForm(Form):
    """Which template an issuer's certificates of a kind are drawn from."""

    issuer_id = SelectField(_l("发证单位"), [InputRequired(_l("请选择发证单位。"))], coerce=optional_int)
    template = SelectField(_l("证书模板"), [InputRequired(_l("请选择证书模板。"))])

    def prepare(self, identity: Identity) -> ChoiceForm:
        """The issuers and templates to choose from; nothing is chosen to begin with, so that nobody sets one for the wrong issuer."""
        self.issuer_id.choices = [SelectChoice("", "—"), *(SelectChoice(key, name) for key, name in queries.issuing_choices(identity))]
        self._kinds = {}
        self.template.choices = [SelectChoice("", "—")]
        for code, kind, label in template_offers(identity, tuple(Kind)):
            self._kinds[code] = kind
            self.template.choices.append(SelectChoice(code, label))
        return self

    @property
    def of_kind(self) -> Kind:
        """The kind of the template chosen."""
        return self._kinds[self.template.data]


class BodyForm(Form):
    """A layout as JSON."""

    body = LongText(_l("版面（JSON，长度单位毫米，字号单位磅）"), [DataRequired(_l("请填写版面。"))])


class ImageForm(Form):
    """A picture for a draft."""

    name = Text(
        _l("名称"), [DataRequired(_l("请填写名称。")), Length(max=30)], description=_l("小写字母、数字和连字符，例如 seal。同名的图片会被替换。")
    )
    file = FileField(_l("图片"), [FileRequired(_l("请选择图片。"))], description=_l("PNG（可透明）或 JPEG，不超过 400 KB。"))


class DecideForm(Form):
    """What the second person says."""

    reason = LongText(_l("意见"), [Optional(), Length(max=400)])


class RetireForm(Form):
    """Why a template goes out of use."""

    reason = LongText(_l("停用理由"), [DataRequired(_l("停用模板时请写明理由。")), Length(max=400)])


SHOWN = {"public": _l("完整显示"), "masked": _l("只显示首字，其余隐去"), "holder_only": _l("仅持证人和发证单位")}
"""Who sees a field where certificates are verified."""


def load_template(template_id: int) -> CertificateTemplate:
    """The version of an address."""
    row = queries.template_by_id(template_id)
    if row is None:
        raise NotFound(_("没有这个证书模板。"))
    return row


def _base() -> str:
    address: str = current_app.config["SETTINGS"].base_url
    return address


@blueprint.route("/templates", methods=["GET", "POST"])
@guard(Can.TEMPLATE_LIST)
def template_list() -> Any:
    """The templates drawn up here, and how to begin another."""
    form = StartForm().prepare(who())
    if form.validate_on_submit():
        owner = organisations.by_id(form.owner_id.data) if form.owner_id.data != COMMON else None
        try:
            demand(who(), Can.TEMPLATE_EDIT, queries.subject_of_issuer(owner.id) if owner is not None else NOTHING)
            with transaction():
                row = templates.start(code=form.code.data or "", kind=Kind(form.kind.data), owner=owner, by=who(), now=clock.now())
                key = row.id
            return done(_("已建立草稿。"), "certificates.template", template_id=key)
        except templates.BadTemplate as refused:
            form.refuse(refused)
    number, size = paging.wanted()
    page = paging.paginate(queries.templates_listing(who()), number=number, size=size, scalars=False)
    text = render_template("trainhub/certificates/templates.html", page=page, form=form, labels=labels)
    return text, 422 if request.method == "POST" else 200


@blueprint.get("/templates/built-in/<kind>.svg")
@guard(Can.TEMPLATE_LIST)
def template_built_in(kind: str) -> Any:
    """What the built-in template of a kind looks like."""
    if kind not in codes():
        raise NotFound(_("没有这个证书模板。"))
    layout = built_in(kind)
    answer = Response(svg(layout, templates.sample_facts(layout), base_url=_base()), mimetype="image/svg+xml")
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer


@blueprint.route("/templates/defaults", methods=["GET", "POST"])
@guard(Can.TEMPLATE_LIST)
def template_defaults() -> Any:
    """Which template each issuer's certificates are drawn from when nobody names another."""
    form = ChoiceForm().prepare(who())
    if form.validate_on_submit():
        issuer = organisations.by_id(form.issuer_id.data)
        assert issuer is not None
        try:
            demand(who(), Can.TEMPLATE_SET, queries.subject_of_issuer(issuer.id))
            with transaction():
                templates.choose(issuer=issuer, kind=form.of_kind, template=form.template.data, by=who(), now=clock.now())
            return done(_("已设为默认模板，此后签发的证书用它。"), "certificates.template_defaults")
        except templates.BadTemplate as refused:
            form.refuse(refused)
    page = render_template("trainhub/certificates/template_defaults.html", rows=queries.chosen_templates(who()), form=form, labels=labels)
    return page, 422 if request.method == "POST" else 200


def _editor(layout: Layout) -> dict[str, Any]:
    """What the drawing page in the browser needs to know."""
    common = {name: str(labels.EDITOR[name]) for name in ("name", "number", "code")}
    return {
        "elements": spec(),
        "kinds": {name: str(label) for name, label in labels.ELEMENTS.items()},
        "properties": {name: str(label) for name, label in labels.PROPERTIES.items()},
        "choices": {name: str(label) for name, label in labels.CHOICES.items()},
        "words": {name: str(label) for name, label in labels.EDITOR.items()},
        "fields": {**common, **{one.name: str(labels.of_field(one)) for one in layout.fields}},
        "images": sorted(layout.images),
    }


def _page(
    row: CertificateTemplate,
    form: BodyForm | None = None,
    decision: DecideForm | None = None,
    image: ImageForm | None = None,
    retiring: RetireForm | None = None,
    told: Sequence[str] = (),
) -> Any:
    drawn, said, editor, by_hand = "", [], None, []
    fields: Sequence[Field] = ()
    may_edit = may(who(), Can.TEMPLATE_EDIT, queries.subject_of_template(row))
    try:
        layout = templates.checked_layout(templates.with_images(form.body.data or "", row) if form is not None else row.body)
        editor = _editor(layout) if row.state is TemplateState.DRAFT and may_edit else None
        fields = layout.fields
        by_hand = sorted({one.image for one in left_to_hand(layout)})
        drawn, said = svg(layout, templates.sample_facts(layout), base_url=_base()), templates.warnings_of(layout)
    except templates.BadTemplate as refused:
        said = [refused.message]
    is_draft = row.state is TemplateState.DRAFT and may_edit
    may_approve = row.state is TemplateState.SUBMITTED and may(who(), Can.TEMPLATE_APPROVE, queries.subject_of_template(row))
    may_retire = row.state is TemplateState.APPROVED and may_edit
    unseen = [
        *([] if is_draft else [form, image]),
        *([] if may_approve else [decision]),
        *([] if may_retire else [retiring]),
    ]  # somebody was quicker: their forms are gone from the page
    page = render_template(
        "trainhub/certificates/template.html",
        template=row,
        refused=[*told, *(words for one in unseen if one is not None for words in one.said())],
        fields=[one for one in fields if one.name not in documents.HIDDEN],
        shown=SHOWN,
        form=form or BodyForm(formdata=None, body=templates.text_of(row.body), version=row.version),
        image=image or ImageForm(formdata=None),
        images=queries.images_of(row),
        editor=editor,
        decision=decision or DecideForm(formdata=None, version=row.version),
        drawn=drawn,
        warnings=said,
        by_hand=by_hand,
        may_edit=may_edit,
        is_latest=queries.template_versions(row.code)[0].id == row.id,
        owner=organisations.by_id(row.owner_id) if row.owner_id is not None else None,
        may_approve=may_approve,
        retiring=(retiring or RetireForm(formdata=None, version=row.version)) if may_retire else None,
        is_mine=queries.is_editor(row, who().account_id),
        labels=labels,
    )
    return page, 200 if all(one is None for one in (form, decision, image, retiring)) else 422


@blueprint.get("/templates/<int:template_id>")
@guard(Can.TEMPLATE_VIEW, load=load_template, subject=queries.subject_of_template)
def template(row: CertificateTemplate) -> Any:
    """Look at a version; who may edit it finds the tools."""
    return _page(row)


@blueprint.post("/templates/<int:template_id>")
@guard(Can.TEMPLATE_EDIT, load=load_template, subject=queries.subject_of_template)
def template_save(row: CertificateTemplate) -> Any:
    """Keep an edited draft."""
    form = BodyForm()
    if not form.validate():
        return _page(row, form)
    try:
        with transaction():
            templates.save(template=load_template(row.id), body=form.body.data or "", version=form.version.data or 0, by=who())
    except Refused as refused:
        form.refuse(refused)
        return _page(load_template(row.id), form)
    return done(_("已保存。"), "certificates.template", template_id=row.id)


@blueprint.post("/templates/<int:template_id>/shown")
@guard(Can.TEMPLATE_EDIT, load=load_template, subject=queries.subject_of_template)
def template_shown(row: CertificateTemplate) -> Any:
    """Say who sees the fields of a draft."""
    shown = {name.removeprefix("shown_"): value for name, value in request.form.items() if name.startswith("shown_")}
    try:
        with transaction():
            version = request.form.get("version", 0, type=whole) or 0
            templates.show_to(template=load_template(row.id), shown=shown, version=version, by=who())
    except Refused as refused:
        page, _status = _page(load_template(row.id), told=[refused.message])
        return page, 422
    return done(_("已保存。"), "certificates.template", template_id=row.id)


@blueprint.post("/templates/<int:template_id>/preview")
@asks
@guard(Can.TEMPLATE_EDIT, load=load_template, subject=queries.subject_of_template)
def template_preview(row: CertificateTemplate) -> Any:
    """The page as SVG while it is edited; what is wrong comes back in words. Nothing is kept."""
    try:
        layout = templates.checked_layout(templates.with_images(request.form.get("body", ""), row))
    except templates.BadTemplate as refused:
        return Response(refused.message, 422, mimetype="text/plain")
    facts = templates.sample_facts(layout, request.form.get("sample", "usual"))
    bleed = PREVIEW_BLEED if request.form.get("bleed") else 0
    return Response(svg(layout, facts, base_url=_base(), bleed=bleed), mimetype="image/svg+xml")


@blueprint.post("/templates/<int:template_id>/images")
@guard(Can.TEMPLATE_EDIT, load=load_template, subject=queries.subject_of_template)
def template_image(row: CertificateTemplate) -> Any:
    """Put a picture into a draft."""
    form = ImageForm()
    if not form.validate():
        return _page(row, image=form)
    try:
        data = form.file.data.stream.read(MOST_BYTES + 1)
        with transaction():
            templates.add_image(template=load_template(row.id), name=form.name.data or "", data=data, by=who())
    except templates.BadTemplate as refused:
        form.refuse(refused)
        return _page(load_template(row.id), image=form)
    return done(_("图片已加入，可以放到页面上。"), "certificates.template", template_id=row.id)


@blueprint.post("/templates/<int:template_id>/images/<name>/remove")
@guard(
    Can.TEMPLATE_EDIT, load=lambda template_id, name: (load_template(template_id), name), subject=lambda pair: queries.subject_of_template(pair[0])
)
def template_image_remove(pair: tuple[CertificateTemplate, str]) -> Any:
    """Take a picture out of a draft."""
    row, name = pair
    with transaction():
        templates.remove_image(template=load_template(row.id), name=name, by=who())
    return done(_("图片已移除。"), "certificates.template", template_id=row.id)


@blueprint.post("/templates/<int:template_id>/next")
@guard(Can.TEMPLATE_EDIT, load=load_template, subject=queries.subject_of_template)
def template_next(row: CertificateTemplate) -> Any:
    """Begin the next version of it."""
    with transaction():
        made = templates.next_version(template=load_template(row.id), by=who(), now=clock.now())
        key = made.id
    return done(_("已建立草稿。"), "certificates.template", template_id=key)


@blueprint.post("/templates/<int:template_id>/submit")
@guard(Can.TEMPLATE_EDIT, load=load_template, subject=queries.subject_of_template)
def template_submit(row: CertificateTemplate) -> Any:
    """Hand it to a second person; what stands in the way is told where it is put right."""
    try:
        with transaction():
            templates.submit(template=load_template(row.id), by=who(), now=clock.now(), version=request.form.get("version", 0, type=whole) or 0)
    except templates.BadTemplate as refused:
        current = load_template(row.id)
        if current.state is not TemplateState.DRAFT:
            raise
        form = BodyForm(formdata=None, body=templates.text_of(current.body), version=current.version)
        form.refuse(refused)
        return _page(current, form)
    return done(_("已提交，等待另一人批准。"), "certificates.template", template_id=row.id)


@blueprint.post("/templates/<int:template_id>/decide")
@guard(Can.TEMPLATE_APPROVE, load=load_template, subject=queries.subject_of_template)
def template_decide(row: CertificateTemplate) -> Any:
    """Approve, or send back."""
    form = DecideForm()
    if not form.validate():
        return _page(row, decision=form)
    is_approved = request.form.get("decision") == "approve"
    try:
        with transaction():
            templates.decide(
                template=load_template(row.id),
                is_approved=is_approved,
                reason=form.reason.data or "",
                version=form.version.data or 0,
                by=who(),
                now=clock.now(),
            )
    except Refused as refused:
        form.refuse(refused)
        page, _status = _page(load_template(row.id), decision=form)
        return page, refused.status
    return done(_("模板已批准，可以用于签发。") if is_approved else _("已退回修改。"), "certificates.template", template_id=row.id)


@blueprint.post("/templates/<int:template_id>/retire")
@guard(Can.TEMPLATE_EDIT, load=load_template, subject=queries.subject_of_template)
def template_retire(row: CertificateTemplate) -> Any:
    """Take an approved version out of use."""
    form = RetireForm()
    try:
        if form.validate():
            with transaction():
                templates.retire(
                    template=load_template(row.id), reason=form.reason.data or "", version=form.version.data or 0, by=who(), now=clock.now()
                )
            return done(_("模板已停用，不再用于新的证书；已签发的证书不受影响。"), "certificates.template", template_id=row.id)
    except Refused as refused:
        form.refuse(refused)
    return _page(load_template(row.id), retiring=form)
