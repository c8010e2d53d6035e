"""Templates drawn up here: a draft is edited freely, a second person approves it, an approved version never changes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from trainhub.certificates import queries
from trainhub.certificates.checking import faults, lacks, unprintable_wording
from trainhub.certificates.layouts.drawing import Press, common_facts
from trainhub.certificates.layouts.fitting import MOST_SEAL_LINE, cut_wording, labels_of, long_seal_lines
from trainhub.certificates.layouts.model import Field, Layout, Text, built_in, codes, data_of, parsed, read_layout
from trainhub.certificates.layouts.pictures import BadPicture, data_uri
from trainhub.certificates.layouts.shape import BadLayout
from trainhub.certificates.models import CertificateTemplate, IssuerTemplate
from trainhub.certificates.operations.telling import tell_of_template
from trainhub.certificates.types import Kind, TemplateState
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import add_once, session
from trainhub.kernel.errors import Refused, Stale
from trainhub.kernel.i18n import N_, _, listed
from trainhub.organisations.models import Organisation

MOST_BYTES = 200_000
MOST_ELEMENTS = 300
MOST_IMAGES = 6
_CODE = re.compile(r"[a-z][a-z_]{1,29}")
_IMAGE = re.compile(r"[a-z][a-z0-9-]{0,29}")
LONGEST_NAME = "诺" * 60
MOST_TOLD = 5
"""Faults of a template told in one refusal."""
NOT_SAVED = N_("模板没有保存。%(wrong)s")
NOT_SUBMITTED = N_("模板没有提交。%(wrong)s")
NOT_CHOSEN = N_("这个模板不能作为默认模板。%(wrong)s")
NOT_APPROVED = N_("模板没有批准，可退回修改。%(wrong)s")
SAMPLE = {"date": "2026-03-05", "number": "48"}


class BadTemplate(Refused):
    """The template cannot be drawn, or its state does not allow the step; the message says what to mend."""

    code = "bad_template"


BUILT_IN = "certificate_layout"
"""What the audit log calls a template that is no row."""


def sample_facts(layout: Layout, sample: str = "usual") -> dict[str, str]:
    """Made-up facts for previews: every field named after itself; `long` ones fill their boxes; `missing`: no fact is there."""
    numbers = {"number": "000000000000000000", "code": "000000000000"}
    if sample == "missing":
        return numbers
    is_long = sample == "long"
    facts = {one.name: one.default or SAMPLE.get(one.type) or (one.label * 40)[: 40 if is_long else len(one.label)] for one in layout.fields}
    return {**facts, "name": LONGEST_NAME if is_long else "欧阳娜娜", **numbers}


def checked_layout(body: str) -> Layout:
    """The layout of a body that can be drawn; BadTemplate says what is wrong and where."""
    try:
        if len(json.dumps({**parsed(body), "images": {}}, ensure_ascii=False).encode()) > MOST_BYTES:
            raise BadTemplate(_("模板超过 %(kb)d KB。", kb=MOST_BYTES // 1000), field="body")
        layout = read_layout(body)
        if not (50 <= layout.width <= 600 and 50 <= layout.height <= 600):
            raise BadLayout(_("page 的宽和高应在 50 到 600 毫米之间"))
        _bounded(layout)
        Press(layout, common_facts(layout, sample_facts(layout)), base_url="https://example.org").add(sample_facts(layout))
    except (BadLayout, ValueError, TypeError, KeyError, AttributeError, ArithmeticError, IndexError) as bad:
        raise BadTemplate(_("模板不能绘制：%(what)s。请按提示改正后再试。", what=str(bad)[:300]), field="body") from bad
    return layout


def _bounded(layout: Layout) -> None:
    """Sizes that drawing can bear: shrinking a text to fit goes step by step from its size."""
    if len(layout.elements) > MOST_ELEMENTS:
        raise BadLayout(_("元素超过 %(most)d 个", most=MOST_ELEMENTS))
    for position, one in enumerate(layout.elements, 1):
        if isinstance(one, Text) and not (1 <= one.min_size <= one.size <= 200 and 1 <= one.max_lines <= 50 and 0.5 <= one.leading <= 5):
            raise BadLayout(_("第 %(n)d 个元素的 size 和 min_size 应为 1 到 200，max_lines 为 1 到 50，leading 为 0.5 到 5", n=position))
        numbers = [value for value in vars(one).values() if isinstance(value, int | float)]
        numbers += list(vars(one.box).values()) if hasattr(one, "box") else []
        if any(abs(value) > 2000 for value in numbers):
            raise BadLayout(_("第 %(n)d 个元素有超过 2000 的数字", n=position))


def _must_be_sound(layout: Layout, refusal: str, *, is_whole: bool = True) -> None:
    """BadTemplate, naming the elements, for what every certificate of this layout would print wrong; of a `whole` one also for what it must show and does not."""
    wrong = [*faults(layout), *unprintable_wording(layout), *(lacks(layout) if is_whole else ())]
    if wrong:
        raise BadTemplate(_(refusal, wrong=" ".join(wrong[:MOST_TOLD])), field="body")


def warnings_of(layout: Layout) -> list[str]:
    """What a person should look at before approving: a field no text prints, a name of 60 characters that is cut."""
    press = Press(layout, common_facts(layout, sample_facts(layout)), base_url="https://example.org")
    report = press.add({**sample_facts(layout), "name": LONGEST_NAME})
    said = [_("60个字的姓名放不下，这样的证书不会签发：请加大姓名的方框或允许多行。")] if "name" in report.overflows else []
    said += [*faults(layout), *unprintable_wording(layout)]
    said += [_("固定文字“%(text)s”放不下，会被截断：请加大方框、允许多行或减小字号。", text=text[:40]) for text in cut_wording(layout)]
    said += [_("印章下方的文字“%(text)s”会压到圆环：最多 %(most)d 个字。", text=text[:40], most=MOST_SEAL_LINE) for text in long_seal_lines(layout)]
    printed = "".join(getattr(one, "text", "") for one in layout.elements)
    absent = labels_of(layout, [one.name for one in layout.fields if f"{{{one.name}}}" not in printed])
    said += [_("字段“%(name)s”没有印在页面上。", name=name) for name in absent]
    said += [_("字段“%(name)s”像是人名或个人信息，却对查验的人完整显示。", name=one.label) for one in layout.fields if _tells_a_person(one)]
    return said + lacks(layout)


def _tells_a_person(one: Field) -> bool:
    return one.usual != "public" and one.visibility == "public"


def start(*, code: str, kind: Kind, owner: Organisation | None, by: Identity, now: datetime) -> CertificateTemplate:
    """A draft of a new template, copied from the kind's own. Without an owner it is common to all issuers."""
    if not _CODE.fullmatch(code) or code in codes():
        raise BadTemplate(_("模板代码用2到30个小写字母和下划线，且不能与内置模板重名。"), field="code")
    if queries.template_versions(code):
        raise BadTemplate(_("代码“%(code)s”已被使用：请换一个代码，或在该模板的页面上建立下一个版本。", code=code), field="code")
    row = CertificateTemplate(code=code, edition=1, kind=kind, owner_id=owner.id if owner else None, made_by_id=by.account_id, made_at=now)
    return _begin(row, data_of(built_in(kind.value)), by, BadTemplate(_("这个代码刚被其他人使用：请换一个代码。"), field="code"))


