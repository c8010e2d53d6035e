"""A template's own wording and arrangement: what every certificate would print wrong is told by element before it is used, and not issued after."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import certificate
from tests.trainhub.certificates.scanning import codes_on
from trainhub.certificates import checking
from trainhub.certificates.layouts.drawing import Press
from trainhub.certificates.layouts.model import built_in, codes, data_of, read_layout
from trainhub.certificates.models import CertificateTemplate
from trainhub.certificates.operations import batches, templates
from trainhub.certificates.operations.batches import Wanted
from trainhub.certificates.types import Kind, State, TemplateState
from trainhub.kernel import fonts
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.i18n import in_language

pytestmark = pytest.mark.skipif(not fonts.available(), reason="the document fonts are not installed: make setup")
AsRole = Callable[..., FlaskClient]
RARE = "\U000323b0"
"""An ideograph of extension J: in no font yet."""
BOX = [20, 20, 60, 10]


def _who(number: int) -> Identity:
    return Identity(account_id=number, person_id=None, name="某人", grants=())


def _draft() -> CertificateTemplate:
    return templates.start(code="ours", kind=Kind.TRAINING, owner=None, by=_who(1), now=ground.NOW)


def _with(*elements: dict[str, Any], **fields: str) -> str:
    body = data_of(built_in("training")) | {"code": "ours", "version": 1}
    body["elements"] = [*body["elements"], *elements]
    for one in body["fields"]:
        if one["name"] in fields:
            one["default"] = fields[one["name"]]
    return json.dumps(body, ensure_ascii=False)


@pytest.mark.parametrize("code", codes())
def test_the_built_in_ones_have_none(session: Session, code: str) -> None:
    layout = built_in(code)
    assert (checking.faults(layout), checking.unprintable_wording(layout), checking.is_wording_printable(layout)) == ([], [], True)


@pytest.mark.parametrize("label", ["", " \u3000"])
def test_a_field_without_a_chinese_name_is_told(session: Session, label: str) -> None:
    """Its value would stand on pages and files without a word; without an English one the Chinese is taken."""
    body = data_of(built_in("training"))
    body["fields"][0] |= {"label": label}
    name = body["fields"][0]["name"]
    assert [one for one in checking.faults(read_layout(json.dumps(body))) if "label" in one] == [
        f"字段 {name} 没有中文名称（label）：它的值在页面和文件上会没有说明。"
    ]


WORDINGS = {
    "text": {"kind": "text", "text": f"特此{RARE}明 {{course}}", "box": BOX},
    "seal": {"kind": "seal", "x": 60, "y": 60, "radius": 16, "text": f"{RARE}大学"},
    "line of a seal": {"kind": "seal", "x": 60, "y": 60, "radius": 16, "text": "大学", "line": f"专用{RARE}"},
    "label": {"kind": "signature", "label": f"校长{RARE}", "box": [20, 20, 48, 22]},
    "second label": {"kind": "signature", "label": "校长", "label_en": "Presiden\U000323b0", "box": [20, 20, 48, 22]},
    "mark": {"kind": "text", "text": "x\u030c", "box": BOX},
    "invisible": {"kind": "text", "text": "特\u200b此证明", "box": BOX},
    "control": {"kind": "text", "text": "特此\n证明", "box": BOX, "max_lines": 2},
}


@pytest.mark.parametrize(("line", "is_long"), [("培训证书专用章", False), ("新培训证书专用章", True)])
def test_a_line_that_runs_over_the_ring_of_its_seal_is_told(line: str, is_long: bool) -> None:
    seal = {"kind": "seal", "x": 60, "y": 60, "radius": 16, "text": "大学", "line": line}
    assert any("圆环" in said for said in templates.warnings_of(read_layout(_with(seal)))) is is_long


@pytest.mark.parametrize("element", WORDINGS.values(), ids=list(WORDINGS))
def test_wording_that_no_font_draws_is_not_saved(session: Session, element: dict[str, Any]) -> None:
    row = _draft()
    place = len(built_in("training").elements) + 1
    with pytest.raises(templates.BadTemplate, match=rf"第 {place} 个元素.*U\+") as refused:
        templates.save(template=row, body=_with(element), version=row.version, by=_who(1))
    assert refused.value.field == "body"
    assert any("U+" in said for said in templates.warnings_of(read_layout(_with(element))))


def test_a_default_that_no_font_draws_is_not_saved(session: Session) -> None:
    row = _draft()
    with pytest.raises(templates.BadTemplate, match=r"字段“发证单位”的默认值.*U\+323B0"):
        templates.save(template=row, body=_with(issuer=f"{RARE}大学"), version=row.version, by=_who(1))
    with in_language("en"), pytest.raises(templates.BadTemplate, match=r"^The template was not saved"):
        templates.save(template=row, body=_with(issuer=f"{RARE}大学"), version=row.version, by=_who(1))


@pytest.mark.parametrize("state", [TemplateState.DRAFT, TemplateState.SUBMITTED])
def test_what_an_earlier_version_let_pass_is_neither_handed_in_nor_approved(session: Session, state: TemplateState) -> None:
    row = _draft()
    row.body, row.state = _with(WORDINGS["text"]), state
    with pytest.raises(templates.BadTemplate, match=r"U\+323B0"):
        if state is TemplateState.DRAFT:
            templates.submit(template=row, by=_who(1), now=ground.NOW)
        else:
            templates.decide(template=row, is_approved=True, reason="", by=_who(2), now=ground.NOW)
    assert row.state is state
    if state is TemplateState.SUBMITTED:
        templates.decide(template=row, is_approved=False, reason="有字印不出", by=_who(2), now=ground.NOW)
        assert row.state is TemplateState.DRAFT, "sent back it can be mended"


def test_nothing_is_issued_from_wording_that_no_font_draws(session: Session) -> None:
    row = _draft()
    row.body, row.state = _with(WORDINGS["seal"]), TemplateState.APPROVED
    session.flush()
    made = certificate(Kind.TRAINING, template="ours")
    assert (made.state, made.note) == (State.DRAFT, "needs_glyph")
    issuer, who = ground.university(), ground.person("张三")
    facts = {"course": "课程", "base": "基地", "hours": "8"}
    found = batches.check(kind=Kind.TRAINING, issuer=issuer, rows=[Wanted(who.id, facts)], template="ours")
    assert found.waiting == 1
    batch = batches.prepare(
        title="一班", kind=Kind.TRAINING, source=batches.BatchSource.IMPORT, issuer=issuer, checked=found, by=_who(1), now=ground.NOW
    )
    item = session.scalars(sa.select(batches.IssueItem).where(batches.IssueItem.batch_id == batch.id)).one()
    assert "印章" in batches.why_waiting(item, read_layout(row.body), issuer, "张三"), "who decides reads that it is the template"


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "case": ({"kind": "text", "text": "学习{Course}", "box": BOX}, "{Course}不是字段，会照原样印出：应写作 {course}"),
    "label": ({"kind": "text", "text": "学习{培训项目}", "box": BOX}, "应写作 {course}"),
    "spaces": ({"kind": "text", "text": "{ course }", "box": BOX}, "应写作 {course}"),
    "unknown": ({"kind": "text", "text": "{Grade-1}", "box": BOX}, "{Grade-1}不是字段，会照原样印出：字段写作花括号中的小写名称"),
    "open": ({"kind": "text", "text": "{course", "box": BOX}, "{不是字段"),
    "in a seal": ({"kind": "seal", "x": 60, "y": 60, "radius": 16, "text": "{Issuer}"}, "应写作 {issuer}"),
    "seal of a page": ({"kind": "seal", "x": 60, "y": 60, "radius": 16, "text": "{course}"}, "不能用每张证书不同的“培训项目”"),
    "seal of a holder": ({"kind": "seal", "x": 60, "y": 60, "radius": 16, "text": "{name}"}, "不能用每张证书不同的“姓名”"),
    "line of a seal": ({"kind": "seal", "x": 60, "y": 60, "radius": 16, "text": "大学", "line": "{issuer}"}, "“印章下方文字”里不能用字段"),
    "label of a signature": ({"kind": "signature", "label": "{issuer}", "box": [20, 20, 48, 22]}, "“签名处文字”里不能用字段"),
    "needs": ({"kind": "text", "text": "证", "box": BOX, "needs": "grade"}, "grade 不是这个模板的字段"),
    "off the page": ({"kind": "text", "text": "证", "box": [300, 20, 20, 10]}, "在页面之外"),
    "panel off the page": ({"kind": "panel", "box": [0, 211, 60, 10]}, "在页面之外"),
    "rule off the page": ({"kind": "rule", "x1": 20, "y1": -4, "x2": 100, "y2": -4}, "在页面之外"),
    "beyond the edge": ({"kind": "text", "text": "证", "box": [280, 20, 20, 10]}, "超出页面"),
    "code beyond the edge": ({"kind": "qr", "box": [20, 190, 26, 26]}, "超出页面"),
    "seal beyond the edge": ({"kind": "seal", "x": 10, "y": 60, "radius": 16, "text": "大学"}, "超出页面"),
    "low box": ({"kind": "text", "text": "证", "box": [20, 20, 60, 3], "size": 12, "min_size": 9}, "最小字号 9 磅高于方框（8.5 磅）"),
}


@pytest.mark.parametrize(("element", "said"), FAULTS.values(), ids=list(FAULTS))
def test_what_every_certificate_would_print_wrong_is_not_saved(session: Session, element: dict[str, Any], said: str) -> None:
    row = _draft()
    before = row.body
    with pytest.raises(templates.BadTemplate) as refused:
        templates.save(template=row, body=_with(element), version=row.version, by=_who(1))
    place = len(built_in("training").elements) + 1
    assert f"第 {place} 个元素（" in refused.value.message
    assert said in refused.value.message
    assert row.body == before


@pytest.mark.parametrize(
    ("title", "is_sound"), [("", False), (" ", False), ("证", True), ("证" * 60, True), ("证" * 61, False), ("证" * 5000, False), ("证\n书", False)]
)
def test_a_title_is_there_and_not_too_long(session: Session, title: str, is_sound: bool) -> None:
    row = _draft()
    for change in ({"title": title}, {"title_en": title * 2} if title.strip() else {"title_en": "x" * 121}):
        body = json.dumps(json.loads(_with()) | change, ensure_ascii=False)
        if is_sound:
            templates.save(template=row, body=body, version=row.version, by=_who(1))
            continue
        with pytest.raises(templates.BadTemplate, match=r"模板(英文)?名称"):
            templates.save(template=row, body=body, version=row.version, by=_who(1))


def test_a_field_that_no_text_could_print_is_told(session: Session) -> None:
    body = json.loads(_with({"kind": "text", "text": "{grade2}", "box": BOX}))
    body["fields"].append({"name": "grade2", "label": "等第", "label_en": "grade", "type": "text", "required": False})
    said = checking.faults(read_layout(json.dumps(body)))
    assert len(said) == 2
    assert "{grade2}不是字段" in said[0]
    assert "应写作" not in said[0]
    assert "字段“等第”的名称 grade2 只能用小写字母和下划线" in said[1]


@pytest.mark.parametrize(
    "element",
    [
        {"kind": "panel", "box": [-3, -3, 303, 40]},
        {"kind": "image", "image": "emblem", "box": [-3, -3, 303, 216]},
        {"kind": "rosette", "x": 0, "y": 0, "radius": 40},
        {"kind": "rule", "x1": 0, "y1": 30, "x2": 297, "y2": 30},
        {"kind": "text", "text": "证", "box": [277, 200, 20, 10]},
        {"kind": "seal", "x": 16, "y": 194, "radius": 16, "text": "{issuer}"},
        {"kind": "text", "text": "证", "box": [20, 20, 60, 3.2], "size": 12, "min_size": 9},
    ],
)
def test_what_reaches_into_the_bleed_or_to_the_edge_is_sound(session: Session, element: dict[str, Any]) -> None:
    body = json.loads(_with(element))
    if element["kind"] == "image":
        dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
        body["images"] = {"emblem": f"data:image/png;base64,{dot}"}
    assert checking.faults(read_layout(json.dumps(body))) == []


def test_the_page_says_what_is_wrong_and_keeps_what_was_typed(session: Session, as_role: AsRole) -> None:
    row = _draft()
    session.commit()
    admin = as_role(Role.SYSTEM_ADMIN)
    answer = admin.post(f"/certificates/templates/{row.id}", data={"body": _with(FAULTS["case"][0]), "version": row.version})
    assert answer.status_code == 422
    assert "应写作 {course}" in answer.text
    assert "学习{Course}" in answer.text
    row.body = _with(FAULTS["beyond the edge"][0])
    session.commit()
    page = admin.get(f"/certificates/templates/{row.id}").text
    assert "超出页面" in page, "a draft of an earlier version opens and says what is wrong"
    assert "<svg" in page


def _changed(what: str, **change: Any) -> str:
    """The layout for training with each element that holds these characters changed; `kind=None` takes it out."""
    body = json.loads(_with())
    elements = [one | change if what in json.dumps(one, ensure_ascii=False) else one for one in body["elements"]]
    return json.dumps({**body, "elements": [one for one in elements if one["kind"]]}, ensure_ascii=False)


def _on_black(text: str) -> str:
    body = json.loads(text)
    black = {"kind": "panel", "box": [0, 0, 297, 210], "color": "#000000"}
    return json.dumps({**body, "elements": [black, *body["elements"]]}, ensure_ascii=False)


QR = '"kind": "qr"'
LACKING = {
    "no name": (_changed("{name}", kind=None), "没有姓名"),
    "no number": (_changed("{number}", kind=None), "没有证书编号"),
    "no code": (_changed(QR, kind=None), "没有查验二维码"),
    "a name that may be left out": (_changed("{name}", needs="class_name"), "没有姓名"),
    "a white name": (_changed("{name}", color="#ffffff"), "姓名的颜色"),
    "a pale number": (_changed("{number}", color="#dddddd"), "证书编号的颜色"),
    "a small code": (_changed(QR, box=[31, 155, 14.9, 14.9]), "扫不出"),
    "a long code": (_changed(QR, box=[31, 155, 15, 17]), "扫不出"),
    "a pale code": (_changed(QR, color="#dddddd"), "扫不出"),
    "a code light on dark": (_on_black(_changed(QR, color="#ffffff")), "扫不出"),
}


@pytest.mark.parametrize(("body", "said"), LACKING.values(), ids=list(LACKING))
def test_without_name_number_and_a_code_nothing_is_handed_in_or_approved(session: Session, body: str, said: str) -> None:
    row = _draft()
    templates.save(template=row, body=body, version=row.version, by=_who(1))
    assert any(said in one for one in templates.warnings_of(read_layout(row.body)))
    with pytest.raises(templates.BadTemplate, match=f"没有提交.*{said}"):
        templates.submit(template=row, by=_who(1), now=ground.NOW)
    row.state = TemplateState.SUBMITTED  # handed in before this was asked
    with pytest.raises(templates.BadTemplate, match=f"没有批准.*{said}"):
        templates.decide(template=row, is_approved=True, reason="", by=_who(2), now=ground.NOW)
    row.state = TemplateState.APPROVED
    session.flush()
    with pytest.raises(templates.BadTemplate, match=f"不能作为默认模板.*{said}"):
        templates.choose(issuer=ground.university(), kind=Kind.TRAINING, template="ours", by=_who(1), now=ground.NOW)


def test_an_empty_page_is_not_handed_in(session: Session) -> None:
    row = _draft()
    templates.save(template=row, body=json.dumps({**json.loads(_with()), "elements": []}), version=row.version, by=_who(1))
    with pytest.raises(templates.BadTemplate, match=r"没有姓名.*没有证书编号.*没有查验二维码"):
        templates.submit(template=row, by=_who(1), now=ground.NOW)


@pytest.mark.parametrize("code", codes())
def test_the_built_in_ones_show_what_they_must(code: str) -> None:
    assert checking.lacks(built_in(code)) == []


def test_the_least_code_is_scanned_at_150_dpi(session: Session) -> None:
    layout = read_layout(_changed(QR, box=[31, 155, 15, 15]))
    assert checking.lacks(layout) == []
    press = Press(layout, base_url="https://certificates.college-of-engineering.example.edu.cn")
    press.add(templates.sample_facts(layout) | {"number": "350001120260000017", "code": "Q7XK2M9PA4TC"})
    ((found,),) = codes_on(press.finish())
    assert found.endswith("/V/350001120260000017/Q7XK2M9PA4TC")
