"""Shape of what people type about students, teachers and persons."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_wtf.file import FileField
from wtforms import BooleanField, DateField, IntegerField, SelectField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from trainhub.kernel.access import Identity
from trainhub.kernel.fields import NEEDED, blank, optional_int, pick, values_of
from trainhub.kernel.forms import CodeText, Form, LongText, Text
from trainhub.kernel.i18n import _l
from trainhub.kernel.numbers import a_year, whole
from trainhub.organisations import queries as organisations
from trainhub.organisations.types import SCHOOLS, OrganisationKind
from trainhub.people import labels
from trainhub.people.permissions import EDITORS
from trainhub.people.types import (
    DECIDES_KIND,
    Degree,
    Gender,
    IdType,
    NationalityKind,
    PairDecision,
    StayKind,
    StudentFilter,
    StudentState,
    TeacherFilter,
    TeacherKind,
)
from trainhub.programmes import queries as programmes


def wanted_students() -> StudentFilter:
    """The filter of the list, from the address."""
    return StudentFilter(
        text=request.args.get("q", "")[:100],
        university_id=request.args.get("university", type=whole),
        programme_id=request.args.get("programme", type=whole),
        cohort_year=request.args.get("year", type=a_year),
        state=pick(StudentState, "state"),
        is_petoe={"yes": True, "no": False}.get(request.args.get("petoe", "")),
    )


def wanted_teachers() -> TeacherFilter:
    """The filter of the list, from the address."""
    return TeacherFilter(
        text=request.args.get("q", "")[:100],
        university_id=request.args.get("university", type=whole),
        programme_id=request.args.get("programme", type=whole),
        kind=pick(TeacherKind, "kind"),
    )


def editable_programmes(identity: Identity) -> list[tuple[int, str]]:
    """The programmes whose students and teachers the person may edit."""
    if identity.everywhere(*EDITORS):
        return programmes.choices(identity)
    return programmes.choices_within(identity, EDITORS)


class PersonPart(Form):
    """The person of a new student or teacher."""

    name = Text(_l("姓名"), [DataRequired(NEEDED), Length(max=120)])
    id_type = SelectField(_l("证件类型"), coerce=str, choices=lambda: [(kind.value, label) for kind, label in labels.ID_TYPES.items()])
    id_number = CodeText(_l("证件号码"), [Length(max=40)], description=_l("加密保存，页面只显示掩码。没有号码时无法判断是否同一人。"))
    phone = CodeText(_l("手机号码"), [Length(max=30)])
    email = CodeText(_l("电子邮箱"), [Length(max=200)])

    def person(self) -> dict[str, Any]:
        """The values for `register_person`."""
        number = self.id_number.data or None
        return {
            "name": self.name.data or "",
            "id_type": IdType(self.id_type.data) if number and self.id_type.data in list(IdType) else None,
            "id_number": number,
            "phone": self.phone.data or "",
            "email": self.email.data or "",
        }

    def told(self, phone: str, email: str) -> str:
        """What of the form was not taken over, in words, where these are the contacts after `register_person`."""
        return labels.contacts_left({"phone": phone, "email": email}, {"phone": self.phone.data or "", "email": self.email.data or ""})


class NewStudentForm(PersonPart):
    """A new student."""

    programme_id = SelectField(_l("专业点"), [InputRequired(NEEDED)], coerce=optional_int)
    cohort_year = IntegerField(_l("年级"), [InputRequired(NEEDED), NumberRange(1950, 2200)], description=_l("入学年份，年级须已在专业页面建立。"))
    student_no = CodeText(_l("学号"), [DataRequired(NEEDED), Length(max=40)])
    class_name = Text(_l("班级"), [Length(max=60)])
    enrolled_on = DateField(_l("入学日期"), [InputRequired(NEEDED)])
    petoe_since = DateField(_l("加入卓越计划日期"), [Optional()], description=_l("不是卓越计划学生则留空。"))
    guardian_name = Text(_l("监护人"), [Length(max=60)], description=_l("不满 14 周岁的学生必须登记。"))
    guardian_phone = CodeText(_l("监护人电话"), [Length(max=40)])

    def prepare(self, identity: Identity) -> NewStudentForm:
        """Fill the choices."""
        self.programme_id.choices = blank(editable_programmes(identity))
        return self


class StudentForm(Form):
    """The facts of a student that may change."""

    class_name = Text(_l("班级"), [Length(max=60)])
    state = SelectField(_l("学籍状态"), coerce=str, choices=lambda: [(state.value, label) for state, label in labels.STUDENT_STATES.items()])
    enrolled_on = DateField(_l("入学日期"), [InputRequired(NEEDED)])
    left_on = DateField(_l("离校日期"), [Optional()], description=_l("毕业或退学时填写。"))
    left_reason = Text(
        _l("退学理由"), [Length(max=200)], description=_l("卓越计划学生退学时必填，专业评价会列出姓名、日期和理由。不要写病情等隐私。")
    )
    state_on = DateField(_l("休学或复学日期"), [Optional()], description=_l("休学的第一天，或复学的第一天；不填为今天。休学期间的实习日不计入。"))
    guardian_name = Text(_l("监护人"), [Length(max=60)], description=_l("不满 14 周岁的学生必须登记。"))
    guardian_phone = CodeText(_l("监护人电话"), [Length(max=40)])

    def facts(self) -> dict[str, Any]:
        """The values for the operation."""
        names = ("class_name", "enrolled_on", "left_on", "left_reason", "state_on", "guardian_name", "guardian_phone")
        return {**values_of(self, names), "state": StudentState(self.state.data)}


class SpansForm(Form):
    """All spans in the 卓越计划 of a student: one a line; and why one ends, is changed or taken away."""

    spans = LongText(
        _l("起止日期"),
        [Length(max=1000)],
        description=_l("每行一段，如 2023-09-01 至 2025-06-30；仍在计划内的只写开始日期。清空表示从未加入，须写明理由。"),
    )
    reason = Text(
        _l("退出或更改的理由"),
        [Length(max=200)],
        description=_l("退出、更改或删除已登记的起止时必填；理由会保留，专业评价会列出姓名、日期和理由。不要写病情等隐私。"),
    )


class MoveForm(Form):
    """Where a student is from a day on."""

    programme_id = SelectField(_l("专业点"), [InputRequired(NEEDED)], coerce=optional_int)
    cohort_year = IntegerField(_l("年级"), [InputRequired(NEEDED), NumberRange(1950, 2200)], description=_l("入学年份，年级须已在专业页面建立。"))
    moved_on = DateField(
        _l("生效日期"),
        [InputRequired(NEEDED)],
        description=_l("在新专业、新年级的第一天，或返校的第一天；不能晚于今天。登记有误的，可在学生页面撤销最近一次异动。"),
    )
    is_return = BooleanField(_l("返校"), description=_l("复学或退学后重新入学的选上，从生效日期起为在读。只换学号或班级的不选，学籍状态不变。"))
    class_name = Text(_l("新班级"), [Length(max=60)], description=_l("班级不变则留空。"))
    student_no = CodeText(_l("新学号"), [Length(max=40)], description=_l("学号不变则留空。换发后用新学号登录。"))
    reason = Text(_l("依据"), [DataRequired(NEEDED), Length(max=200)], description=_l("批准文号或理由，会留在学籍异动中。不要写病情等隐私。"))

    def prepare(self, identity: Identity, university_id: int) -> MoveForm:
        """Fill the choices: the programmes of the school whose students the person may edit."""
        here = {row.id for row in programmes.of_university(university_id)}
        self.programme_id.choices = [row for row in editable_programmes(identity) if row[0] in here]
        return self


class TakeBackForm(Form):
    """Why a change of study is undone."""

    reason = Text(_l("依据"), [DataRequired(NEEDED), Length(max=200)], description=_l("例如：登记错人，已核对学籍档案。不要写病情等隐私。"))


class StudentNumberForm(Form):
    """Another number of a student."""

    student_no = CodeText(_l("学号"), [DataRequired(NEEDED), Length(max=40)], description=_l("更正后用新学号登录，原学号不能再登录。"))
    reason = Text(_l("依据"), [DataRequired(NEEDED), Length(max=200)], description=_l("例如：录入有误，已核对学籍档案。"))


class StaffNumberForm(Form):
    """Another number of a teacher."""

    staff_no = CodeText(_l("工号"), [DataRequired(NEEDED), Length(max=40)])
    reason = Text(_l("依据"), [DataRequired(NEEDED), Length(max=200)], description=_l("例如：录入有误，已核对人事档案。"))


class NewTeacherForm(PersonPart):
    """A new teacher."""

    university_id = SelectField(_l("学校"), [InputRequired(NEEDED)], coerce=optional_int)
    staff_no = CodeText(_l("工号"), [DataRequired(NEEDED), Length(max=40)])

    def prepare_new(self, identity: Identity) -> NewTeacherForm:
        """Fill the choices."""
        schools = organisations.choices(*SCHOOLS)
        if not identity.everywhere(*EDITORS):
            own = identity.organisation_ids(*EDITORS) | {row.university_id for row in programmes.by_ids(identity.programme_ids(*EDITORS))}
            schools = [row for row in schools if row[0] in own]
        self.university_id.choices = blank(schools)
        return self


class TeacherFacts(Form):
    """The facts of a teacher that may change."""

    kind = SelectField(_l("专兼职"), coerce=str, choices=lambda: [(kind.value, label) for kind, label in labels.TEACHER_KINDS.items()])
    programme_id = SelectField(_l("所属专业点"), [Optional()], coerce=optional_int)
    title = Text(_l("职称"), [Length(max=60)])
    is_senior = BooleanField(_l("高级职称"))
    discipline = Text(_l("学科"), [Length(max=60)], description=_l("分配毕业设计导师时按学科匹配。"))
    since = DateField(_l("到岗日期"), [InputRequired(NEEDED)])
    until = DateField(_l("离职日期"), [Optional()])
    phd_country = Text(
        _l("博士学位授予国家"),
        [Length(max=3)],
        description=_l("ISO 3166 的两位字母，例如 CN、DE；没有博士学位则留空。在教师页面登记学历并核实后才计入专业评价。"),
    )
    capstone_capacity = IntegerField(_l("毕业设计指导人数上限"), [InputRequired(NEEDED), NumberRange(0, 100)], default=8)

    def prepare(self, university_id: int | None, identity: Identity) -> TeacherFacts:
        """Fill the choices."""
        rows = programmes.choices(identity, university_id) if university_id else editable_programmes(identity)
        self.programme_id.choices = blank(rows)
        return self

    def facts(self) -> dict[str, Any]:
        """The values for the operation."""
        names = ("title", "is_senior", "discipline", "since", "until", "phd_country", "capstone_capacity")
        return {**values_of(self, names), "kind": TeacherKind(self.kind.data)}


class NewTeacherWhole(NewTeacherForm, TeacherFacts):
    """Person, place and facts of a new teacher."""


class StayForm(Form):
    """A span of study or work outside the mainland."""

    kind = SelectField(_l("类别"), coerce=StayKind, choices=lambda: [(kind.value, label) for kind, label in labels.STAYS.items()])
    organisation_name = Text(_l("学校或企业"), [DataRequired(NEEDED), Length(max=200)])
    region = Text(
        _l("国家或地区代码"), [DataRequired(NEEDED), Length(max=2)], description=_l("ISO 3166 的两位字母，例如 DE；港澳台为 HK、MO、TW，计入境外。")
    )
    since = DateField(_l("开始日期"), [InputRequired(NEEDED)])
    until = DateField(_l("结束日期"), [InputRequired(NEEDED)], description=_l("尚未结束的填计划的最后一天，只计已过去的日子。"))


class DegreeForm(Form):
    """A degree."""

    degree = SelectField(_l("学位"), coerce=Degree, choices=lambda: [(degree.value, label) for degree, label in labels.DEGREES.items()])
    university_name = Text(_l("授予学校"), [DataRequired(NEEDED), Length(max=200)])
    region = Text(
        _l("国家或地区代码"),
        [DataRequired(NEEDED), Length(max=2)],
        description=_l("ISO 3166 的两位字母，例如 CN、DE。国外博士学位核实后计入专业评价。"),
    )
    field = Text(_l("学科专业"), [Length(max=120)])
    awarded_on = DateField(_l("授予日期"), [InputRequired(NEEDED)])


class EmploymentForm(Form):
    """A span of work."""

    organisation_id = SelectField(_l("工作单位"), [Optional()], coerce=optional_int, description=_l("已登记的企业请从列表选择。"))
    organisation_name = Text(_l("单位名称"), [Length(max=200)], description=_l("列表中没有时填写。"))
    post = Text(_l("岗位或职务"), [DataRequired(NEEDED), Length(max=100)])
    since = DateField(_l("开始日期"), [InputRequired(NEEDED)])
    until = DateField(_l("结束日期"), [Optional()], description=_l("仍在岗则留空。"))
    is_enterprise = BooleanField(_l("企业工作经历"), default=True, description=_l("计入教师的企业工作年限（核实后）。"))
    is_full_time = BooleanField(_l("全职"), default=True)

    def prepare(self) -> EmploymentForm:
        """Fill the choices."""
        self.organisation_id.choices = blank(organisations.choices(OrganisationKind.ENTERPRISE))
        return self


class EndForm(Form):
    """The last day of a verified span of work."""

    until = DateField(_l("结束日期"), [InputRequired(NEEDED)], description=_l("已核实的经历只能登记或提前结束日期；其他错误请先撤销核实。"))


class VerifyForm(Form):
    """The proof of a span of work."""

    evidence = FileField(_l("证明材料"), description=_l("劳动合同、社保记录或单位证明，PDF、图片或 Office 文档。"))
    basis = Text(_l("核实依据"), [Length(max=200)], description=_l("没有文件时写明依据，如“已核对社保系统”。"))


class NumberForm(Form):
    """A full number to look for its holder; sent by POST, so that it stands in no address."""

    number = CodeText(
        _l("按证件号码查找"), [DataRequired(NEEDED), Length(min=5, max=40)], description=_l("完整号码；号码不会显示，也不会留在网址里。")
    )


class RevealForm(Form):
    """Why somebody looks at a full number."""

    reason = LongText(_l("查看理由"), [DataRequired(NEEDED), Length(min=4, max=500)], description=_l("理由、查看人和时间会记入审计日志。"))


class DocumentForm(Form):
    """The number of somebody's identity document; `reason` where one is replaced."""

    id_type = SelectField(_l("证件类型"), coerce=str, choices=lambda: [(kind.value, label) for kind, label in labels.ID_TYPES.items()])
    id_number = CodeText(_l("证件号码"), [DataRequired(NEEDED), Length(max=40)], description=_l("加密保存，页面只显示掩码。"))
    reason = LongText(
        _l("更正依据"), [DataRequired(NEEDED), Length(min=4, max=500)], description=_l("例如：已核对证件原件。依据会记入审计日志，请不要写号码。")
    )

    @property
    def kind(self) -> IdType:
        """The kind of document that was chosen."""
        return IdType(self.id_type.data)


