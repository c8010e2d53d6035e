"""What the ground floor stores about an account and its person, told for the page "my data"; each is one select."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import or_
from sqlalchemy.orm import aliased

from trainhub.identity import labels
from trainhub.identity.models import (
    Account,
    ApiToken,
    Consent,
    DataRequest,
    LoginName,
    NumberClaim,
    OneTimeLink,
    PasswordHistory,
    RecoveryCode,
    UserSession,
)
from trainhub.identity.queries.owned import Owned, pick, territory
from trainhub.identity.types import LinkPurpose
from trainhub.kernel import audit_words
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.files import StoredFile
from trainhub.kernel.i18n import _l, listed
from trainhub.organisations.models import Organisation, Region
from trainhub.people import labels as people_labels
from trainhub.people.identity_models import PersonIdentified
from trainhub.people.models import (
    Employment,
    FormerNumber,
    FormerSchoolNumber,
    FormerStudy,
    LegalHold,
    Person,
    PersonDegree,
    PersonMerge,
    PersonPair,
    PersonStay,
    PetoeChange,
    PetoeSpan,
    Student,
    Suspension,
    Teacher,
)
from trainhub.people.queries import same_human
from trainhub.people.study_models import UndoneMove
from trainhub.programmes.models import Cohort, Programme

LANGUAGES: Mapping[str, str] = {"zh": "中文", "en": "English"}
PURPOSES: Mapping[LinkPurpose, Any] = {LinkPurpose.INVITATION: _l("邀请链接"), LinkPurpose.PASSWORD_RESET: _l("密码重置链接")}

# -- the account --------------------------------------------------------------------------------------------------------


def account_itself(account_id: int) -> Owned:
    """The account without its secrets."""
    row = Account
    return Owned(
        pick(
            row,
            row.display_name,
            row.state,
            row.created_at,
            row.last_sign_in_at,
            row.password_set_at,
            row.language,
            row.wants_email,
            row.wants_digest,
            row.totp_confirmed_at.is_not(None).label("has_second_factor"),
        ).where(row.id == account_id),
        {"state": labels.STATES, "language": LANGUAGES},
    )


def logins(account_id: int) -> Owned:
    """What one signs in by."""
    row = LoginName
    return Owned(
        pick(row, row.kind, row.value, row.scope, row.verified_at).where(row.account_id == account_id).order_by(row.id), {"kind": labels.LOGIN_KINDS}
    )


def consents(account_id: int) -> Owned:
    """What was agreed to, and by which guardian."""
    row = Consent
    columns = (row.notice_version, row.given_at, row.withdrawn_at, row.guardian_name, row.guardian_phone)
    return Owned(pick(row, *columns).where(row.account_id == account_id).order_by(row.id))


def sign_ins(account_id: int) -> Owned:
    """Every session, from where and with what."""
    row = UserSession
    columns = (row.created_at.label("signed_in_at"), row.expires_at, row.revoked_at.label("ended_at"), row.origin, row.agent)
    return Owned(pick(row, *columns).where(row.account_id == account_id).order_by(row.id.desc()))


def tokens(account_id: int) -> Owned:
    """Tokens of the HTTP API, without what they are."""
    row = ApiToken
    columns = (row.label.label("item"), row.scopes.label("allowed"), row.created_at, row.expires_at, row.revoked_at)
    return Owned(pick(row, *columns).where(row.account_id == account_id).order_by(row.id), {"allowed": listed})


def links(account_id: int) -> Owned:
    """Invitations and links for a new password that were sent."""
    row = OneTimeLink
    columns = (row.purpose.label("kind"), row.address.label("sent_to"), row.created_at, row.expires_at, row.used_at)
    return Owned(pick(row, *columns).where(row.account_id == account_id).order_by(row.id), {"kind": PURPOSES})


def passwords(account_id: int) -> Owned:
    """When earlier passwords were set; they themselves are only kept as one-way hashes."""
    row = PasswordHistory
    return Owned(pick(row, row.set_at.label("password_set_at")).where(row.account_id == account_id).order_by(row.id))


def recovery_codes(account_id: int) -> Owned:
    """The recovery codes: used or not; they themselves are only kept as one-way hashes."""
    row = RecoveryCode
    return Owned(pick(row, row.used_at.is_not(None).label("is_used"), row.used_at).where(row.account_id == account_id).order_by(row.id))


def number_claims(account_id: int) -> Owned:
    """Numbers of documents that were said of oneself, and what became of them."""
    row = NumberClaim
    columns = (row.id_mask.label("id_number"), row.state, row.asked_at, row.decided_at, row.reason)
    return Owned(pick(row, *columns).where(row.account_id == account_id).order_by(row.id), {"state": labels.CLAIM_STATES})


def requests(account_id: int) -> Owned:
    """What was asked about one's data, and what was answered."""
    row = DataRequest
    return Owned(
        pick(row, row.kind, row.state, row.text, row.answer, row.asked_at, row.decided_at).where(row.account_id == account_id).order_by(row.id),
        {"kind": labels.REQUEST_KINDS, "state": labels.REQUEST_STATES},
    )


