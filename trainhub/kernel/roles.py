"""Who acts, and on what: the values that permissions are judged by. They know no request, so that pure rules may be handed them.

* A `Grant` gives one role over one scope (everything, an organisation, a programme, a region).
* An `Identity` is who acts: a value, handed to operations; never read from the request inside business code.
* A `Subject` is what a permission is judged on: the organisations, programmes, regions and persons a thing belongs to.

The role names live here because every floor's permission table names them; what they mean for a person is stored in
`trainhub.identity`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from trainhub.kernel.i18n import _l


class Role(StrEnum):
    """The roles of the product; each is granted over a scope."""

    STUDENT = "student"
    TRAINEE = "trainee"
    MENTOR = "mentor"
    SCHOOL_SUPERVISOR = "school_supervisor"
    LECTURER = "lecturer"
    ENTERPRISE_COORDINATOR = "enterprise_coordinator"
    CENTRE_LEADER = "centre_leader"
    PROGRAMME_ADMIN = "programme_admin"
    UNIVERSITY_ADMIN = "university_admin"
    PREFECTURE_OPERATOR = "prefecture_operator"
    DEPT_EDU = "dept_edu"
    DEPT_HR = "dept_hr"
    DEPT_ST = "dept_st"
    DEPT_FIN = "dept_fin"
    INSPECTOR = "inspector"
    EXPERT = "expert"
    AUDITOR = "auditor"
    SYSTEM_ADMIN = "system_admin"


ROLE_LABELS: Mapping[Role, Any] = {
    Role.STUDENT: _l("学生"),
    Role.TRAINEE: _l("学员"),
    Role.MENTOR: _l("企业指导教师"),
    Role.SCHOOL_SUPERVISOR: _l("校内导师"),
    Role.LECTURER: _l("主讲教师"),
    Role.ENTERPRISE_COORDINATOR: _l("企业联系人"),
    Role.CENTRE_LEADER: _l("中心负责人"),
    Role.PROGRAMME_ADMIN: _l("专业负责人"),
    Role.UNIVERSITY_ADMIN: _l("高校管理员"),
    Role.PREFECTURE_OPERATOR: _l("设区市经办人"),
    Role.DEPT_EDU: _l("省教育厅"),
    Role.DEPT_HR: _l("省人社厅"),
    Role.DEPT_ST: _l("省科技厅"),
    Role.DEPT_FIN: _l("省财政厅"),
    Role.INSPECTOR: _l("省效能办督查员"),
    Role.EXPERT: _l("评价专家"),
    Role.AUDITOR: _l("审计员"),
    Role.SYSTEM_ADMIN: _l("系统管理员"),
}


class ScopeKind(StrEnum):
    """What a grant covers. A base is an organisation."""

    EVERYTHING = "everything"
    ORGANISATION = "organisation"
    PROGRAMME = "programme"
    REGION = "region"


@dataclass(frozen=True, slots=True)
class Grant:
    """One role over one scope; `scope_id` is an organisation or programme id, `region_code` a GB/T 2260 code."""

    role: Role
    kind: ScopeKind = ScopeKind.EVERYTHING
    scope_id: int | None = None
    region_code: str | None = None

    def covers(self, subject: Subject) -> bool:
        """Whether the subject lies inside this grant's scope."""
        match self.kind:
            case ScopeKind.EVERYTHING:
                return True
            case ScopeKind.ORGANISATION:
                return self.scope_id in subject.organisations
            case ScopeKind.PROGRAMME:
                return self.scope_id in subject.programmes
            case ScopeKind.REGION:
                return self.region_code in subject.regions


@dataclass(frozen=True, slots=True)
class Subject:
    """What a permission is judged on.

    `organisations`: every organisation the thing belongs to (its university, enterprise, base and their hosts).
    `regions`: the county, its prefecture and the province (平潭 350128 stands beside the prefectures: its path leaves
    350100 out). `persons`: the persons whose own thing it is.
    """

    organisations: frozenset[int] = frozenset()
    programmes: frozenset[int] = frozenset()
    regions: frozenset[str] = frozenset()
    persons: frozenset[int] = frozenset()

    @classmethod
    def of(
        cls,
        *,
        organisations: Iterable[int | None] = (),
        programmes: Iterable[int | None] = (),
        regions: Iterable[str | None] = (),
        persons: Iterable[int | None] = (),
    ) -> Subject:
        """Build a subject, leaving out what is None."""
        return cls(
            frozenset(x for x in organisations if x is not None),
            frozenset(x for x in programmes if x is not None),
            frozenset(x for x in regions if x is not None),
            frozenset(x for x in persons if x is not None),
        )


NOTHING = Subject()


@dataclass(frozen=True, slots=True)
class Identity:
    """Who acts. `origin` is the address the request came from, `token_scopes` narrows an API token (None: a person's session)."""

    account_id: int | None
    person_id: int | None
    name: str
    grants: tuple[Grant, ...] = ()
    origin: str = ""
    token_scopes: frozenset[str] | None = None
    session_id: int | None = None
    unread: int = field(default=0, compare=False)

    @property
    def roles(self) -> frozenset[Role]:
        """The distinct roles held."""
        return frozenset(grant.role for grant in self.grants)

    @property
    def role_labels(self) -> list[str]:
        """The roles' names in the language of the request, in the order of the enum."""
        return [str(ROLE_LABELS[role]) for role in Role if role in self.roles]

    def has(self, *roles: Role) -> bool:
        """Whether any of the roles is held over any scope."""
        return any(grant.role in roles for grant in self.grants)

    def over(self, subject: Subject, *roles: Role) -> bool:
        """Whether any of the roles is held over a scope that covers the subject."""
        return any(grant.role in roles and grant.covers(subject) for grant in self.grants)

    def everywhere(self, *roles: Role) -> bool:
        """Whether any of the roles is held over everything."""
        return any(grant.role in roles and grant.kind is ScopeKind.EVERYTHING for grant in self.grants)

    def organisation_ids(self, *roles: Role) -> frozenset[int]:
        """The organisations over which any of the roles (default: any role) is held."""
        return frozenset(
            grant.scope_id
            for grant in self.grants
            if grant.kind is ScopeKind.ORGANISATION and grant.scope_id is not None and (not roles or grant.role in roles)
        )

    def programme_ids(self, *roles: Role) -> frozenset[int]:
        """The programmes over which any of the roles is held."""
        return frozenset(
            grant.scope_id
            for grant in self.grants
            if grant.kind is ScopeKind.PROGRAMME and grant.scope_id is not None and (not roles or grant.role in roles)
        )

    def region_codes(self, *roles: Role) -> frozenset[str]:
        """The regions over which any of the roles is held."""
        return frozenset(
            grant.region_code
            for grant in self.grants
            if grant.kind is ScopeKind.REGION and grant.region_code is not None and (not roles or grant.role in roles)
        )


VISITOR = Identity(account_id=None, person_id=None, name="")
"""Who reads a public page without an account, where a question wants a reader."""
SYSTEM = Identity(account_id=None, person_id=None, name="系统", grants=(Grant(Role.SYSTEM_ADMIN),))
"""Acts for commands on the server and for jobs that nobody asked for."""
