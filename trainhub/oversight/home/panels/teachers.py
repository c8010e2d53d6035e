"""Those who teach and guide: lecturers, mentors in enterprises, supervisors at school."""

from __future__ import annotations

from datetime import date

from courses.assessment import queries as assessment
from courses.assignments.queries import work
from enterprises.capstones import labels as capstone_labels
from enterprises.capstones.queries import capstones
from enterprises.capstones.queries.work import reports_to_check
from enterprises.capstones.types import LIVE, CapstoneState
from enterprises.mentors import proof_queries
from enterprises.mentors import queries as mentors
from enterprises.placements import labels as placement_labels
from enterprises.placements import queries as placements
from trainhub.kernel.access import Identity, Subject
from trainhub.kernel.i18n import _, format_date
from trainhub.oversight.home.links import link, linked, narrowed
from trainhub.oversight.home.queries import learning, practice
from trainhub.oversight.home.types import Block, Figure, Line, Nothing, Panel, Todo


def lecturer(identity: Identity, today: date) -> Panel:
    """What waits in the runs a lecturer teaches."""
    rows = learning.taught(identity.person_id) if identity.person_id is not None else []
    own = Subject.of(persons=(identity.person_id,))
    ids = [row.id for row in rows]
    to_grade, asking = assessment.to_grade_count(ids), learning.asking(ids)
    handed_in = work.waiting(ids)
    todos = []
    for row in rows:
        if handed_in.get(row.id):
            url = link(identity, "assignments.of_run", own, run_id=row.id)
            todos.append(Todo(_("评阅作业"), url, _("去评阅"), handed_in[row.id], f"{row.title} · {row.code}", 0, "pen"))
        if to_grade.get(row.id):
            url = link(identity, "staff.grading", own, run_id=row.id)
            todos.append(Todo(_("批改作业"), url, _("去批改"), to_grade[row.id], f"{row.title} · {row.code}", 0, "pen"))
        if asking.get(row.id):
            url = link(identity, "staff.learners", own, run_id=row.id)
            todos.append(Todo(_("审核报名"), narrowed(url, state="pending"), _("去审核"), asking[row.id], f"{row.title} · {row.code}", 0, "users"))
    lines = [
        Line(
            row.title,
            link(identity, "staff.learners", own, run_id=row.id),
            sub=_("%(code)s · %(a)s 起", code=row.code, a=format_date(row.starts_on)),
            value=row.taken if row.quota else None,
            most=row.quota or 100,
            text=_("%(n)s / %(m)s 人", n=row.taken, m=row.quota) if row.quota else "",
            pill=None if row.quota else ("active", _("%(n)s 人在学", n=row.taken)),
        )
        for row in learning.still_open(rows, today)
    ]
    create = linked(_("新建课程"), link(identity, "authoring.new_course"))
    nothing = Nothing(_("还没有你主讲的课程"), _("可以新建一门课程，也可以导入 OLX 课程包。"), create)
    block = Block(_("我教的课程"), linked(_("全部"), link(identity, "authoring.index")), lines=lines, nothing=nothing)
    return Panel("lecturer", _("教学"), todos, blocks=[block])


def mentor(identity: Identity, today: date) -> Panel:
    """Days to confirm come first: students wait for them."""
    ids = mentors.ids_of_person(identity.person_id)
    waiting = placements.pending_for_mentor(ids) if ids else []
    todos = []
    if proof_queries.is_unproven(identity):
        said = _("账号由企业开通或重置；向专业负责人要六位核对码，输入一次后才能确认和评分")
        todos.append(Todo(_("核对本人"), link(identity, "mentors.proof"), _("输入核对码"), detail=said, urgency=0, icon="key"))
    if waiting:
        students = len({row.student_id for row, _entry in waiting})
        oldest = min(entry.on for _row, entry in waiting)
        todos.append(
            Todo(
                _("确认学生的实习日"),
                link(identity, "placements.confirm"),
                _("去确认"),
                len(waiting),
                _("%(n)s 名学生，最早一天是 %(day)s", n=students, day=format_date(oldest)),
                0,
                "check-circle",
            )
        )
    if ids and (asked := practice.leave_to_decide(ids)):
        url = narrowed(link(identity, "placements.events_list"), open="1")
        todos.append(Todo(_("处理学生的请假"), url, _("去处理"), asked, _("请假期间的实习日等你决定"), 0, "flag"))
    if ids and (ungraded := practice.placements_to_grade(ids, today)):
        url = narrowed(link(identity, "placements.index"), state="over")
        todos.append(Todo(_("评定到期的实习"), url, _("去评定"), ungraded, _("实习期已满；评定成绩后，企业或学校才能办结"), 0, "edit"))
    todos += supervision_todos(identity, today)
    rows = [row for row in (placements.at_mentor(ids) if ids else []) if row.starts_on <= today <= row.ends_on]
    per_student: dict[int, int] = {}
    for row, _entry in waiting:
        per_student[row.id] = per_student.get(row.id, 0) + 1
    lines = [
        Line(
            row.student,
            link(identity, "placements.show", Subject.of(persons=(identity.person_id,)), placement_id=row.id),
            sub=f"{row.university} · {row.position} · " + _("至 %(day)s", day=format_date(row.ends_on)),
            pill=("pending", _("%(n)s 天待确认", n=per_student[row.id]))
            if row.id in per_student
            else (placement_labels.PLACEMENT_LOOKS[row.state], placement_labels.PLACEMENT_STATES[row.state]),
        )
        for row in rows
    ]
    nothing = Nothing(
        _("现在没有学生跟你实习"),
        _("学校公布实习安排后，分配给你的学生会出现在这里。请保持你的档案和带教上限准确。"),
        linked(_("我的档案"), link(identity, "mentors.mine")),
        "people",
    )
    blocks = [Block(_("我带的实习学生"), linked(_("全部"), link(identity, "placements.index")) if lines else None, lines=lines[:8], nothing=nothing)]
    return Panel("mentor", _("企业指导"), todos, blocks=[*blocks, supervision_block(identity)])


