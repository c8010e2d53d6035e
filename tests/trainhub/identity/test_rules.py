"""Rules of accounts at, below and above their thresholds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from trainhub.identity import rules
from trainhub.identity.rules import PasswordDemands
from trainhub.identity.types import LoginKind
from trainhub.kernel.access import NOTHING, Grant, Identity, Role, ScopeKind, Subject

DEMANDS = PasswordDemands(length_min=8, length_max=128, classes_min=2, history=3)
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
WINDOW = timedelta(minutes=15)


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("abcd12", "short"),
        ("abcde12", "short"),
        ("abcdef12", None),
        ("abc1" * 32, None),
        ("abc1" * 32 + "b", "long"),
        ("abcdefgh", "classes"),
        ("93847561", "classes"),
        ("Password1", "common"),
        ("ＡＢＣ12345", "common"),  # noqa: RUF001
        ("a1a1a1a1", "common"),
        ("linxiaotong-9", "personal"),
        ("demo-2026", None),
        ("中文密码也可以12", None),
    ],
)
def test_password_problem(password: str, problem: str | None) -> None:
    assert rules.password_problem(password, DEMANDS, ("linxiaotong",)) == problem


@pytest.mark.parametrize(
    ("kind", "typed", "stored"),
    [
        (LoginKind.USERNAME, " Lin.Xiao ", "lin.xiao"),
        (LoginKind.PHONE, "+86 138-0013-8000", "13800138000"),
        (LoginKind.PHONE, "１３８００１３８０００", "13800138000"),
        (LoginKind.EMAIL, "A@Example.EDU.cn", "a@example.edu.cn"),
    ],
)
def test_normalise_login(kind: LoginKind, typed: str, stored: str) -> None:
    assert rules.normalise_login(kind, typed) == stored


@pytest.mark.parametrize("typed", ["a1b2c3-d4e5f6", "A1B2C3D4E5F6", "ａ１ｂ２ｃ３－ｄ４ｅ５ｆ６", "a1b2c3 – d4e5f6", " a1b2c3\u3000d4e5f6 "])  # noqa: RUF001
def test_a_code_is_read_as_it_was_meant(typed: str) -> None:
    assert rules.typed_code(typed) == "a1b2c3d4e5f6"


def test_typed_name() -> None:
    assert rules.typed_name("10386/S1") == rules.TypedName("s1", "10386")
    assert rules.typed_name("/S1") == rules.TypedName("/s1")
    assert rules.typed_name("+86 13800138000") == rules.TypedName("+86 13800138000", phone="13800138000")
    assert rules.typed_name("138-0013-8000").phone == "13800138000"
    assert rules.typed_name("Li-Na@example.org") == rules.TypedName("li-na@example.org"), "dashes belong to a name"


def test_tries_of_one_number_are_counted_as_one_however_it_is_typed() -> None:
    """Else what is counted by account would tell that there is one."""
    assert {rules.typed_name(one).counted for one in ("+86 138-0013-8000", "13800138000", "0086 13800138000")} == {"13800138000"}


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("ab", "short"),
        ("abc", None),
        ("a" * 60, None),
        ("a" * 61, "long"),
        ("a b", "characters"),
        ("2023001", "digits"),
        ("林晓", "short"),
        ("林晓彤", None),
    ],
)
def test_username(name: str, problem: str | None) -> None:
    assert rules.username_problem(name) == problem


def test_locked_at_below_and_above() -> None:
    at = [NOW - timedelta(minutes=n) for n in range(5)]
    assert rules.locked_until(at[:4], attempts=5, window=WINDOW) is None
    assert rules.locked_until(at, attempts=5, window=WINDOW) == NOW + WINDOW
    spread = [NOW, *(NOW - WINDOW - timedelta(seconds=n) for n in range(4))]
    assert rules.locked_until(spread, attempts=5, window=WINDOW) is None
    edge = [NOW, *[NOW - WINDOW] * 4]
    assert rules.locked_until(edge, attempts=5, window=WINDOW) == NOW + WINDOW


@pytest.mark.parametrize(
    ("birth_on", "needs"),
    [(date(2012, 3, 3), True), (date(2012, 3, 2), False), (date(2012, 2, 29), False), (None, False), (date(2013, 1, 1), True)],
)
def test_guardian(birth_on: date | None, needs: bool) -> None:
    assert rules.needs_guardian(birth_on, date(2026, 3, 2), 14) is needs


def test_leap_day_birthday() -> None:
    assert rules.age_on(date(2012, 2, 29), date(2026, 2, 28)) == 13
    assert rules.age_on(date(2012, 2, 29), date(2026, 3, 1)) == 14


@pytest.mark.parametrize(
    ("target", "safe"),
    [
        ("/courses?x=1", "/courses?x=1"),
        ("", "/"),
        (None, "/"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
        ("javascript:alert(1)", "/"),
        ("/login?next=/x", "/"),
        ("/logout", "/"),
    ],
)
def test_safe_next(target: str | None, safe: str) -> None:
    assert rules.safe_next(target) == safe


def _by(*grants: Grant) -> Identity:
    return Identity(account_id=1, person_id=1, name="x", grants=grants)


def test_nobody_gives_above_their_scope() -> None:
    own, other = Subject.of(organisations=[1]), Subject.of(organisations=[2])
    admin = _by(Grant(Role.UNIVERSITY_ADMIN, ScopeKind.ORGANISATION, 1))
    assert rules.may_give(admin, Role.LECTURER, ScopeKind.ORGANISATION, own)
    assert not rules.may_give(admin, Role.LECTURER, ScopeKind.ORGANISATION, other)
    assert not rules.may_give(admin, Role.LECTURER, ScopeKind.EVERYTHING, NOTHING)
    assert not rules.may_give(admin, Role.SYSTEM_ADMIN, ScopeKind.EVERYTHING, NOTHING)
    assert not rules.may_give(admin, Role.DEPT_EDU, ScopeKind.EVERYTHING, NOTHING)
    system = _by(Grant(Role.SYSTEM_ADMIN))
    assert all(rules.may_give(system, role, ScopeKind.EVERYTHING, NOTHING) for role in Role)
    for plain in (Role.STUDENT, Role.TRAINEE, Role.MENTOR, Role.AUDITOR, Role.INSPECTOR, Role.EXPERT, Role.LECTURER):
        assert not any(rules.may_give(_by(Grant(plain)), role, ScopeKind.EVERYTHING, own) for role in Role)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36 Edg/130.0", "Edge · Windows"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36 MicroMessenger/8.0", "微信 · Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Mobile/15E148 Safari/604.1", "Safari · iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox · Linux"),
        ("python-requests/2.34.2", "python-requests/2.34.2"),
        ("", ""),
    ],
)
def test_a_device_in_words(agent: str, words: str) -> None:
    assert rules.device(agent) == words


def test_every_role_has_scopes() -> None:
    assert set(rules.SCOPES_OF) == set(Role)
    assert rules.grantable_roles(_by(Grant(Role.SYSTEM_ADMIN))) == tuple(Role)
