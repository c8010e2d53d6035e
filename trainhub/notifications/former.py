"""Words that notices said before: they lie in somebody's centre and are still read in both languages.

Whoever changes the words of a notice, or stops saying them, moves the old words here; `tests/architecture/stored_words.txt` lists
what was ever said, and a test compares.
"""

from __future__ import annotations

from trainhub.kernel.i18n import N_

FORMER: tuple[str, ...] = (
    N_("你填写的证件号码 %(mask)s 已由一所学校或机构登记，你的账号不再使用这个号码。若那条记录就是你，请提交更正申请，由管理员核对后合并。"),
    N_("认证有效期为 %(n)s 年，应单独提出评价申请，只提交补充报告（002:223）。"),
    N_("作业《%(title)s》进入互评，请在截止前完成分给你的评阅。"),
    N_("你候补的课程有了名额，现在可以开始学习。"),
    N_("你的课程报名已通过，现在可以开始学习。"),
    N_("你的课程报名已通过，目前名额已满，已进入候补。"),
    N_("你的课程报名没有通过：%(note)s"),
    N_("你报名或候补的课程已结束，报名随之取消。可以查看这门课程的其他期次。"),
    N_("你的测验已批阅，得分 %(score)s。"),
    N_("“%(enterprise)s”退出毕业设计：%(n)d 名学生须改题，或在该企业继续完成"),
    N_("认证自 %(day)s 起才有效，之前不能据以作出评价结论。"),
    N_("你的成绩申诉已有结论：%(decision)s"),
    N_("毕业设计选题（%(kind)s）开放填报，%(day)s 24 时前可反复修改"),
    N_("毕业设计“%(title)s”已终止，这名学生的答辩取消，同组其他学生照常：%(day)s %(time)s，%(room)s"),
    N_("行业企业专家参与记录 %(n)s 次（不少于 %(least)s 次，不符合）"),
    N_("行业企业专家参与记录 %(n)s 次（不少于 %(least)s 次，符合）"),
    N_("博士学位授予国家“%(country)s”不是国家代码，未计入"),
    N_(
        "轮次“%(round)s”进行中，岗位“%(title)s”在其中一个学期不再提供席位，其他学期照常，有 %(n)d 名学生填报了它：请核对席位，已计算的安排须重新计算。"
    ),
    N_(
        "轮次“%(round)s”进行中，岗位“%(title)s”在其中一个学期不再提供席位，其他学期的席位等待审核或暂不参加安排，有 %(n)d 名学生填报了它：请核对席位，已计算的安排须重新计算。"
    ),
    N_("已通过初审，等待考察和认定"),
)
