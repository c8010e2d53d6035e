"""Pages, files and API of organisations."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.api import api_client
from trainhub.kernel.access import Grant, Identity, Role, ScopeKind
from trainhub.organisations import operations, queries
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind, OrganisationState

As = Callable[..., FlaskClient]


def fields(page: str) -> dict[str, str]:
    """The hidden fields of the first form that has a submission key."""
    found = dict(re.findall(r'name="(version|submission_key)" type="hidden" value="([^"]*)"', page))
    return found or dict(re.findall(r'type="hidden" name="(version|submission_key)" value="([^"]*)"', page))


def form_of(organisation: Organisation, **given: str) -> dict[str, str]:
    """What the form of an organisation sends when nothing was touched."""
    return {
        "name": organisation.name,
        "uscc": organisation.uscc or "",
        "region_code": organisation.region_code or "",
        "version": str(organisation.version),
        **given,
    }


def test_list_filters_by_pinyin_kind_and_region(as_role: As, session: Session) -> None:
    ground.enterprise(name="榕城精密机床厂", region_code="350128")
    session.commit()
    client = as_role(Role.DEPT_HR)
    for query in ("q=rongdu", "q=rcjmjcc", "kind=enterprise&region=350128", "q=精密机床"):
        page = client.get(f"/organisations/?{query}").get_data(as_text=True)
        assert ("榕城精密机床厂" in page) is (query != "q=rongdu"), query
    assert "榕城精密机床厂" not in client.get("/organisations/?kind=enterprise&region=350100").get_data(as_text=True)


def test_an_enterprise_does_not_say_of_itself_what_awards_go_by(as_role: As, session: Session) -> None:
    row = ground.enterprise()
    row.credit_status = "失信"
    code, key = row.code, row.id
    session.commit()
    path, own = f"/organisations/{code}/edit", as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=key)
    page = own.get(path).text
    assert ('name="credit_status"' in page, 'name="is_leading_internet"' in page, 'name="contact_name"' in page) == (False, False, True)
    wish = {"is_internet_enterprise": "y", "is_leading_internet": "y", "credit_status": "正常", "credit_checked_on": "2030-01-01"}
    assert own.post(path, data=form_of(row, contact_name="林晓彤", **wish)).status_code == 303
    session.expire_all()
    assert (row.contact_name, row.credit_status, row.credit_checked_on, row.is_leading_internet) == ("林晓彤", "失信", None, False)
    by = Identity(account_id=1, person_id=None, name="x", grants=(Grant(Role.ENTERPRISE_COORDINATOR, ScopeKind.ORGANISATION, key),))
    with pytest.raises(operations.BadOrganisation, match="龙头"):
        operations.change(organisation=row, by=by, now=ground.NOW, is_leading_internet=True)
    assert operations.change(organisation=row, by=by, now=ground.NOW, is_leading_internet=False) == {}
    session.commit()
    office = as_role(Role.DEPT_HR)
    assert 'name="credit_status"' not in office.get(path).text  # what a look-up found is recorded with the look-up, by nobody else
    assert office.post(path, data=form_of(row, **wish)).status_code == 303
    session.expire_all()
    assert (row.credit_status, row.is_leading_internet) == ("失信", True)


def test_the_same_queries_at_1_and_30_rows(as_role: As, session: Session, count_queries: list[str]) -> None:
    ground.organisation(OrganisationKind.ALLIANCE)
    session.commit()
    client = as_role(Role.DEPT_EDU)
    counts = []
    for more in (0, 29):
        for _n in range(more):
            ground.organisation(OrganisationKind.ALLIANCE)
        session.commit()
        session.expire_all()
        del count_queries[:]
        assert client.get("/organisations/?kind=alliance&size=50").status_code == 200
        counts.append(len(count_queries))
    assert counts[0] == counts[1]


def test_two_editors(as_role: As, session: Session) -> None:
    row = ground.enterprise()
    session.commit()
    client = as_role(Role.DEPT_HR)
    first = form_of(row, address="福州市鼓楼区一号")
    second = form_of(row, address="福州市鼓楼区二号")
    assert client.post(f"/organisations/{row.code}/edit", data=first).status_code == 303
    answer = client.post(f"/organisations/{row.code}/edit", data=second)
    assert answer.status_code == 409
    page = answer.get_data(as_text=True)
    assert "刚被其他人修改过" in page
    assert 'value="福州市鼓楼区二号"' in page
    assert page.count("现在的值") == 3  # twice in the words above the form, once at the only field that differs
    assert "<b>福州市鼓楼区一号</b>" in page
    session.expire_all()
    assert session.get(Organisation, row.id).address == "福州市鼓楼区一号"  # type: ignore[union-attr]
    [version] = re.findall(r'name="version"[^>]*value="(\d+)"', page)
    assert client.post(f"/organisations/{row.code}/edit", data={**second, "version": version}).status_code == 303
    session.expire_all()
    assert session.get(Organisation, row.id).address == "福州市鼓楼区二号"  # type: ignore[union-attr]


def test_double_submit_registers_once(as_role: As, session: Session) -> None:
    client = as_role(Role.DEPT_HR)
    page = client.get("/organisations/new").get_data(as_text=True)
    data = {**fields(page), "code": "assoc-1", "kind": "association", "name": "闽江工业协会", "region_code": "350100"}
    assert data["submission_key"]
    assert [client.post("/organisations/new", data=data).status_code for _n in range(2)] == [303, 303]
    assert len(session.scalars(select(Organisation).where(Organisation.name == "闽江工业协会")).all()) == 1


def test_wrong_check_digit_is_said_at_its_field(as_role: As, session: Session) -> None:
    client = as_role(Role.DEPT_HR)
    good = ground.uscc()
    wrong = good[:-1] + ("0" if good[-1] != "0" else "1")
    data = {"code": "ent-x", "kind": "enterprise", "name": "某公司", "uscc": wrong, "region_code": "350100"}
    answer = client.post("/organisations/new", data=data)
    assert answer.status_code == 422
    assert "校验位不符" in answer.get_data(as_text=True)
    assert queries.by_code("ent-x") is None


def test_verify_close_reopen(as_role: As, session: Session) -> None:
    row = ground.organisation(OrganisationKind.ENTERPRISE, is_verified=False)
    session.commit()
    code, client = row.code, as_role(Role.PREFECTURE_OPERATOR, region_code="350100")

    def state() -> OrganisationState:
        session.expire_all()
        return queries.by_code(code).state  # type: ignore[union-attr]

    assert client.post(f"/organisations/{code}/verify", data={}).status_code == 303
    assert state() is OrganisationState.VERIFIED
    assert client.post(f"/organisations/{code}/close", data={}).status_code == 422
    assert client.post(f"/organisations/{code}/close", data={"reason": "企业注销"}).status_code == 303
    assert state() is OrganisationState.CLOSED
    page = client.get(f"/organisations/{code}").get_data(as_text=True)
    assert "企业注销" in page
    assert client.post(f"/organisations/{code}/reopen", data={}).status_code == 303
    assert state() is OrganisationState.REGISTERED


def test_an_operator_of_another_city_may_not_verify(as_role: As, session: Session) -> None:
    row = ground.enterprise(region_code="350128", is_verified=False)
    session.commit()
    client = as_role(Role.PREFECTURE_OPERATOR, region_code="350100")
    assert client.get(f"/organisations/{row.code}").status_code == 404
    assert client.post(f"/organisations/{row.code}/verify").status_code == 404
    assert as_role(Role.PREFECTURE_OPERATOR, region_code="350128").get(f"/organisations/{row.code}").status_code == 200


def test_contacts_show_inside_the_scope_only(as_role: As, session: Session) -> None:
    row = ground.enterprise(contact_phone="13805910000")
    other = ground.university()
    session.commit()
    inside = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=row.id).get(f"/organisations/{row.code}")
    outside = as_role(Role.UNIVERSITY_ADMIN, organisation_id=other.id).get(f"/organisations/{row.code}")
    assert ["13805910000" in page.get_data(as_text=True) for page in (inside, outside)] == [True, False]


def test_a_student_has_no_list_of_organisations(as_role: As, client: FlaskClient) -> None:
    assert as_role(Role.STUDENT).get("/organisations/").status_code == 403
    assert client.get("/organisations/").status_code == 303


def upload(client: FlaskClient, content: bytes, name: str = "机构.csv") -> str:
    answer = client.post("/organisations/import", data={"file": (io.BytesIO(content), name)}, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return str(answer.location)


def test_import_from_gb18030_in_steps(as_role: As, session: Session) -> None:
    code = ground.uscc()
    content = f"机构代码,名称,类型,统一社会信用代码,地区代码\n{code},榕城曾氏电机有限公司,企业,{code},350102\n".encode("gb18030")
    client = as_role(Role.DEPT_HR)
    at = upload(client, content)
    page = client.get(at).get_data(as_text=True)
    assert "检查通过" in page
    assert queries.by_code(code) is None
    data = fields(page)
    assert [client.post(at, data=data).status_code for _n in range(2)] == [303, 303]
    session.expire_all()
    row = queries.by_code(code)
    assert row is not None
    assert row.name == "榕城曾氏电机有限公司"


def test_choices_are_told_and_taken_in_the_language_of_the_reader(as_role: As) -> None:
    client, code = as_role(Role.DEPT_HR), ground.uscc()
    head = "机构代码,名称,类型,统一社会信用代码,地区代码\n"
    page = client.get(upload(client, f"{head}{code},甲,company,{code},350102\n".encode()) + "?lang=en").text
    assert '"company" is not recognised. Allowed: Higher education institution, ' in unescape(page)
    page = client.get(upload(client, f"{head}{code},甲,Enterprise,{code},350102\n".encode())).text
    assert "not recognised" not in page


@pytest.mark.parametrize(
    ("line", "column", "said"),
    [
        ("91350100MA00000001,甲,企业,91350100MA00000001,350102", "uscc", "校验位"),
        ("a1,乙,企业,,999999", "region_code", "地区代码"),
        ("a1,丙,公司,,350102", "kind", "不认识“公司”，可填：高等学校、职业院校"),
        ("a1,,企业,,350102", "name", "不能为空"),
        ("a1,=1+1,企业,,350102", "name", "公式"),
    ],
)
def test_bad_rows_are_named_and_nothing_is_applied(as_role: As, session: Session, line: str, column: str, said: str) -> None:
    good = ground.uscc()
    content = f"机构代码,名称,类型,统一社会信用代码,地区代码\n{line}\n{good},好公司,企业,{good},350102\n".encode()
    client = as_role(Role.DEPT_HR)
    at = upload(client, content)
    page = client.get(at).get_data(as_text=True)
    assert said in page
    assert column in page
    assert client.post(at, data={"submission_key": "k"}).status_code == 422
    assert queries.by_code(good) is None


def test_somebody_elses_upload_stays_closed(as_role: As, session: Session) -> None:
    at = upload(as_role(Role.DEPT_HR), "机构代码,名称,类型\na9,某协会,行业协会\n".encode())
    assert as_role(Role.DEPT_HR).get(at).status_code == 404


def test_a_renamed_program_is_refused(as_role: As) -> None:
    answer = as_role(Role.DEPT_HR).post(
        "/organisations/import", data={"file": (io.BytesIO(b"MZ\x90\x00" + b"\x00" * 200), "a.csv")}, content_type="multipart/form-data"
    )
    assert answer.status_code == 422


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_export_and_import_again_changes_nothing(as_role: As, session: Session, form: str) -> None:
    parent = ground.university(contact_phone="059100001234")
    ground.organisation(OrganisationKind.DEMO_COLLEGE, parent_id=parent.id, address="=SUM(1)", is_internet_enterprise=True)
    session.commit()
    client = as_role(Role.SYSTEM_ADMIN)
    content = client.get(f"/organisations/export.{form}").data
    page = client.get(upload(client, content, f"机构.{form}")).get_data(as_text=True)
    assert "文件内容与系统一致" in page


def test_a_file_stands_in_the_order_of_the_page_and_may_name_parents_later(as_role: As, session: Session) -> None:
    parent = ground.university(name="郑氏大学")
    ground.organisation(OrganisationKind.DEMO_COLLEGE, parent_id=parent.id, name="安溪学院", code="COLLEGE-1")
    session.commit()
    client = as_role(Role.SYSTEM_ADMIN)
    content = client.get("/organisations/export.csv?sort=name").data
    text = content.decode("utf-8-sig")
    assert text.index("安溪学院") < text.index("郑氏大学")
    text = text.replace("COLLEGE-1", "COLLEGE-2").replace(parent.code, "UNI-NEW").replace("郑氏大学", "新大学").replace("安溪学院", "新学院")
    answer = upload(client, text.encode(), "机构.csv")
    assert client.post(answer).status_code == 303
    made = queries.by_code("COLLEGE-2")
    above = queries.by_code("UNI-NEW")
    assert made is not None
    assert above is not None
    assert made.parent_id == above.id


def test_template_can_be_imported_headers(as_role: As) -> None:
    answer = as_role(Role.DEPT_HR).get("/organisations/import/template")
    assert answer.status_code == 200
    assert answer.data[:2] == b"PK"


def test_api_lists_in_pages_and_hides_contacts(app: Flask, session: Session) -> None:
    ground.enterprise(contact_phone="13805911111")
    session.commit()
    client = api_client(app, Role.DEPT_HR)
    first = client.get("/api/v1/organisations?limit=2").get_json()
    second = client.get(f"/api/v1/organisations?limit=2&cursor={first['next_cursor']}").get_json()
    codes = [row["code"] for row in first["items"] + second["items"]]
    assert codes == sorted(codes)
    assert len(set(codes)) == 4
    assert "13805911111" not in client.get("/api/v1/organisations?kind=enterprise").get_data(as_text=True)
    one = client.get(f"/api/v1/organisations/{codes[0]}").get_json()
    assert one["code"] == codes[0]
    regions = client.get("/api/v1/regions?limit=200").get_json()["items"]
    assert [row["code"] for row in regions if row["is_reported_separately"]] == ["350128"]


def test_api_refuses_in_problem_json(app: Flask, client: FlaskClient) -> None:
    for answer, status in (
        (client.get("/api/v1/organisations"), 401),
        (api_client(app, Role.DEPT_HR).get("/api/v1/organisations/none"), 404),
        (api_client(app, Role.DEPT_HR).get("/api/v1/organisations?limit=0"), 422),
        (api_client(app, Role.DEPT_HR).get("/api/v1/organisations?cursor=x"), 422),
        (api_client(app, Role.STUDENT).get("/api/v1/organisations"), 403),
    ):
        assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
        assert answer.get_json()["status"] == status


def test_a_code_that_differs_in_capitals_only_makes_no_second_enterprise(as_role: As, session: Session) -> None:
    known = ground.organisation(OrganisationKind.ENTERPRISE, code="QY-AB-1", name="榕城曾氏电机有限公司")
    session.commit()
    client = as_role(Role.SYSTEM_ADMIN)
    page = client.get(upload(client, "机构代码,名称,类型\nqy-ab-1,某公司,企业\n".encode(), "机构.csv")).text
    assert "已有代码为 QY-AB-1 的机构" in page
    assert "submission_key" not in page
    assert known.code == "QY-AB-1"


def test_codes_that_differ_by_small_and_capital_letters_name_one(as_role: As, session: Session) -> None:
    """Whichever way it is registered, typed on the page or written twice in a list: no second organisation comes of it."""
    ground.enterprise(code="qy-ab-1", name="已登记的一家")
    session.commit()
    client = as_role(Role.DEPT_HR)
    typed = {"code": "QY-AB-1", "kind": "enterprise", "name": "另一家", "region_code": "350102"}
    page = client.post("/organisations/new", data=typed)
    assert (page.status_code, "已登记的一家" in page.text) == (422, True)
    rows = "".join(f"{code},enterprise,一家,350102\n" for code in ("qy-ab-1", "QY-AB-1", "Qy-Cd-2", "QY-cd-2"))
    told = client.get(upload(client, f"code,kind,name,region_code\n{rows}".encode(), "a.csv")).text
    assert "已有代码为 qy-ab-1 的机构，只是大小写不同" in told
    assert "与第 4 行重复" in told
