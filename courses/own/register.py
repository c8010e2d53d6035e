"""What the room tells for the page "my data", kind by kind, with the tables whose rows are told."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask

from courses.agenda.models import CalendarFeed
from courses.analytics.models import StoredRisk
from courses.assessment.models import Attempt, AttemptAnswer, AttemptEvent, QuizAllowance
from courses.assignments import models as work_models
from courses.catalogue.models import LabLaunch, LabReport, PollVote, RunGroupMember, RunStaff, StaffInvitation
from courses.curriculum.models import CourseResult, ItemScore
from courses.discussion import models as talk_models
from courses.gradebook.models import Grade, GradeChange
from courses.learning.models import BlockProgress, Enrolment, EnrolmentMark, LearningEvent, Note, RunInvitation
from courses.messages.models import Conversation, Message
from courses.own import study_queries as study
from courses.own import talk_queries as talk
from courses.own import teaching_queries as teaching
from courses.own import work_queries as work
from courses.paths.models import PathMember
from courses.recognition.models import CreditClaim
from courses.teaching.models import Offering, OfferingTaker, PartTimeAppointment, PartTimeAppraisal, Secondment, TeachingTask
from trainhub.identity.my_data import Kind, register_exports
from trainhub.kernel.i18n import _l

EXPORTS: Sequence[Kind] = (
    ("enrolments", _l("课程学习"), study.enrolments, Enrolment),
    ("course_invitations", _l("选课邀请"), study.invitations, RunInvitation),
    ("course_progress", _l("学习进度"), study.progress, BlockProgress),
    ("course_activity", _l("学习行为汇总"), study.activity, LearningEvent),
    ("course_totals", _l("课程目前得分"), study.totals, EnrolmentMark),
    ("course_risks", _l("学习预警"), study.risks, StoredRisk),
    ("course_notes", _l("学习笔记"), study.notes, Note),
    ("course_groups", _l("课程分组"), study.groups, RunGroupMember),
    ("course_paths", _l("学习路径"), study.paths, PathMember),
    ("calendar_feeds", _l("日历订阅地址"), study.calendars, CalendarFeed),
    ("poll_votes", _l("课堂投票"), study.votes, PollVote),
    ("lab_launches", _l("进入实验"), study.lab_launches, LabLaunch),
    ("lab_reports", _l("实验结果"), study.lab_reports, LabReport),
    ("quiz_attempts", _l("测验与考试"), study.attempts, Attempt),
    ("quiz_answers", _l("测验作答"), study.answers, AttemptAnswer),
    ("quiz_events", _l("测验过程记录"), study.attempt_events, AttemptEvent),
    ("quiz_allowances", _l("测验延时与加次"), study.allowances, QuizAllowance),
    ("submissions", _l("作业"), work.submissions, work_models.SubmissionMember),
    ("submission_versions", _l("作业各版本"), work.versions, work_models.SubmissionVersion),
    ("submission_files", _l("作业文件"), work.files, work_models.SubmissionFile),
    ("marks_received", _l("作业评分"), work.marks_received, work_models.SubmissionMark),
    ("comments_received", _l("作业批注"), work.comments_received, work_models.SubmissionComment),
    ("reviews_received", _l("收到的互评"), work.reviews_received, work_models.PeerReview),
    ("reviews_written", _l("写出的互评"), work.reviews_written, work_models.PeerReview),
    ("review_practice", _l("互评练习"), work.example_marks, work_models.PeerExampleMark),
    ("marks_given", _l("给出的作业评分"), work.marks_given, work_models.SubmissionMark),
    ("assignment_extensions", _l("作业延期"), work.extensions, work_models.AssignmentExtension),
    ("work_teams", _l("作业小组"), work.teams, work_models.WorkTeamMember),
    ("grades", _l("成绩册成绩"), study.grades, Grade),
    ("grade_changes", _l("成绩册成绩的更改"), study.grade_changes, GradeChange),
    ("plan_scores", _l("培养方案课程成绩"), study.plan_scores, ItemScore),
    ("plan_courses", _l("修读的选修课程"), study.plan_courses, OfferingTaker),
    ("plan_results", _l("课程目标达成"), study.plan_results, CourseResult),
    ("credit_claims", _l("学分认定申请"), study.claims, CreditClaim),
    ("threads", _l("讨论话题"), talk.threads, talk_models.Thread),
    ("posts", _l("讨论发言"), talk.posts, talk_models.Post),
    ("post_revisions", _l("发言的旧版本"), talk.revisions, talk_models.PostRevision),
    ("post_images", _l("发言中的图片"), talk.images, talk_models.PostImage),
    ("mentions", _l("被提及的发言"), talk.mentions, talk_models.PostMention),
    ("post_reports", _l("举报的发言"), talk.reports, talk_models.PostReport),
    ("forum_follows", _l("关注的讨论区"), talk.follows, talk_models.ForumFollow),
    ("thread_follows", _l("关注的话题"), talk.thread_follows, talk_models.ThreadFollow),
    ("conversations", _l("与教师的会话"), talk.conversations, Conversation),
    ("messages", _l("会话消息"), talk.messages, Message),
    ("course_staff", _l("授课角色"), teaching.staff_roles, RunStaff),
    ("staff_invitations", _l("授课邀请"), teaching.staff_invitations, StaffInvitation),
    ("teaching_tasks", _l("教学任务"), teaching.tasks, TeachingTask),
    ("course_offerings", _l("负责的培养方案课程"), teaching.offerings, Offering),
    ("appointments", _l("兼职教师聘任"), teaching.appointments, PartTimeAppointment),
    ("appraisals", _l("兼职教师考核"), teaching.appraisals, PartTimeAppraisal),
    ("secondments", _l("教师企业实践"), teaching.secondments, Secondment),
)


def register(app: Flask) -> None:
    """Every kind, in the order in which it is shown."""
    register_exports(app, EXPORTS)
