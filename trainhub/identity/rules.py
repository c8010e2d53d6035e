"""Pure rules of accounts: names, passwords, lockout, who may grant what. Numbers are handed in (own.password.*, own.lockout.*)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from trainhub.identity.types import LoginKind
from trainhub.kernel.characters import plain_words
from trainhub.kernel.roles import Grant, Identity, Role, ScopeKind, Subject
from trainhub.organisations.types import OrganisationKind
from trainhub.people.rules import OFFICES, mask_email, mask_phone, school_number, school_number_spellings

ORIGIN_FAILURES = 100
"""Failed attempts from one address in one lockout window before the address waits: a whole computer room shares one."""

LINK_DAYS_INVITATION = 7
"""Days an invitation is valid; a reset link has own.reset_link.minutes."""

CODE_MINUTES = 10
CODE_TRIES = 5
CODE_SENDS = 3
RECOVERY_CODES = 10

COMMON_PASSWORDS = frozenset(
    [
        "12345678",
        "123456789",
        "1234567890",
        "password",
        "password1",
        "password123",
        "passw0rd",
        "p@ssw0rd",
        "qwerty123",
        "qwertyuiop",
        "1q2w3e4r",
        "1qaz2wsx",
        "a1234567",
        "a12345678",
        "a123456789",
        "aa123456",
        "aa12345678",
        "abc12345",
        "abc123456",
        "abcd1234",
        "asd123456",
        "q1w2e3r4",
        "qq123456",
        "qwe123456",
        "woaini520",
        "woaini1314",
        "5201314a",
        "zxcvbnm1",
        "zxc123456",
        "iloveyou1",
        "admin123",
        "admin888",
        "administrator1",
        "welcome1",
        "welcome123",
        "letmein1",
        "changeme1",
        "test1234",
        "user1234",
        "student1",
        "student123",
        "teacher1",
        "teacher123",
        "fujian123",
        "xiamen123",
        "fuzhou123",
        "trainhub1",
        "trainhub123",
        "000000a",
        "111111a",
        "11111111",
        "88888888",
        "66666666",
        "00000000",
        "123123123",
        "12341234",
        "87654321",
        "987654321",
        "147258369",
        "1234qwer",
        "qwer1234",
        "asdf1234",
        "zaq12wsx",
    ]
)


# -- names --------------------------------------------------------------------------------------------------------------


def normalise_login(kind: LoginKind, value: str) -> str:
    """The one spelling of a login name under which it is stored and found: NFKC, trimmed, lower case; phones digits only, student numbers as
    `school_number` has them."""
    if kind is LoginKind.STUDENT_NO:
        return school_number(value).casefold()
    text = unicodedata.normalize("NFKC", value).strip().casefold()
    return _phone(text) if kind is LoginKind.PHONE else text


def mask_login(kind: LoginKind, value: str) -> str:
    """A login name as those see it who may not reset the account: telephones and addresses masked as on every page."""
    return mask_phone(value) if kind is LoginKind.PHONE else mask_email(value) if kind is LoginKind.EMAIL else value


def _phone(text: str) -> str:
    digits = re.sub(r"[\s\-()]", "", text)
    for prefix in ("+86", "0086"):
        digits = digits.removeprefix(prefix)
    return digits


@dataclass(frozen=True, slots=True)
class TypedName:
    """What somebody typed at sign-in; `scope` when a university's code was put in front, `phone` when it can be a telephone number."""

    value: str
    scope: str | None = None
    phone: str | None = None

    @property
    def numbers(self) -> tuple[str, ...]:
        """Under which spellings it may be stored as a student number, the right one first (see `school_number_spellings`)."""
        return tuple(one.casefold() for one in school_number_spellings(self.value))

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every text under which it may be stored, as typed first."""
        return (self.value,) if self.phone in (None, self.value) else (self.value, self.phone or "")

    @property
    def counted(self) -> str:
        """The one spelling under which tries of a name that nobody has are counted, as those of a name that somebody has are."""
        return self.phone or self.value


SCHOOL_CODE, SHORT_CODE, INVENTED_SCHOOL = 10, 5, "4100012345"
"""Signs of the ministry's code of a school, and of its end, by which everybody knows it; a code of no school (00 is no province), for examples that tell nothing."""


