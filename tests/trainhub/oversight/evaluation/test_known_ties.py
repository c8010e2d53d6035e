"""What the registers know of an expert's ties to a programme is not left to the declaration (002:193: the evaluation is independent)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from enterprises.bases.models import BaseLeader
from enterprises.bases.types import LeaderSide
from enterprises.capstones.models import Supervision
from enterprises.mentors.models import Mentor
from enterprises.placements.models import DayEntry, Placement
from enterprises.placements.types import DayState, PlacementState
from tests.factories import evaluation as factory
from tests.factories import ground
from tests.factories.identity import account
from trainhub.organisations import queries as organisations
from trainhub.oversight.evaluation.queries import staff
from trainhub.people.models import Person

pytestmark = pytest.mark.database
DAY = factory.TODAY


def ties(built: factory.Built, person: Person, on: date = DAY) -> list[str]:
    return staff.ties_of_expert(person.id, account(person=person).id, built.programme, on)


@pytest.mark.parametrize(
    ("ending", "tied"),
    [
        ("", True),
        ("机械学院", True),
        ("　机械学院", True),
        ("（北京）", False),
        ("(Beijing)", False),
        ("（北京）机械学院", False),
        ("城发展有限公司", False),
        ("机械工程系教研组", True),
        ("城市建设学院", True),
        ("城创新创业服务中心", False),  # the town around several universities
        ("城管理部", False),
        ("附属第一医院", False),  # an institution of its own
        ("附属协和医院心内科研究所", False),
        ("口腔医院", False),
        ("第一医院心内科研究所", False),
        ("城轨交通学院", True),
    ],
)
def test_a_typed_employer_is_known_by_its_name(session: Session, ending: str, tied: bool) -> None:
    built = factory.bare(students=1)
    school = organisations.by_id(built.programme.university_id)
    assert school is not None
    person = ground.person()
    ground.employment(person, is_verified=False, organisation_name=f"{school.name}{ending}", is_enterprise=False, since=date(2020, 1, 1), until=None)
    assert ties(built, person) == (["在本校任职"] if tied else [])


def test_who_leads_the_schools_side_of_a_base_belongs_to_it(session: Session) -> None:
    built = factory.bare(students=1)
    leads, led, enterprise = (ground.person() for _n in range(3))
    facts = {"base_id": built.base.id, "post": "主任", "since": date(2020, 1, 1)}
    school = {"side": LeaderSide.SCHOOL, "university_id": built.programme.university_id}
    session.add(BaseLeader(person_id=leads.id, **school, **facts))
    session.add(BaseLeader(person_id=led.id, until=DAY - timedelta(days=1), **school, **facts))
    session.add(BaseLeader(person_id=enterprise.id, side=LeaderSide.ENTERPRISE, **facts))
    session.flush()
    assert ties(built, leads) == ["是与本校共建的基地的负责人"]
    assert (ties(built, led), ties(built, enterprise)) == ([], [])


def test_who_guides_its_students_or_studies_there_is_tied(session: Session) -> None:
    built = factory.meeting(students=2)
    assert built.mentor is not None
    assert ties(built, built.mentor) == ["指导本专业学生的实习或毕业设计"]
    student = session.get_one(Person, built.students[0].person_id)
    assert ties(built, student) == ["是本校学生"]
    assert ties(built, ground.person()) == []
    for one in (built.mentor, student):  # asked where an expert is chosen and declares; who was chosen before finishes the visit
        assert staff.ties_to_university(one.id, 0, built.programme, DAY) == []


def test_who_guided_what_was_broken_off_is_tied_and_who_never_began_is_not(session: Session) -> None:
    """6.8 and 6.9 rest on that mark as on every other: who gave it does not judge it."""
    built = factory.meeting(students=1)
    assert built.mentor is not None
    session.execute(sa.delete(Supervision).where(Supervision.person_id == built.mentor.id))
    placement = session.scalars(sa.select(Placement)).one()
    placement.mentor_id = session.scalars(sa.select(Mentor.id).where(Mentor.person_id == built.mentor.id)).one()
    placement.state, placement.withdrawal_reason = PlacementState.WITHDRAWN, "企业停产"
    session.flush()
    assert staff.ties_of_expert(built.mentor.id, 0, built.programme, DAY) == []
    facts = {"placement_id": placement.id, "student_id": placement.student_id, "on": placement.starts_on, "created_at": factory.NOW}
    session.add(DayEntry(state=DayState.APPROVED, decided_at=factory.NOW, **facts))
    session.flush()
    assert staff.ties_of_expert(built.mentor.id, 0, built.programme, DAY) == ["指导本专业学生的实习或毕业设计"]


def test_a_name_is_compared_as_it_stands(session: Session) -> None:
    """A sign that a search pattern knows is a letter of a name like others."""
    built = factory.bare(students=1)
    school = organisations.by_id(built.programme.university_id)
    assert school is not None
    school.name = "_大学"
    person = ground.person()
    ground.employment(person, is_verified=False, organisation_name="某大学", is_enterprise=False, since=date(2020, 1, 1), until=None)
    session.flush()
    assert ties(built, person) == []


def test_a_part_known_by_its_name_alone_is_asked_before_the_visit(session: Session) -> None:
    """Who is a member of the visit finishes it, whatever a name looks like; the university itself, and who handles the case, is asked all along."""
    built = factory.bare(students=1)
    school = organisations.by_id(built.programme.university_id)
    assert school is not None
    of_part, of_whole = ground.person(), ground.person()
    facts = {"is_verified": False, "is_enterprise": False, "since": date(2020, 1, 1), "until": None}
    ground.employment(of_part, organisation_name=f"{school.name}机械学院", **facts)
    ground.employment(of_whole, organisation_name=f" {school.name}　", **facts)
    for one, on_the_visit in ((of_part, []), (of_whole, ["在本校任职"])):
        assert ties(built, one) == ["在本校任职"]
        assert staff.ties_to_university(one.id, 0, built.programme, DAY) == ["在本校任职"]
        assert staff.ties_to_university(one.id, 0, built.programme, DAY, is_visiting=True) == on_the_visit