def own_acts(account_id: int) -> Owned:
    """What the account did, as the audit log tells it: when, what and from where."""
    row = AuditEvent
    columns = (row.at, row.did, row.origin)
    return Owned(pick(row, *columns).where(row.account_id == account_id).order_by(row.id.desc()), {"did": audit_words.in_words})


def own_files(account_id: int) -> Owned:
    """The files the account uploaded."""
    row = StoredFile
    columns = (row.name.label("file"), row.size, row.uploaded_at)
    return Owned(pick(row, *columns).where(row.uploaded_by_id == account_id).order_by(row.id))


# -- the person ---------------------------------------------------------------------------------------------------------


def person_itself(person_id: int) -> Owned:
    """The person; the number stays masked, its full value is on the document in the person's own hand."""
    row, county = Person, Region
    return Owned(
        pick(
            row,
            row.name,
            row.id_type,
            row.id_mask.label("id_number"),
            row.is_verified,
            row.identified_at,
            row.birth_on,
            row.gender,
            row.nationality,
            row.nationality_kind.label("nationality_kind"),
            row.phone,
            row.email,
            county.name.label("county"),
            row.created_at,
        )
        .outerjoin(county, county.code == row.county_code)
        .where(same_human(row.id, person_id))
        .order_by(row.id),
        {
            "id_type": people_labels.ID_TYPES,
            "gender": people_labels.GENDERS,
            "nationality": territory,
            "nationality_kind": people_labels.NATIONALITY_KINDS,
        },
    )


def studies(person_id: int) -> Owned:
    """Where the person studies or studied."""
    row = Student
    return Owned(
        pick(
            row,
            Organisation.name.label("school"),
            Programme.name.label("programme"),
            Cohort.year.label("cohort"),
            row.student_no,
            row.class_name,
            row.state,
            row.enrolled_on,
            row.left_on,
            row.left_reason,
            row.guardian_name,
            row.guardian_phone,
        )
        .join(Organisation, Organisation.id == row.university_id)
        .outerjoin(Programme, Programme.id == row.programme_id)
        .outerjoin(Cohort, Cohort.id == row.cohort_id)
        .where(same_human(row.person_id, person_id))
        .order_by(row.id),
        {"state": people_labels.STUDENT_STATES},
    )


def petoe_spans(person_id: int) -> Owned:
    """When the person was a student of the plan for excellent engineers."""
    row = PetoeSpan
    statement = pick(row, Student.student_no, row.since, row.until).join(Student, Student.id == row.student_id)
    return Owned(statement.where(same_human(Student.person_id, person_id)).order_by(row.since))


def petoe_changes(person_id: int) -> Owned:
    """Why that ended, was changed or taken away."""
    row = PetoeChange
    columns = (row.was_since, row.was_until, row.since, row.until, row.reason, row.written_at)
    statement = pick(row, Student.student_no, *columns).join(Student, Student.id == row.student_id)
    return Owned(statement.where(same_human(Student.person_id, person_id)).order_by(row.id))


def former_studies(person_id: int) -> Owned:
    """Where the person studied before a change of programme or cohort, or before coming back."""
    row = FormerStudy
    columns = (Programme.name.label("programme"), Cohort.year.label("cohort"), row.class_name, row.since, row.until, row.next_since, row.reason)
    return Owned(
        pick(row, Student.student_no, *columns)
        .join(Student, Student.id == row.student_id)
        .join(Programme, Programme.id == row.programme_id)
        .join(Cohort, Cohort.id == row.cohort_id)
        .where(same_human(Student.person_id, person_id))
        .order_by(row.since, row.id)
    )


def undone_moves(person_id: int) -> Owned:
    """Changes of study that were taken back, and why."""
    row = UndoneMove
    columns = (Programme.name.label("programme"), Cohort.year.label("cohort"), row.since, row.moved_reason, row.reason, row.undone_at)
    return Owned(
        pick(row, Student.student_no, *columns)
        .join(Student, Student.id == row.student_id)
        .join(Programme, Programme.id == row.programme_id)
        .join(Cohort, Cohort.id == row.cohort_id)
        .where(same_human(Student.person_id, person_id))
        .order_by(row.id)
    )