def is_short_code(scope: str) -> bool:
    """Whether this can be the end of a school's code."""
    return len(scope) == SHORT_CODE and scope.isascii() and scope.isdigit()


def with_school(number: str, scope: str) -> list[str]:
    """How somebody types a student number with its school in front: whole, and where there is one by the end of the code."""
    short = [scope[-SHORT_CODE:]] if len(scope) == SCHOOL_CODE and is_short_code(scope[-SHORT_CODE:]) else []
    return [f"{one}/{number}" for one in (scope, *short)]


def typed_name(text: str) -> TypedName:
    """Read a name as typed: `4135010386/20230001` is student 20230001 of university 4135010386."""
    plain = normalise_login(LoginKind.USERNAME, text)[:200]
    scope, slash, number = plain.partition("/")
    if slash and scope.strip() and number.strip():
        return TypedName(number.strip(), scope.strip())
    phone = _phone(plain)  # `li-na` is another name than `lina`: only what is a number may lose its dashes
    return TypedName(plain, phone=phone if phone.isascii() and phone.isdigit() else None)


def username_problem(username: str) -> str | None:
    """Why a user name cannot be taken, as a stable word: short, long, characters, digits (it would look like a phone)."""
    if len(username) < 3:
        return "short"
    if len(username) > 60:
        return "long"
    if not re.fullmatch(r"[\w.\-]+", username):
        return "characters"
    return "digits" if username.isdigit() else None


def phone_is_plausible(phone: str) -> bool:
    """A mainland mobile number or an international number with its +."""
    return bool(re.fullmatch(r"1[3-9]\d{9}|\+\d{7,15}", _phone(phone)))


_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212"


def typed_code(text: str) -> str:
    """A short code as it was meant: full-width signs from a Chinese keyboard as ASCII, no blanks, no dashes, small letters."""
    return "".join(sign for sign in plain_words(text) if sign not in _DASHES)


# -- passwords ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PasswordDemands:
    """own.password.*: lengths in characters, kinds of characters, earlier passwords that may not return."""

    length_min: int
    length_max: int
    classes_min: int
    history: int


def password_problem(password: str, demands: PasswordDemands, known: Iterable[str] = ()) -> str | None:
    """Why a password is refused, as a stable word: short, long, classes, common, personal; None when it may be used.

    `known` are names of the person; a password that is one of them, or contains one of at least 4 characters, is refused.
    """
    if len(password) < demands.length_min:
        return "short"
    if len(password) > demands.length_max:
        return "long"
    if character_classes(password) < demands.classes_min:
        return "classes"
    folded = unicodedata.normalize("NFKC", password).casefold()
    if folded in COMMON_PASSWORDS or len(set(folded)) <= 2:
        return "common"
    if any(folded == name.casefold() or (len(name) >= 4 and name.casefold() in folded) for name in known if name):
        return "personal"
    return None


def character_classes(password: str) -> int:
    """How many of letters, digits and other characters occur."""
    return sum((any(c.isalpha() for c in password), any(c.isdigit() for c in password), any(not c.isalnum() for c in password)))


# -- lockout ------------------------------------------------------------------------------------------------------------


def locked_until(failures: Sequence[datetime], *, attempts: int, window: timedelta) -> datetime | None:
    """Until when a name waits: `attempts` failures inside one `window` lock it for a window after the last of them.

    `failures` since the last success, newest first. The caller compares with the clock (own.lockout.attempts, .minutes).
    """
    if len(failures) < attempts or failures[0] - failures[attempts - 1] > window:
        return None
    return failures[0] + window


# -- sessions and consent -----------------------------------------------------------------------------------------------


def is_idle(seen_at: datetime, now: datetime, minutes: int) -> bool:
    """Whether a browser was silent for longer than own.session.idle_minutes."""
    return now - seen_at > timedelta(minutes=minutes)