def next_version(*, template: CertificateTemplate, by: Identity, now: datetime) -> CertificateTemplate:
    """A draft of the next version of a template, copied from its latest; one draft at a time."""
    latest = queries.template_versions(template.code)[0]
    if latest.state in (TemplateState.DRAFT, TemplateState.SUBMITTED):
        raise BadTemplate(_("模板“%(code)s”已有一个未完成的版本，请先处理。", code=template.code))
    row = CertificateTemplate(
        code=latest.code, edition=latest.edition + 1, kind=latest.kind, owner_id=latest.owner_id, made_by_id=by.account_id, made_at=now
    )
    taken = BadTemplate(_("模板“%(code)s”刚由其他人建立了下一个版本，请刷新后处理。", code=template.code))
    return _begin(row, json.loads(latest.body), by, taken)


def _begin(row: CertificateTemplate, body: dict[str, Any], by: Identity, taken: BadTemplate) -> CertificateTemplate:
    row.body = pretty({**body, "code": row.code, "version": row.edition})
    add_once(row, lambda: taken)
    audit.record(by=by, did="certificates.template.started", on=row, data={"code": row.code, "edition": row.edition})
    return row


def choose(*, issuer: Organisation, kind: Kind, template: str, by: Identity, now: datetime) -> IssuerTemplate:
    """Say which template an issuer's certificates of a kind are drawn from when nobody names another; the kind's code: the built-in one.

    Raises BadTemplate for what is not in use or another issuer's, and for a template that demands facts which rules do not know.
    """
    if template not in queries.template_choices(kind, issuer):
        raise BadTemplate(
            _("这个模板不能用于“%(issuer)s”的这种证书：请选择通用的或该单位自己的、已批准的模板。", issuer=issuer.name), field="template"
        )
    _must_be_sound(queries.layout_of(template), NOT_CHOSEN)  # one of before may have been approved without a name or a code
    known = {one.name for one in built_in(kind.value).fields}
    strange = [one.name for one in queries.layout_of(template).own_fields if one.required and not one.default and one.name not in known]
    if strange:
        message = _(
            "这个模板必填“%(fields)s”，自动签发时没有这些内容，不能作为默认模板。", fields=listed(labels_of(queries.layout_of(template), strange))
        )
        raise BadTemplate(message, field="template")
    row = queries.issuer_template(issuer.id, kind)
    if row is None:
        row = _chosen(IssuerTemplate(issuer_id=issuer.id, kind=kind, template=template, chosen_by_id=by.account_id, chosen_at=now))
    row.template, row.chosen_by_id, row.chosen_at = template, by.account_id, now
    session().flush()
    audit.record(by=by, did="certificates.template.set", on=issuer, data={"issuer": issuer.name, "kind": kind.value, "template": template})
    return row