class HoldForm(Form):
    """Why everything of a person is to be kept."""

    reason = LongText(_l("保全原因"), [DataRequired(NEEDED), Length(max=400)], description=_l("例如：申诉、复核、司法或监察机关要求。"))
    document = Text(_l("依据文书"), [Length(max=200)], description=_l("文号或案号，可不填。"))


class DecideForm(Form):
    """A decision about two persons who look the same."""

    decision = SelectField(_l("判定"), coerce=PairDecision, choices=lambda: [(one.value, label) for one, label in labels.DECISIONS.items()])
    reason = LongText(_l("依据"), [DataRequired(NEEDED), Length(max=500)])


def _code(text: str | None) -> str | None:
    return text.upper() if text else text


class PersonForm(Form):
    """The facts of a person that an administrator may change."""

    name = Text(_l("姓名"), [DataRequired(NEEDED), Length(max=120)])
    birth_on = DateField(_l("出生日期"), [Optional()])
    gender = SelectField(_l("性别"), coerce=Gender, choices=lambda: [(one.value, label) for one, label in labels.GENDERS.items()])
    nationality = Text(_l("国籍"), [DataRequired(NEEDED), Length(max=2)], filters=(_code,), description=_l("ISO 3166 的两位字母，例如 CN、DE。"))
    nationality_kind = SelectField(
        _l("国籍类别"),
        coerce=NationalityKind,
        choices=lambda: [(one.value, label) for one, label in labels.NATIONALITY_KINDS.items()],
        description=_l("持外国护照的为外国；国籍为 CN 的是中国内地或港澳台。专业评价按此统计外国教师和留学生。"),
    )
    reason = LongText(_l("更正国籍类别的依据"), [Length(max=500)], description=_l("只在更正国籍类别时填写，会记入审计日志，请不要写号码。"))
    phone = CodeText(_l("手机号码"), [Length(max=30)])
    email = CodeText(_l("电子邮箱"), [Length(max=200)])
    county_code = SelectField(_l("所属县区"), [Optional()], coerce=str)
    is_verified = BooleanField(_l("身份已核实"))

    def prepare(self, id_type: IdType | None) -> PersonForm:
        """Fill the choices; what follows from the number of a resident card is corrected with the number."""
        self.county_code.choices = blank(organisations.county_choices())
        if id_type is IdType.RESIDENT_ID:
            del self.birth_on, self.gender
        if id_type in DECIDES_KIND:
            del self.nationality_kind, self.reason
        return self

    def facts(self) -> dict[str, Any]:
        """The values for the operation."""
        names = ("name", "birth_on", "gender", "nationality", "nationality_kind", "reason", "phone", "email", "county_code", "is_verified")
        return values_of(self, [name for name in names if name in self])


class PlainForm(Form):
    """A button: version and submission key only."""