def age_on(birth_on: date, on: date) -> int:
    """Completed years of life on a day; who was born on 29 February completes a year on 1 March."""
    return on.year - birth_on.year - ((on.month, on.day) < (birth_on.month, birth_on.day))


def needs_guardian(birth_on: date | None, on: date, age: int) -> bool:
    """Below `age` (privacy.guardian_age) a guardian consents (PIPL-31); an unknown birthday counts as grown up."""
    return birth_on is not None and age_on(birth_on, on) < age


def safe_next(target: str | None) -> str:
    """Where to go after signing in: a path of this site, or the home page. Anything a browser could read as another host is dropped."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return "/"
    if any(ord(c) < 33 or c == "\\" for c in target) or target.split("?")[0] in ("/login", "/logout"):
        return "/"
    return target


# -- who may grant what -------------------------------------------------------------------------------------------------

_EVERYTHING = frozenset({ScopeKind.EVERYTHING})
_ORGANISATION = frozenset({ScopeKind.ORGANISATION})
SCOPES_OF: Mapping[Role, frozenset[ScopeKind]] = {
    Role.STUDENT: frozenset({ScopeKind.PROGRAMME, ScopeKind.ORGANISATION}),
    Role.TRAINEE: _ORGANISATION,
    Role.MENTOR: _ORGANISATION,
    Role.SCHOOL_SUPERVISOR: frozenset({ScopeKind.PROGRAMME, ScopeKind.ORGANISATION}),
    Role.LECTURER: frozenset({ScopeKind.PROGRAMME, ScopeKind.ORGANISATION}),
    Role.ENTERPRISE_COORDINATOR: _ORGANISATION,
    Role.CENTRE_LEADER: _ORGANISATION,
    Role.PROGRAMME_ADMIN: frozenset({ScopeKind.PROGRAMME}),
    Role.UNIVERSITY_ADMIN: _ORGANISATION,
    Role.PREFECTURE_OPERATOR: frozenset({ScopeKind.REGION}),
    Role.DEPT_EDU: _EVERYTHING,
    Role.DEPT_HR: _EVERYTHING,
    Role.DEPT_ST: _EVERYTHING,
    Role.DEPT_FIN: _EVERYTHING,
    Role.INSPECTOR: frozenset({ScopeKind.EVERYTHING, ScopeKind.REGION}),
    Role.EXPERT: _ORGANISATION,
    Role.AUDITOR: frozenset({ScopeKind.EVERYTHING, ScopeKind.ORGANISATION}),
    Role.SYSTEM_ADMIN: _EVERYTHING,
}
"""Over what each role is granted; a role over the wrong kind of scope would reach too far or nowhere."""

EXPERT_HOMES = frozenset({OrganisationKind.ASSOCIATION, OrganisationKind.EVALUATOR, OrganisationKind.EXPERT_GROUP})
"""The organisations an expert is granted over. What an expert judges is opened by the assignment to a visit or to a thesis, and only for its
time: a grant over a school, a programme or the province would outlast every visit."""

GRANTABLE: Mapping[Role, frozenset[Role]] = {
    Role.SYSTEM_ADMIN: frozenset(Role),
    Role.DEPT_EDU: frozenset({Role.UNIVERSITY_ADMIN, Role.EXPERT}),
    Role.DEPT_HR: frozenset({Role.PREFECTURE_OPERATOR, Role.ENTERPRISE_COORDINATOR, Role.CENTRE_LEADER}),
    Role.PREFECTURE_OPERATOR: frozenset({Role.ENTERPRISE_COORDINATOR, Role.CENTRE_LEADER}),
    Role.UNIVERSITY_ADMIN: frozenset(
        {Role.UNIVERSITY_ADMIN, Role.PROGRAMME_ADMIN, Role.LECTURER, Role.SCHOOL_SUPERVISOR, Role.STUDENT, Role.TRAINEE, Role.CENTRE_LEADER}
    ),
    Role.PROGRAMME_ADMIN: frozenset({Role.LECTURER, Role.SCHOOL_SUPERVISOR, Role.STUDENT}),
    Role.ENTERPRISE_COORDINATOR: frozenset({Role.ENTERPRISE_COORDINATOR, Role.CENTRE_LEADER, Role.MENTOR, Role.TRAINEE}),
    Role.CENTRE_LEADER: frozenset({Role.MENTOR, Role.TRAINEE}),
}
"""Which roles a role may give, inside its own scope."""


def may_give(by: Identity, role: Role, kind: ScopeKind, scope: Subject) -> bool:
    """Whether `by` may give or end `role` over a scope: nobody grants above their own scope.

    `scope` is the subject of the organisation, programme or region; over everything only who holds a granting role over
    everything may grant.
    """
    givers = [giver for giver, roles in GRANTABLE.items() if role in roles]
    if kind is ScopeKind.EVERYTHING:
        return by.everywhere(*givers)
    return any(grant.role in givers and grant.covers(scope) for grant in by.grants)


HOSTS = frozenset({Role.ENTERPRISE_COORDINATOR, Role.CENTRE_LEADER})


PAUSED_WHEN_CLOSED = HOSTS | {Role.UNIVERSITY_ADMIN}
"""Who rules an organisation rules nothing while it is taken out of use. What its mentors and learners still have to finish or to see stays theirs."""


def vouches(by: Identity) -> bool:
    """Whether an account that `by` opens or resets is its holder's beyond doubt. An enterprise's coordinator and a base's leader are shown the links
    of those who sign beside them, and vouch for nobody, whatever else they are. No account: the operator's command, a job."""
    return by.account_id is None or (by.has(*OFFICES) and not by.has(*HOSTS))