def school_numbers(person_id: int) -> Owned:
    """The student and staff numbers that the person had before."""
    row = FormerSchoolNumber
    statement = pick(row, Organisation.name.label("school"), row.number, row.reason, row.written_at).join(
        Organisation, Organisation.id == row.university_id
    )
    return Owned(
        statement.outerjoin(Student, Student.id == row.student_id)
        .outerjoin(Teacher, Teacher.id == row.teacher_id)
        .where(or_(same_human(Student.person_id, person_id), same_human(Teacher.person_id, person_id)))
        .order_by(row.id)
    )


def suspensions(person_id: int) -> Owned:
    """When the person was suspended as a student."""
    row = Suspension
    statement = pick(row, Student.student_no, row.since, row.until).join(Student, Student.id == row.student_id)
    return Owned(statement.where(same_human(Student.person_id, person_id)).order_by(row.since))


def teaching(person_id: int) -> Owned:
    """Where the person teaches or taught."""
    row = Teacher
    columns = (Organisation.name.label("school"), Programme.name.label("programme"), row.staff_no, row.kind, row.title, row.discipline)
    more = (row.is_senior, row.phd_country, row.overseas_months, row.since, row.until, row.capstone_capacity)
    return Owned(
        pick(row, *columns, *more)
        .join(Organisation, Organisation.id == row.university_id)
        .outerjoin(Programme, Programme.id == row.programme_id)
        .where(same_human(row.person_id, person_id))
        .order_by(row.id),
        {"kind": people_labels.TEACHER_KINDS},
    )


def employment(person_id: int) -> Owned:
    """The person's experience of work."""
    row = Employment
    columns = (row.organisation_name.label("organisation"), row.post, row.is_enterprise, row.is_full_time, row.since, row.until)
    more = (row.verified_at, row.verified_basis)
    return Owned(pick(row, *columns, *more).where(same_human(row.person_id, person_id)).order_by(row.since, row.id))


def stays(person_id: int) -> Owned:
    """Where the person studied or worked outside the mainland."""
    row = PersonStay
    columns = (row.kind, row.organisation_name.label("organisation"), row.region, row.since, row.until, row.verified_at, row.verified_basis)
    statement = pick(row, *columns).where(same_human(row.person_id, person_id))
    return Owned(statement.order_by(row.since, row.id), {"kind": people_labels.STAYS, "region": territory})


def degrees(person_id: int) -> Owned:
    """The degrees the person holds."""
    row = PersonDegree
    columns = (row.degree, row.university_name.label("school"), row.region, row.field.label("discipline"), row.awarded_on, row.verified_at)
    statement = pick(row, *columns, row.verified_basis).where(same_human(row.person_id, person_id))
    return Owned(statement.order_by(row.awarded_on, row.id), {"degree": people_labels.DEGREES, "region": territory})


def former_numbers(person_id: int) -> Owned:
    """When a number that was registered wrongly was corrected; the number itself is not kept."""
    row = FormerNumber
    return Owned(pick(row, row.corrected_at).where(same_human(row.person_id, person_id)).order_by(row.id))


def identified_spans(person_id: int) -> Owned:
    """When it was known who the person is, in spans that have ended: a verification was withdrawn, a number corrected away."""
    row = PersonIdentified
    statement = pick(row, row.since, row.until, row.how).where(same_human(row.person_id, person_id))
    return Owned(statement.order_by(row.since, row.id), {"how": people_labels.IDENTIFIED})


def holds(person_id: int) -> Owned:
    """Legal holds on the person: that there was one, since when and until when."""
    row = LegalHold
    return Owned(pick(row, row.placed_at, row.lifted_at).where(same_human(row.person_id, person_id)).order_by(row.id))


def merges(person_id: int) -> Owned:
    """When entries of the person were found to be one human, or that was taken back."""
    row, gone = PersonMerge, aliased(Person)
    statement = pick(row, gone.name, gone.id_mask.label("id_number"), row.merged_at, row.undone_at).join(gone, gone.id == row.gone_id)
    return Owned(statement.where(or_(same_human(row.into_id, person_id), same_human(row.gone_id, person_id))).order_by(row.id))


def compared(person_id: int) -> Owned:
    """When the person was compared with an entry of the same look; who the other is stays untold unless it is the same human."""
    row = PersonPair
    either_side = or_(same_human(row.first_id, person_id), same_human(row.second_id, person_id))
    return Owned(
        pick(row, row.decision.label("result"), row.decided_at).where(either_side).order_by(row.decided_at), {"result": people_labels.DECISIONS}
    )
