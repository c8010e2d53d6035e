"""How the values of persons are called on pages and in files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainhub.kernel.characters import bad_characters
from trainhub.kernel.i18n import _, _l, listed
from trainhub.people.types import Degree, Gender, Identified, IdProblem, IdType, NationalityKind, PairDecision, StayKind, StudentState, TeacherKind

ID_TYPES: Mapping[IdType, Any] = {
    IdType.RESIDENT_ID: _l("居民身份证"),
    IdType.PASSPORT: _l("护照"),
    IdType.MAINLAND_PERMIT_HK_MO: _l("港澳居民来往内地通行证"),
    IdType.MAINLAND_PERMIT_TW: _l("台湾居民来往大陆通行证"),
}
ID_PROBLEMS: Mapping[IdProblem, Any] = {
    IdProblem.LENGTH: _l("居民身份证号码应为 18 位，请核对是否漏填或多填。"),
    IdProblem.OLD_15: _l("15 位身份证号码已停用，请填写 18 位号码。"),
    IdProblem.CHARACTERS: _l("居民身份证号码只能是数字，最后一位可以是 X。"),
    IdProblem.BIRTH_DATE: _l("居民身份证号码第 7 至 14 位不是有效的出生日期，请核对。"),
    IdProblem.CHECK_DIGIT: _l("居民身份证号码的校验位不符，至少有一位填错，请核对。"),
    IdProblem.PATTERN: _l("证件号码的格式与证件类型不符，请核对证件类型和号码。"),
}
NUMBER_CORRECTED = _l(
    "这个证件号码原来误登在同名人员名下，现已更正。名单中仍是原号码的，请改为更正后的号码；确属另一名同名人员的，请系统管理员先登记此人、再登记其证件号码。"
)
IDENTIFIED: Mapping[Identified, Any] = {
    Identified.ROSTER: _l("培训花名册载明证件号码"),
    Identified.NUMBER: _l("单位登记证件号码"),
    Identified.DOCUMENT: _l("核验本人及证件"),
    Identified.EARLIER: _l("来源当时未单独记载，以登记时间为准"),
}
CONTACTS: Mapping[str, Any] = {"phone": _l("手机号码"), "email": _l("电子邮箱")}
GENDERS: Mapping[Gender, Any] = {Gender.MALE: _l("男"), Gender.FEMALE: _l("女"), Gender.UNKNOWN: _l("未说明")}
NATIONALITY_KINDS: Mapping[NationalityKind, Any] = {
    NationalityKind.CHINA: _l("中国内地"),
    NationalityKind.HK_MO_TW: _l("港澳台"),
    NationalityKind.FOREIGN: _l("外国"),
}
STUDENT_STATES: Mapping[StudentState, Any] = {
    StudentState.ENROLLED: _l("在读"),
    StudentState.SUSPENDED: _l("休学"),
    StudentState.GRADUATED: _l("已毕业"),
    StudentState.WITHDRAWN: _l("已退学"),
}
STUDENT_LOOKS: Mapping[StudentState, str] = {
    StudentState.ENROLLED: "info",
    StudentState.SUSPENDED: "wait",
    StudentState.GRADUATED: "ok",
    StudentState.WITHDRAWN: "mute",
}
TEACHER_KINDS: Mapping[TeacherKind, Any] = {TeacherKind.FULL_TIME: _l("专职"), TeacherKind.PART_TIME: _l("兼职")}
STAYS: Mapping[StayKind, Any] = {StayKind.UNIVERSITY: _l("境外高水平大学"), StayKind.ENTERPRISE: _l("跨国企业")}
DEGREES: Mapping[Degree, Any] = {Degree.BACHELOR: _l("学士"), Degree.MASTER: _l("硕士"), Degree.DOCTOR: _l("博士")}
DECISIONS: Mapping[PairDecision, Any] = {PairDecision.DIFFERENT: _l("不是同一人"), PairDecision.SAME: _l("是同一人")}
EVENTS: Mapping[str, Any] = {
    "people.person.registered": _l("登记人员"),
    "people.person.changed": _l("修改人员信息"),
    "people.person.identified": _l("核实身份"),
    "people.person.merged": _l("合并人员"),
    "people.person.parted": _l("撤销合并"),
    "people.pair.decided": _l("判定疑似同一人"),
    "people.number.revealed": _l("查看证件号码全文"),
    "people.number.given": _l("补录证件号码"),
    "people.number.corrected": _l("更正证件号码"),
    "people.number.yielded": _l("本人填写的证件号码已由单位登记给另一条记录"),
    "people.hold.placed": _l("设定数据保全"),
    "people.hold.lifted": _l("解除数据保全"),
    "people.student.added": _l("登记学籍"),
    "people.student.changed": _l("修改学籍"),
    "people.student.moved": _l("学籍异动"),
    "people.student.move_undone": _l("撤销学籍异动"),
    "people.student.renumbered": _l("更正学号"),
    "people.student.petoe_changed": _l("变更卓越计划学生身份"),
    "people.teacher.added": _l("登记教师"),
    "people.teacher.changed": _l("修改教师信息"),
    "people.teacher.renumbered": _l("更正工号"),
    "people.employment.added": _l("登记工作经历"),
    "people.employment.changed": _l("修改工作经历"),
    "people.employment.verified": _l("核实工作经历"),
    "people.employment.removed": _l("删除工作经历"),
    "people.employment.withdrawn": _l("撤销核实"),
    "people.stay.added": _l("登记境外经历"),
    "people.stay.verified": _l("核实境外经历"),
    "people.stay.removed": _l("删除境外经历"),
    "people.stay.withdrawn": _l("撤销核实境外经历"),
    "people.degree.added": _l("登记学历"),
    "people.degree.verified": _l("核实学历"),
    "people.degree.removed": _l("删除学历"),
    "people.degree.withdrawn": _l("撤销核实学历"),
    "people.import.applied": _l("批量导入"),
}


def contacts_left(known: Mapping[str, str], typed: Mapping[str, str]) -> str:
    """In words, with a space in front, which contacts (`phone`, `email`) that a form typed for somebody known were not taken over; empty where all
    were, as for whoever is new. What is known is not repeated: whoever types is not always who reads it."""
    left = [str(CONTACTS[field]) for field, text in typed.items() if text.strip() and text.strip().lower() != known[field].lower()]
    if not left:
        return ""
    return " " + _("此人原已登记，刚才填写的%(fields)s与登记的不同，没有采用。确有变更的，请由本人提出、系统管理员修改。", fields=listed(left))


def name_told(name: str) -> str:
    """What is wrong with the characters of a normalised name, in words; empty when every one of them can be known and printed elsewhere."""
    codes = "、".join(f"U+{ord(char):04X}" for char in bad_characters(name))
    return _("姓名中有无法识别的字符（%(codes)s）：请改用国家标准 GB 18030-2022 的汉字重新填写。", codes=codes) if codes else ""