class _Chosen(Exception):
    """Somebody else chose at the same moment."""


def _chosen(row: IssuerTemplate) -> IssuerTemplate:
    """The row of a first choice, also when somebody else chose at the same moment: the last word counts, as it does later."""
    issuer_id, kind = row.issuer_id, row.kind
    try:
        add_once(row, _Chosen)
    except _Chosen:
        known = queries.issuer_template(issuer_id, kind)
        assert known is not None
        return known
    return row


def pretty(body: object) -> str:
    """JSON with one field or element on a line, as people edit it."""
    assert isinstance(body, dict)
    body = {name: value for name, value in body.items() if name != "images" or value}
    parts = []
    for name, value in body.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            rows = ",\n".join("  " + json.dumps(one, ensure_ascii=False) for one in value)
            parts.append(f' "{name}": [\n{rows}\n ]')
        else:
            parts.append(f' "{name}": {json.dumps(value, ensure_ascii=False)}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def text_of(body: str) -> str:
    """The body as people edit it: without its pictures, which are kept beside the text."""
    return pretty({name: value for name, value in json.loads(body).items() if name != "images"})


def with_images(text: str, template: CertificateTemplate) -> str:
    """The edited text together with the pictures of the draft; BadTemplate when the text is no JSON."""
    try:
        data = parsed(text)
    except BadLayout as bad:
        raise BadTemplate(_("模板不能绘制：%(what)s。请按提示改正后再试。", what=str(bad)[:300]), field="body") from bad
    images = json.loads(template.body).get("images")
    return pretty({**data, "images": images} if images and "images" not in data else data)


def add_image(*, template: CertificateTemplate, name: str, data: bytes, by: Identity) -> None:
    """Put a picture (emblem, scanned seal or signature) into a draft; one of the same name is replaced."""
    _must_be(template, TemplateState.DRAFT)
    body = json.loads(template.body)
    images = dict(body.get("images", {}))
    if not _IMAGE.fullmatch(name):
        raise BadTemplate(_("图片名称用小写字母开头，只用小写字母、数字和连字符，例如 seal。"), field="name")
    if name not in images and len(images) >= MOST_IMAGES:
        raise BadTemplate(_("一个模板最多放%(most)d张图片。", most=MOST_IMAGES), field="name")
    try:
        images[name] = data_uri(data)
    except BadPicture as bad:
        raise BadTemplate(_("图片不能使用：请上传 400 KB 以内、四百万像素以内的 PNG 或 RGB 的 JPEG。"), field="file") from bad
    template.body = pretty({**body, "images": images})
    template.made_by_id = by.account_id
    session().flush()
    audit.record(by=by, did="certificates.template.image_added", on=template, data={"code": template.code, "image": name})


def remove_image(*, template: CertificateTemplate, name: str, by: Identity) -> None:
    """Take a picture out of a draft; refused while an element shows it."""
    _must_be(template, TemplateState.DRAFT)
    body = json.loads(template.body)
    images = dict(body.get("images", {}))
    if any(one.get("image") == name for one in body["elements"]):
        raise BadTemplate(_("页面上还有元素在用这张图片，请先删除元素并保存。"))
    images.pop(name, None)
    template.body = pretty({**body, "images": images})
    template.made_by_id = by.account_id
    session().flush()
    audit.record(by=by, did="certificates.template.image_removed", on=template, data={"code": template.code, "image": name})


def save(*, template: CertificateTemplate, body: str, version: int, by: Identity) -> CertificateTemplate:
    """Keep an edited draft that can be drawn and has no fault of its own (BadTemplate); refused when somebody else saved since (Stale)."""
    if template.version != version:
        raise Stale(_("这个模板刚被其他人修改过，你的修改没有保存。请核对后再提交。"))
    _must_be(template, TemplateState.DRAFT)
    body = with_images(body, template)
    layout = checked_layout(body)
    if (layout.code, layout.version) != (template.code, template.edition):
        message = _("code 和 version 应保持为 %(code)s 和 %(edition)d。", code=template.code, edition=template.edition)
        raise BadTemplate(message, field="body")
    _must_be_sound(layout, NOT_SAVED, is_whole=False)
    template.body, template.made_by_id = body, by.account_id
    session().flush()
    audit.record(by=by, did="certificates.template.saved", on=template, data={"code": template.code, "edition": template.edition})
    return template


def show_to(*, template: CertificateTemplate, shown: Mapping[str, str], version: int, by: Identity) -> None:
    """Say who sees the fields of a draft where certificates are verified, see `Field.shown`; what is as its name suggests stays undecided."""
    if template.version != version:
        raise Stale(_("这个模板刚被其他人修改过，你的修改没有保存。请核对后再提交。"))
    _must_be(template, TemplateState.DRAFT)
    layout = checked_layout(template.body)
    unknown = sorted(set(shown) - {one.name for one in layout.fields})
    if unknown or not set(shown.values()) <= {"public", "masked", "holder_only"}:
        raise BadTemplate(_("请为每个字段选择谁能看到；字段有变化时，请刷新页面后再选。"))
    usual = {one.name: one.usual for one in layout.fields}
    body = json.loads(template.body)
    for one in body["fields"]:
        chosen = shown.get(one["name"])
        if chosen is not None and (chosen != usual[one["name"]] or one.get("shown")):
            one["shown"] = chosen
    template.body, template.made_by_id = pretty(body), by.account_id
    session().flush()
    data = {"code": template.code, "edition": template.edition, "shown": dict(shown)}
    audit.record(by=by, did="certificates.template.saved", on=template, data=data)


def note_blank(*, layout: Layout, template: CertificateTemplate | None, by: Identity) -> None:
    """Note that a blank was drawn for a printing house: who has one can print what looks like a certificate. Of a built-in template its key is named."""
    on = template if template is not None else (BUILT_IN, layout.key)
    audit.record(by=by, did="certificates.template.blank_drawn", on=on, data={"template": layout.key})


def _must_be(template: CertificateTemplate, *states: TemplateState) -> None:
    if template.state not in states:
        raise BadTemplate(_("模板的状态已变，不能这样操作。已批准的模板不再改动：请建立新版本。"))


def _must_be_seen(template: CertificateTemplate, version: int | None) -> None:
    """Stale when somebody changed the template since the page that was looked at."""
    if version is not None and template.version != version:
        raise Stale(_("这个模板在你打开页面之后有改动，你的操作没有生效。请核对现在的内容后再办理。"))


def submit(*, template: CertificateTemplate, by: Identity, now: datetime, version: int | None = None) -> None:
    """Hand a draft to a second person, as whoever does it has seen it (`version`, else Stale); BadTemplate when its own wording cannot be printed or does not fit, as that would be wrong on every certificate."""
    _must_be_seen(template, version)
    _must_be(template, TemplateState.DRAFT)
    layout = checked_layout(template.body)
    _must_be_sound(layout, NOT_SUBMITTED)
    cut = cut_wording(layout)
    if cut:
        message = _("固定文字“%(text)s”放不下，每张证书上都会被截断，没有提交。请加大方框、允许多行或减小字号。", text=cut[0][:40])
        raise BadTemplate(message)
    template.state = TemplateState.SUBMITTED
    session().flush()
    audit.record(by=by, did="certificates.template.submitted", on=template, data={"code": template.code, "edition": template.edition})
    tell_of_template(template, name=layout.title, by=by, now=now)


def decide(*, template: CertificateTemplate, is_approved: bool, reason: str, by: Identity, now: datetime, version: int | None = None) -> None:
    """Decide on what was looked at (`version`, else Stale): approve (not by anybody who drew or changed this version, and not what prints wrong), or send back to be edited. The version before is retired; it still draws what it issued."""
    _must_be_seen(template, version)
    _must_be(template, TemplateState.SUBMITTED)
    if is_approved and queries.is_editor(template, by.account_id):
        raise BadTemplate(_("模板须由另一人批准：编辑过这个版本的人都不能批准它。"))
    if is_approved:
        _must_be_sound(checked_layout(template.body), NOT_APPROVED)
        for one in queries.template_versions(template.code):
            if one.state is TemplateState.APPROVED:
                one.state = TemplateState.RETIRED
        template.state, template.decided_by_id, template.decided_at = TemplateState.APPROVED, by.account_id, now
    else:
        template.state = TemplateState.DRAFT
    template.reason = reason.strip()[:400]
    session().flush()
    did = "certificates.template.approved" if is_approved else "certificates.template.returned"
    audit.record(by=by, did=did, on=template, data={"code": template.code, "edition": template.edition, "reason": template.reason})


def retire(*, template: CertificateTemplate, reason: str, by: Identity, now: datetime, version: int | None = None) -> None:
    """Take an approved version out of use (a seal that changed, an office that closed): nothing new is issued from it, issuers who chose it fall
    back to the next choice, what was issued from it is drawn as before. BadTemplate without a reason; a next version can follow."""
    _must_be_seen(template, version)
    _must_be(template, TemplateState.APPROVED)
    reason = reason.strip()
    if not reason:
        raise BadTemplate(_("停用模板时请写明理由。"), field="reason")
    template.state, template.decided_by_id, template.decided_at, template.reason = TemplateState.RETIRED, by.account_id, now, reason[:400]
    session().flush()
    data = {"code": template.code, "edition": template.edition, "reason": template.reason}
    audit.record(by=by, did="certificates.template.retired", on=template, data=data)
