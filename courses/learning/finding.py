"""Who is meant by what somebody of the staff types: a sign-in name or an address by itself, what others may guess only with the name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from courses.learning import invitation_queries, rules
from courses.learning.types import Holder
from trainhub.identity.rules import normalise_login, typed_name
from trainhub.identity.types import LoginKind
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _


def person_meant(text: str, name: str, *, home: str) -> int | None:
    """The human whom a typed text, and perhaps the name beside it, mean to somebody of the school with the code `home` (`rules.holder_meant`)."""
    return persons_meant({0: (text, name)}, home=home)[0]


def persons_meant(rows: Mapping[int, tuple[str, str]], *, home: str) -> dict[int, int | None]:
    """The same for the rows of a list, in few statements. Whose name stands beside a number of the own school is found without an account too: most
    of a new cohort has none yet, and is invited as a cohort is put in."""
    typed = {key: typed_name(text) for key, (text, _name) in rows.items()}
    spelt = {key: frozenset((*one.spellings, *one.numbers)) - {""} for key, one in typed.items()}
    holders = invitation_queries.holders(sorted(frozenset[str]().union(*spelt.values())))
    named = frozenset[str]().union(*(spelt[key] for key, (_text, name) in rows.items() if name.strip()))
    no_account = invitation_queries.without_account(home, sorted(named))
    found: dict[int, int | None] = {}
    at_home = _scope(home)
    for key, (_text, name) in rows.items():
        mine: Sequence[Holder] = [one for value in sorted(spelt[key]) for one in holders.get(value, ())]
        if name.strip():
            mine = [*mine, *(replace(one, scope=at_home) for value in sorted(spelt[key]) for one in no_account.get(value, ()))]
        scope = typed[key].scope
        found[key] = rules.holder_meant(mine, scope=_scope(scope) if scope is not None else None, name=name, home=at_home)
    return found


def _scope(code: str) -> str:
    """A school's code as it stands with the numbers of its students (`identity` add_login): codes with letters are kept there in small ones."""
    return normalise_login(LoginKind.STUDENT_NO, code)


def demand_person(text: str, name: str, *, home: str) -> int:
    """The human who is meant. Whether it is nobody or the name is missing is not told, for that would tell whose number it is."""
    person_id = person_meant(text, name, home=home)
    if person_id is None:
        raise Refused(
            _("没有找到“%(text)s”对应的人员。请核对；用手机号或外校学号查找时，姓名必须填写并且一致。", text=text.strip()[:60]), field="login"
        )
    return person_id


def demand_learner(text: str, *, home: str) -> int:
    """The same on pages about learners of a run, where no name is asked: telephone numbers find nobody there."""
    person_id = person_meant(text, "", home=home)
    if person_id is None:
        raise Refused(_("没有找到“%(text)s”对应的人员。请填写登录名、本校学号或邮箱；这里不能用手机号查找。", text=text.strip()[:60]), field="login")
    return person_id