def supervision_todos(identity: Identity, today: date) -> list[Todo]:
    """Grades and guidances that wait for a supervisor on either side."""
    if identity.person_id is None:
        return []
    to_grade, to_confirm = capstones.open_work(identity.person_id, today)
    url = link(identity, "capstones.supervised")
    todos = []
    if to_grade:
        todos.append(Todo(_("评阅毕业设计"), narrowed(url, show="grade"), _("去评分"), to_grade, _("学生已提交论文，等待你的评分"), 0, "graduate"))
    reports = reports_to_check(identity.person_id)
    if reports:
        said = _("相似比例由学生填写，决定能否送审、答辩；请对照报告确认或更正")
        todos.append(Todo(_("核对查重比例"), narrowed(url, show="report"), _("去核对"), len(reports), said, 1, "search"))
    if to_confirm:
        todos.append(Todo(_("确认指导记录"), url, _("去确认"), to_confirm, _("学生记录的指导，经你确认才计入"), 1, "chat"))
    return todos


def supervision_block(identity: Identity) -> Block:
    """The capstones a person supervises that go on, by the day they end."""
    own = Subject.of(persons=(identity.person_id,))
    rows = [row for row, _role in capstones.supervised_by(identity.person_id)] if identity.person_id is not None else []
    lines = [
        Line(
            row.student,
            link(identity, "capstones.show", own, capstone_id=row.id),
            sub=f"{row.topic} · " + _("至 %(day)s", day=format_date(row.ends_on)),
            pill=("submitted" if row.state is CapstoneState.SUBMITTED else "active", capstone_labels.CAPSTONE_STATES[row.state]),
        )
        for row in rows
        if row.state in LIVE
    ][:8]
    nothing = Nothing(_("没有正在指导的毕业设计"), _("专业负责人安排导师后，题目和学生会出现在这里。"), art="people")
    link_all = linked(_("全部"), link(identity, "capstones.supervised")) if rows else None
    return Block(_("我指导的毕业设计"), link_all, lines=lines, nothing=nothing)


def supervisor(identity: Identity, today: date) -> Panel:
    """What a supervisor at school owes to the students."""
    going = [row for row, _role in capstones.supervised_by(identity.person_id) if row.state in LIVE] if identity.person_id is not None else []
    handed_in = sum(1 for row in going if row.state is CapstoneState.SUBMITTED)
    supervised = link(identity, "capstones.supervised")
    figures = [
        Figure(_("正在指导"), len(going), _("项"), _("毕业设计"), narrowed(supervised, show="going")),
        Figure(_("已交论文"), handed_in, _("项"), _("双方评分后办结"), narrowed(supervised, show="submitted")),
    ]
    counts = practice.placements_by_state(identity)
    placed = sum(counts.values())
    url = link(identity, "placements.index")
    if url and placed:
        figures.append(Figure(_("本校实习学生"), placed, _("人"), _("安排与实习中"), narrowed(url, state="going")))
    todos = [*logs_to_review(identity), *supervision_todos(identity, today)]
    return Panel("school_supervisor", _("校内指导"), todos, figures, [supervision_block(identity)])


def logs_to_review(identity: Identity) -> list[Todo]:
    """Weekly logs of the students in sight that wait for a supervisor."""
    waiting = practice.logs_waiting(identity)
    if not waiting:
        return []
    said = _("%(n)s 篇周志等待审阅，最早的是 %(day)s 那一周", n=sum(waiting.values()), day=format_date(min(waiting)))
    return [Todo(_("审阅学生周志"), link(identity, "placements.reviews"), _("去审阅"), sum(waiting.values()), said, 1, "edit")]
