"""Templates drawn up here: previews that show the print, refusals in words, approval by a second person, versions that stay."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import REASON, TODAY, certificate, corrected
from tests.factories.identity import account
from trainhub.certificates import documents, operations, queries, tasks
from trainhub.certificates.layouts.drawing import Press, common_facts, render
from trainhub.certificates.layouts.joining import join
from trainhub.certificates.layouts.model import built_in, codes, data_of
from trainhub.certificates.layouts.png import png
from trainhub.certificates.layouts.svg import svg
from trainhub.certificates.operations import batches, templates
from trainhub.certificates.types import Kind, State, TemplateState
from trainhub.kernel import fonts
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Stale

pytestmark = pytest.mark.skipif(not fonts.available(), reason="the document fonts are not installed: make setup")
AsRole = Callable[..., FlaskClient]


@pytest.fixture(autouse=True)
def _readable(session: Session) -> None:
    session.expire_on_commit = False


def _who(number: int) -> Identity:
    return Identity(account_id=number, person_id=None, name="某人", grants=())


def _draft(code: str = "college_training", by: Identity | None = None) -> Any:
    return templates.start(code=code, kind=Kind.TRAINING, owner=None, by=by or _who(1), now=ground.NOW)


def _approved(code: str = "college_training") -> Any:
    row = _draft(code)
    templates.submit(template=row, by=_who(1), now=ground.NOW)
    templates.decide(template=row, is_approved=True, reason="", by=_who(2), now=ground.NOW)
    return row


@pytest.mark.parametrize("code", codes())
def test_every_built_in_template_has_a_preview(code: str) -> None:
    layout = built_in(code)
    drawn = svg(layout, templates.sample_facts(layout), base_url="https://px.example.edu.cn")
    root = ET.fromstring(drawn)
    assert root.tag.endswith("svg")
    assert root.attrib["viewBox"] == "0 0 841.89 595.28"
    assert templates.warnings_of(layout) == []


def test_a_correction_is_drawn_from_a_larger_template(session: Session, as_role: AsRole) -> None:
    row = _approved()
    made = certificate(Kind.TRAINING, template="college_training")
    second = templates.next_version(template=row, by=_who(1), now=ground.NOW)
    templates.submit(template=second, by=_who(1), now=ground.NOW)
    templates.decide(template=second, is_approved=True, reason="", by=_who(2), now=ground.NOW)
    session.commit()
    admin = as_role(Role.UNIVERSITY_ADMIN, organisation_id=made.issuer_id)
    where = f"/certificates/{made.number}/change/correct"
    assert "不变（第 1 版）" in admin.get(where).text
    sent = {f"fact_{name}": value for name, value in made.facts.items()} | {"reason": "放不下", "document": "申请", "on": made.issued_on.isoformat()}
    assert "没有改动任何内容" in admin.post(where, data=sent).text
    assert "没有改动任何内容" in admin.post(f"{where}?template=exam", data=sent).text, "a template of another kind is not offered"
    with pytest.raises(operations.CannotChange, match="不能使用这个模板"):
        operations.prepare_correction(certificate=made, facts={}, template="exam", **REASON)
    assert admin.post(f"{where}?template=college_training", data=sent).status_code == 303
    waits = queries.open_correction(made.id)
    assert waits is not None
    batches.decide(batch=waits, is_approved=True, reason="", by=_who(2), today=TODAY, now=ground.NOW)
    session.expire_all()
    new = queries.by_asked_key(made.asked_key)
    assert new is not None
    assert (new.template, new.template_version, new.number != made.number) == ("college_training", 2, True)
    common = corrected(new, facts={}, template="training", on=new.issued_on, today=new.issued_on)
    assert common.template == "training"


def test_another_template_asks_for_its_own_facts(session: Session, as_role: AsRole) -> None:
    row = _draft("asks_more")
    body = json.loads(row.body)
    body["fields"].append({"name": "grade", "label": "等第", "label_en": "grade", "type": "text", "required": True})
    body["elements"].append({"kind": "text", "text": "{grade}", "box": [20, 20, 60, 10], "size": 12})
    templates.save(template=row, body=json.dumps(body), version=row.version, by=_who(1))
    templates.submit(template=row, by=_who(1), now=ground.NOW)
    templates.decide(template=row, is_approved=True, reason="", by=_who(2), now=ground.NOW)
    made = certificate(Kind.TRAINING)
    session.commit()
    admin = as_role(Role.UNIVERSITY_ADMIN, organisation_id=made.issuer_id)
    where = f"/certificates/{made.number}/change/correct"
    assert "fact_grade" not in admin.get(where).text
    assert 'name="fact_grade"' in admin.get(f"{where}?template=asks_more").text
    sent = {f"fact_{name}": value for name, value in made.facts.items()} | {"reason": "换模板", "document": "申请", "on": made.issued_on.isoformat()}
    refused = admin.post(f"{where}?template=asks_more", data=sent)
    assert (refused.status_code, "此项不能为空" in refused.text) == (422, True)
    with pytest.raises(operations.CannotChange, match="等第"):
        operations.prepare_correction(certificate=made, facts={}, template="asks_more", **REASON)
    assert admin.post(f"{where}?template=asks_more", data={**sent, "fact_grade": "优秀"}).status_code == 303
    session.expire_all()
    waits = queries.open_correction(made.id)
    assert waits is not None
    (item,) = queries.first_items(waits.id, 2)
    assert (waits.template, item.facts["grade"], made.state) == ("asks_more", "优秀", State.ISSUED)


def test_nobody_who_edited_a_version_approves_it(session: Session) -> None:
    with transaction():
        row = _draft()
    with transaction():
        templates.save(template=row, body=row.body.replace("培训证书", "学院培训证书"), version=row.version, by=_who(3))
        templates.submit(template=row, by=_who(3), now=ground.NOW)
    for editor in (1, 3):
        with pytest.raises(templates.BadTemplate, match="编辑过"):
            templates.decide(template=row, is_approved=True, reason="", by=_who(editor), now=ground.NOW)
    templates.decide(template=row, is_approved=True, reason="", by=_who(2), now=ground.NOW)
    assert row.state is TemplateState.APPROVED


def test_a_draft_becomes_a_template_that_issues(session: Session) -> None:
    row = _draft()
    with pytest.raises(KeyError):
        queries.layout_of("college_training")
    body = row.body.replace("培训证书", "学院培训证书")
    templates.save(template=row, body=body, version=row.version, by=_who(1))
    templates.submit(template=row, by=_who(1), now=ground.NOW)
    with pytest.raises(templates.BadTemplate, match="另一人"):
        templates.decide(template=row, is_approved=True, reason="", by=_who(1), now=ground.NOW)
    templates.decide(template=row, is_approved=True, reason="", by=_who(2), now=ground.NOW)
    assert queries.template_choices(Kind.TRAINING, ground.university())["college_training"].title == "学院培训证书"
    made = certificate(Kind.TRAINING, template="college_training")
    assert (made.state, made.template, made.template_version) == (State.ISSUED, "college_training", 1)
    assert documents.pdf_of(made, tasks.maker()).startswith(b"%PDF-")


def test_a_template_is_not_approved_by_the_second_account_of_who_drew_it(session: Session) -> None:
    stays, gone = ground.person(), ground.person()
    mine = [Identity(account_id=account(person=one).id, person_id=stays.id, name="某人", grants=_who(1).grants) for one in (stays, gone)]
    ground.merge(stays, gone)
    row = _draft("college_training", by=mine[0])
    templates.submit(template=row, by=mine[0], now=ground.NOW)
    with pytest.raises(templates.BadTemplate, match="另一人"):
        templates.decide(template=row, is_approved=True, reason="", by=mine[1], now=ground.NOW)


def test_an_approved_version_never_changes(session: Session) -> None:
    first = _approved()
    with pytest.raises(templates.BadTemplate, match="不再改动"):
        templates.save(template=first, body=first.body, version=first.version, by=_who(1))
    made = certificate(Kind.TRAINING, template="college_training")
    with pytest.raises(templates.BadTemplate, match="已被使用"):
        _draft()
    second = templates.next_version(template=first, by=_who(1), now=ground.NOW)
    assert second.edition == 2
    with pytest.raises(templates.BadTemplate, match="未完成"):
        templates.next_version(template=first, by=_who(1), now=ground.NOW)
    templates.submit(template=second, by=_who(1), now=ground.NOW)
    templates.decide(template=second, is_approved=True, reason="", by=_who(2), now=ground.NOW)
    assert first.state is TemplateState.RETIRED
    assert queries.layout_of("college_training").version == 2
    assert queries.layout_of(made.template, made.template_version).version == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda body: body.pop("page"), "缺少 page"),
        (lambda body: body["elements"].append({"kind": "clip"}), "kind 应为其中之一"),
        (lambda body: body["elements"].append({"kind": "text", "text": "{nobody}", "box": [0, 0, 1, 1]}), "没有的字段：nobody"),
        (lambda body: body["elements"].append({"kind": "text", "text": "字", "box": [0, 0, 1, 1], "size": "大"}), "模板不能绘制"),
        (lambda body: body["elements"].append({"kind": "text", "text": "字", "box": [0, 0, 1, 1], "font": "script"}), "font 应为其中之一"),
        (lambda body: body["elements"].append({"kind": "rule", "x1": 0, "y1": 0, "x2": 1, "y2": 1, "color": "red"}), "模板不能绘制"),
        (lambda body: body["elements"].append({"kind": "text", "text": "字", "box": [0, 0, 1, 1], "size": 1e9}), "size 和 min_size 应为 1 到 200"),
        (lambda body: body["elements"].append({"kind": "rule", "x1": float("nan"), "y1": 0, "x2": 1, "y2": 1}), "NaN 不是数字"),
        (lambda body: body["elements"].append({"kind": "rosette", "x": 1e6, "y": 0, "radius": 1}), "超过 2000"),
        (lambda body: body.update(page=[10, 10]), "50 到 600"),
        (lambda body: body.update(code="completion_x"), "code 和 version"),
    ],
    ids=[
        "no page",
        "unknown element",
        "unknown field",
        "size in words",
        "unknown font",
        "colour in words",
        "huge type",
        "no number",
        "far away",
        "tiny page",
        "another code",
    ],
)
def test_what_cannot_be_drawn_is_refused_in_words(session: Session, change: Callable[[dict[str, Any]], Any], said: str) -> None:
    row = _draft()
    body = json.loads(row.body)
    change(body)
    with pytest.raises(templates.BadTemplate, match=said):
        templates.save(template=row, body=json.dumps(body), version=row.version, by=_who(1))
    with pytest.raises(templates.BadTemplate):
        templates.save(template=row, body="{", version=row.version, by=_who(1))
    with pytest.raises(Stale):
        templates.save(template=row, body=row.body, version=row.version + 1, by=_who(1))


def test_a_box_too_small_for_a_long_name_is_told(session: Session) -> None:
    row = _draft()
    body = json.loads(row.body)
    for one in body["elements"]:
        if one.get("text") == "{name}":
            one.update(box=[100, 70, 40, 8], max_lines=1)
    body["elements"] = [one for one in body["elements"] if one["kind"] != "qr"]
    said = " ".join(templates.warnings_of(templates.checked_layout(json.dumps(body))))
    assert "60个字的姓名" in said
    assert "查验二维码" in said


def test_the_pages(session: Session, as_role: AsRole) -> None:
    maker, checker = as_role(Role.SYSTEM_ADMIN), as_role(Role.SYSTEM_ADMIN)
    assert maker.post("/certificates/templates", data={"code": "Bad Code", "kind": "training", "owner_id": 0}).status_code == 422
    where = maker.post("/certificates/templates", data={"code": "our_training", "kind": "training", "owner_id": 0}).location
    page = maker.get(where)
    assert "<svg" in page.text
    row = queries.template_versions("our_training")[0]
    assert maker.post(where, data={"body": "{", "version": row.version}).status_code == 422
    assert maker.post(where, data={"body": row.body, "version": row.version}).status_code == 303
    answer = maker.post(f"{where}/preview", data={"body": row.body, "bleed": "1"})
    assert answer.mimetype == "image/svg+xml"
    assert 'viewBox="-8.50 -8.50' in answer.text
    assert maker.post(f"{where}/preview", data={"body": "{}"}).status_code == 422
    usual, missing, long = (maker.post(f"{where}/preview", data={"body": row.body, "sample": sample}).text for sample in ("usual", "missing", "long"))
    assert len({usual, missing, long}) == 3
    seen = queries.template_versions("our_training")[0].version
    assert maker.post(f"{where}/submit", data={"version": seen - 1}).status_code == 409, "handed in as it is now, not as it was looked at"
    assert maker.post(f"{where}/submit", data={"version": seen}).status_code == 303
    looked_at = queries.template_versions("our_training")[0].version
    assert f'name="version" type="hidden" value="{looked_at}"' in checker.get(where).text
    assert maker.post(f"{where}/decide", data={"decision": "approve", "version": looked_at}).status_code == 422
    assert checker.post(f"{where}/decide", data={"decision": "reject", "reason": "字太小", "version": looked_at}).status_code == 303
    seen = queries.template_versions("our_training")[0].version
    assert maker.post(where, data={"body": row.body.replace("培训证书", "培训结业证书"), "version": seen}).status_code == 303
    assert maker.post(f"{where}/submit", data={"version": seen + 1}).status_code == 303
    for stale in ({"version": looked_at}, {}):
        answer = checker.post(f"{where}/decide", data={"decision": "approve", **stale})
        assert (answer.status_code, "有改动" in answer.text) == (409, True), "nobody approves what they have not seen"
    assert checker.post(f"{where}/decide", data={"decision": "approve", "version": seen + 2}).status_code == 303
    assert "在用" in checker.get("/certificates/templates").text
    assert as_role(Role.UNIVERSITY_ADMIN).post(f"{where}/decide", data={"decision": "approve"}).status_code == 403


def _png(color: tuple[int, int, int, int], size: tuple[int, int] = (60, 40)) -> bytes:
    from PIL import Image

    target = io.BytesIO()
    Image.new("RGBA", size, color).save(target, "PNG")
    return target.getvalue()


def test_pictures_and_places_to_sign_are_printed_and_shown(session: Session, as_role: AsRole) -> None:
    import pikepdf

    maker = as_role(Role.SYSTEM_ADMIN)
    where = maker.post("/certificates/templates", data={"code": "sealed_training", "kind": "training", "owner_id": 0}).location
    assert maker.post(f"{where}/images", data={"name": "seal", "file": (io.BytesIO(b"GIF89a"), "a.gif")}).status_code == 422
    assert maker.post(f"{where}/images", data={"name": "S!", "file": (io.BytesIO(_png((200, 0, 0, 90))), "a.png")}).status_code == 422
    assert maker.post(f"{where}/images", data={"name": "seal", "file": (io.BytesIO(_png((200, 0, 0, 90))), "a.png")}).status_code == 303
    row = queries.template_versions("sealed_training")[0]
    body = json.loads(templates.text_of(row.body))
    assert "images" not in body, "the text that people edit holds no pictures"
    body["elements"] += [
        {"kind": "image", "image": "seal", "box": [200, 140, 40, 40]},
        {"kind": "signature", "box": [120, 150, 48, 22], "image": "seal", "label": "院长（签章）", "label_en": "Dean"},
    ]
    assert maker.post(where, data={"body": json.dumps(body), "version": row.version}).status_code == 303
    row = queries.template_by_id(row.id)
    assert row is not None
    assert maker.post(f"{where}/images/seal/remove").status_code == 422
    layout = templates.checked_layout(row.body)
    facts = templates.sample_facts(layout)
    shown = svg(layout, facts, base_url="https://px.example.edu.cn")
    assert shown.count("<image ") == 2
    ET.fromstring(shown)
    press = Press(layout, common_facts(layout, facts), base_url="https://px.example.edu.cn")
    for _page in range(3):
        press.add(facts)
    one = press.finish()
    with pikepdf.open(io.BytesIO(b"".join(join([one, one], "两份")))) as pdf:
        assert len(pdf.pages) == 6
        form = pdf.pages[5].Resources.XObject.B
        (picture,) = [item for name, item in form.Resources.XObject.items() if name.startswith("/I")]
        assert (int(picture.Width), int(picture.Height), "/SMask" in picture) == (60, 40, True)
        held = [item for item in pdf.objects if isinstance(item, pikepdf.Stream) and item.get("/Subtype") == "/Image" and "/SMask" in item]
        assert len(held) == 2, "once a file, however many pages show it"


def _grey(picture: bytes) -> Any:
    """A picture in grey, 200 pixels across: a pixel is 1.5 mm of the page."""
    from PIL import Image

    return Image.open(io.BytesIO(picture)).convert("L").resize((200, 141), Image.Resampling.BOX)


def _apart(one: Any, other: Any) -> float:
    from PIL import ImageChops, ImageStat

    mean: float = ImageStat.Stat(ImageChops.difference(one, other)).mean[0]
    return mean


@pytest.mark.skipif(shutil.which("pdftocairo") is None, reason="poppler-utils is not installed")
def test_the_picture_is_what_the_pdf_shows(tmp_path: Path) -> None:
    """Poppler's two renderers, Splash and Cairo, are the judges: smoothing and hairlines set them apart, and how far is measured here.

    Our picture is no further from Splash than twice that, while a page that is shifted by 1.5 mm is; and another name moves it away.
    """
    from PIL import ImageChops

    layout = built_in("programme")
    facts = templates.sample_facts(layout)
    site = "https://px.example.edu.cn"
    (tmp_path / "page.pdf").write_bytes(render(layout, facts, base_url=site))
    (tmp_path / "other.pdf").write_bytes(render(layout, {**facts, "name": "张"}, base_url=site))
    for program, file, out in (("pdftoppm", "page", "splash"), ("pdftocairo", "page", "cairo"), ("pdftoppm", "other", "other")):
        subprocess.run([program, "-png", "-r", "100", "-singlefile", str(tmp_path / f"{file}.pdf"), str(tmp_path / out)], check=True)
    splash, cairo, other = (_grey((tmp_path / f"{name}.png").read_bytes()) for name in ("splash", "cairo", "other"))
    drawn = _grey(png(layout, facts, base_url=site))
    allowed = 2 * _apart(splash, cairo)
    assert _apart(drawn, splash) < allowed < _apart(ImageChops.offset(splash, 1, 0), splash)
    assert _apart(drawn, other) > _apart(drawn, splash)


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body["elements"].append({"kind": "image", "image": "nothing", "box": [0, 0, 9, 9]}),
        lambda body: body["elements"].append({"kind": "signature", "image": "nothing", "box": [0, 0, 9, 9]}),
        lambda body: body.update(images={"seal": "data:image/svg+xml;base64,AAAA"}),
        lambda body: body.update(images={"seal": "data:image/png;base64,AAAA"}),
        lambda body: body.update(images={"Seal!": "x"}),
    ],
    ids=["no such picture", "no such signature", "another kind", "damaged", "bad name"],
)
def test_pictures_that_cannot_be_printed_are_refused(change: Callable[[dict[str, Any]], Any]) -> None:
    body = data_of(built_in("training"))
    change(body)
    with pytest.raises(templates.BadTemplate):
        templates.checked_layout(json.dumps(body))


def test_a_certificate_has_a_picture(session: Session, as_role: AsRole) -> None:
    import zxingcpp
    from PIL import Image

    with transaction():
        who = ground.person("张三")
        made = certificate(who=who)
    holder = as_role(Role.TRAINEE, person_id=who.id)
    answer = holder.get(f"/certificates/{made.number}/preview.png")
    assert answer.mimetype == "image/png"
    assert as_role(Role.PROGRAMME_ADMIN).get(f"/certificates/{made.number}/preview.png").status_code == 403
    with Image.open(io.BytesIO(answer.data)) as image:
        assert image.size == (1473, 1042)
        (found,) = zxingcpp.read_barcodes(image.convert("L"))
    assert found.text.upper().endswith(f"/V/{made.number}/{made.code}")
    answer = holder.get(f"/certificates/{made.number}/preview.svg")
    assert answer.mimetype == "image/svg+xml"
    assert "张三" in answer.text
    assert as_role(Role.DEPT_EDU).get(f"/certificates/{made.number}/preview.svg").text != answer.text, "the code is the holder's"


def test_a_refused_draft_is_told_on_its_own_page(session: Session, as_role: AsRole) -> None:
    """Whoever handed it in mends it there: a page of its own with the reason leads nowhere."""
    maker = as_role(Role.SYSTEM_ADMIN)
    where = maker.post("/certificates/templates", data={"code": "our_mended", "kind": "training", "owner_id": 0}).location
    body = json.loads(queries.template_versions("our_mended")[0].body)
    body["elements"] = [one for one in body["elements"] if one["kind"] != "qr"]
    row = queries.template_versions("our_mended")[0]
    assert maker.post(where, data={"body": json.dumps(body), "version": row.version}).status_code == 303
    answer = maker.post(f"{where}/submit", data={"version": queries.template_versions("our_mended")[0].version})
    assert answer.status_code == 422
    assert "没有查验二维码" in answer.text
    assert f'action="{where}/submit"' in answer.text
    assert '"kind": "seal"' in answer.text.replace("&#34;", '"')
