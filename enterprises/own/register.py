"""What the room tells for the page "my data", kind by kind, with the tables whose rows are told."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask

from enterprises.bases.models import BaseLeader
from enterprises.capstones import models as works
from enterprises.mentors.models import Mentor, MentorAddress, MentorAppraisal, MentorConflict, MentorProof
from enterprises.own import capstone_queries as capstone
from enterprises.own import placement_queries as placement
from enterprises.own import restoring
from enterprises.placements import models as stays
from enterprises.subsidies.models import SubsidyItem
from trainhub.identity.my_data import Kind, register_exports
from trainhub.kernel.backup import CARRIED, Carried
from trainhub.kernel.i18n import _l

EXPORTS: Sequence[Kind] = (
    ("placements", _l("企业实习"), placement.placements, stays.Placement),
    ("placement_preferences", _l("实习志愿"), placement.preferences, stays.Preference),
    ("placement_priorities", _l("实习轮次的优先次序"), placement.priorities, stays.Priority),
    ("self_found_places", _l("自主联系的实习单位"), placement.self_found, stays.SelfFound),
    ("placement_days", _l("实习日志"), placement.days, stays.DayEntry),
    ("placement_weeks", _l("实习周志"), placement.weeks, stays.WeeklyLog),
    ("placement_log_notes", _l("周志补充"), placement.log_notes, stays.LogNote),
    ("placement_photos", _l("实习照片"), placement.photos, stays.LogPhoto),
    ("placement_events", _l("请假、走访与事件"), placement.events, stays.PlacementEvent),
    ("placement_papers", _l("实习材料"), placement.papers, stays.PlacementPaper),
    ("placement_agreements", _l("实习协议"), placement.agreements, stays.AgreementText),
    ("agreement_signatures", _l("实习协议的签署"), placement.signatures, stays.AgreementSignature),
    ("plan_signatures", _l("签署的企业培养方案"), placement.plan_signatures, stays.PlanHostSignature),
    ("placement_ratings", _l("实习互评"), placement.ratings, stays.Rating),
    ("capstones", _l("毕业设计"), capstone.capstones, works.Capstone),
    ("capstone_topics", _l("提出的选题"), capstone.topics, works.Topic),
    ("capstone_choices", _l("选题志愿"), capstone.choices, works.Choice),
    ("capstone_wishes", _l("导师志愿"), capstone.wishes, works.SupervisorWish),
    ("capstone_teams", _l("毕业设计小组"), capstone.teams, works.TeamMember),
    ("capstone_supervisors", _l("毕业设计导师"), capstone.supervisors, works.Supervision),
    ("capstone_papers", _l("毕业设计材料"), capstone.papers, works.CapstonePaper),
    ("capstone_comments_received", _l("毕业设计材料的批注"), capstone.comments_received, works.PaperComment),
    ("capstone_guidance_received", _l("接受的指导"), capstone.guidance_received, works.GuidanceEntry),
    ("capstone_extensions", _l("毕业设计延期"), capstone.extensions, works.StageExtension),
    ("capstone_grades_received", _l("毕业设计评分"), capstone.grades_received, works.CapstoneGrade),
    ("capstone_third_grades_received", _l("第三方评分"), capstone.third_grades_received, works.ThirdGrade),
    ("capstone_reviews_received", _l("收到的论文评阅"), capstone.reviews_received, works.Review),
    ("capstone_defences", _l("毕业设计答辩"), capstone.defences, works.DefenceSlot),
    ("capstone_reconsiderations", _l("成绩复核与申诉"), capstone.reconsiderations, works.Reconsideration),
    ("capstone_spot_checks", _l("论文抽检"), capstone.spot_checks, works.SpotItem),
    ("mentorships", _l("企业指导教师"), placement.mentorships, Mentor),
    ("guided_placements", _l("指导的实习"), placement.guided, stays.Placement),
    ("mentor_appraisals", _l("指导教师考核"), placement.appraisals, MentorAppraisal),
    ("mentor_conflicts", _l("指导教师回避"), placement.conflicts, MentorConflict),
    ("mentor_links", _l("导师一次性链接"), placement.mentor_links, stays.MentorLink),
    ("mentor_account_proofs", _l("指导教师账号的核对"), placement.account_proofs, MentorProof),
    ("mentor_addresses", _l("指导教师联系方式的核实"), placement.addresses, MentorAddress),
    ("led_bases", _l("基地负责人"), placement.led_bases, BaseLeader),
    ("supervisions", _l("指导的毕业设计"), capstone.supervisions, works.Supervision),
    ("supervisor_wishes", _l("被选为导师志愿"), capstone.wished_for, works.SupervisorWish),
    ("capstone_guidance_given", _l("给出的指导"), capstone.guidance_given, works.GuidanceEntry),
    ("capstone_comments_written", _l("写出的材料批注"), capstone.comments_written, works.PaperComment),
    ("capstone_grades_given", _l("给出的毕业设计评分"), capstone.grades_given, works.CapstoneGrade),
    ("capstone_third_grades_given", _l("给出的第三方评分"), capstone.third_grades_given, works.ThirdGrade),
    ("capstone_reviews_written", _l("写出的论文评阅"), capstone.reviews_written, works.Review),
    ("capstone_panels", _l("参加的答辩组"), capstone.panels, works.DefenceMember),
    ("capstone_spot_opinions", _l("论文抽检意见"), capstone.spot_opinions, works.SpotOpinion),
    ("capstone_conflicts", _l("毕业设计回避"), capstone.conflicts, works.Conflict),
    ("capstone_links", _l("毕业设计一次性链接"), capstone.links, works.MentorLink),
    ("subsidies", _l("培训补助"), placement.subsidies, SubsidyItem),
)


def register(app: Flask) -> None:
    """Every kind, in the order in which it is shown; and what a restore does with the ways of mentors."""
    register_exports(app, EXPORTS)
    app.extensions.setdefault(CARRIED, {})["mentors"] = Carried(restoring.look, restoring.put)