def grantable_roles(by: Identity) -> tuple[Role, ...]:
    """The roles `by` may give over some scope, in the order of the enum."""
    return tuple(role for role in Role if any(role in GRANTABLE.get(held, ()) for held in by.roles))


LEARNING = frozenset({Role.STUDENT, Role.TRAINEE})
"""Roles that give no say over others: what is behind them is the holder's own."""


@dataclass(frozen=True, slots=True)
class Held:
    """A role that an account holds, will hold, or held (`lasts` is False)."""

    role: Role
    lasts: bool
    may_give: bool
    """Whether who wants to manage the account could give it."""


def is_above(held: Iterable[Held], *, is_settled: bool) -> bool:
    """Whether a human holds more than somebody could give who wants to reset one of their accounts: the password would be a way up, or into the
    records of another house.

    Every role over others that lasts counts. Roles of a learner count too, unless the human studies or teaches somewhere now (`is_settled`): then
    that school answers for them, which is judged by the place. Where nothing lasts, what was held counts.
    """
    roles = list(held)
    counted = [one for one in roles if one.lasts and not (is_settled and one.role in LEARNING)]
    return not all(one.may_give for one in counted or (() if is_settled else roles))


def is_active(since: date, until: date | None, ended: bool, on: date) -> bool:
    """Whether a grant holds on a day; both ends are included."""
    return not ended and since <= on and (until is None or on <= until)


BROWSERS = (
    ("MicroMessenger", "微信"), ("DingTalk", "钉钉"), ("Edg", "Edge"), ("QQBrowser", "QQ 浏览器"), ("UCBrowser", "UC 浏览器"), ("OPR/", "Opera"),
    ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def device(agent: str) -> str:
    """A browser and its system in two words, as people know them (Chrome · Windows); another program by its own name."""
    names = [next((name for mark, name in marks if mark in agent), "") for marks in (BROWSERS, SYSTEMS)]
    return " · ".join(name for name in names if name) or agent.split(" ", 1)[0][:60]


def as_grant(role: Role, kind: ScopeKind, organisation_id: int | None, programme_id: int | None, region_code: str | None) -> Grant:
    """The value of a stored grant."""
    return Grant(role, kind, organisation_id if kind is ScopeKind.ORGANISATION else programme_id, region_code)
