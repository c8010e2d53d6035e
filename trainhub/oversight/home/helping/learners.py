"""What students do outside courses: placements and capstones."""

from __future__ import annotations

from trainhub.kernel.access import Role
from trainhub.kernel.i18n import _l
from trainhub.oversight.home.helping.types import Task, Topic

TOPICS = (
    Topic(
        "practice",
        _l("企业实习"),
        (Role.STUDENT,),
        (
            Task(
                "preferences",
                _l("填报实习志愿"),
                (
                    _l("在“我的实习”点“填报志愿”。"),
                    _l("在“可以选择的岗位”中点“加入志愿”，第一个加入的就是第一志愿；不能选的岗位旁边写明原因。"),
                    _l("用“上移”“下移”“移除”调整，或拖动后点“保存顺序”。"),
                ),
                note=_l("每次操作都保存，截止前可以反复修改；截止日 23:59:59 自动锁定。不填报也会参加安排，按未填报处理。"),
                endpoint="placements.mine",
                at=(
                    "placements.preferences",
                    "placements.result",
                ),
            ),
            Task(
                "confirm-placement",
                _l("查看安排结果并确认"),
                (
                    _l("安排公布以后，在“我的实习”的“我的安排”看单位、岗位和学期；结果页“逐个志愿说明”写明每个志愿的结果和原因。"),
                    _l("点“确认安排”；不能去的，打开安排，点“退出安排”并写明理由。"),
                ),
                note=_l("退出后席位释放，本轮次不再为你安排这个学期。实习开始以后不能自行退出，要请学校办理。"),
                endpoint="placements.mine",
                at=("placements.show",),
            ),
            Task(
                "self-found",
                _l("申请自己联系的实习单位"),
                (
                    _l("在“我的实习”点“自主联系单位”，填写单位、岗位、学期和工作内容与专业的关系，可以附接收函，点“提交审核”。"),
                    _l("处理以前可以“撤回”；被退回的写明理由，可以另交一份。"),
                ),
                note=_l("单位须经核验，学校通过后才成为实习安排，手续与其他实习一样。"),
                endpoint="placements.self_found",
            ),
            Task(
                "before-start",
                _l("办齐实习开始前的手续"),
                (
                    _l("打开安排，“开始前的手续”逐项列出还缺什么。"),
                    _l("在“三方协议”处点“查看与签署”，核对后用“登记签署”登记；保险单、知情同意书等在“材料”中上传。"),
                ),
                note=_l("手续齐备、由学校或企业登记开始之后，才能登记实习日。保费不得向学生收取。"),
                endpoint="placements.mine",
                at=(
                    "placements.agreement",
                    "placements.show",
                ),
            ),
            Task(
                "log-days",
                _l("登记实习日"),
                (
                    _l("在“我的实习”点“登记本周实习日”；其他周用“上一周”“下一周”打开。"),
                    _l("勾选到岗的日期，写当天内容，点“保存本周”；可以勾选“同意核对今天的到岗位置”。"),
                    _l("被退回的日子写明理由，改好后重新保存。"),
                ),
                note=_l("企业指导教师确认后才计入。每个自然周最多计 5 天，跨企业同一天只计一次；还没有到的日子不能提前登记。"),
                endpoint="placements.mine",
                at=("placements.days",),
            ),
            Task(
                "weekly-log",
                _l("写周志、传照片"),
                (
                    _l("在那一周的页面写“本周做了什么、学到什么、遇到的问题”，选择涉及的方面，点“保存周志”。"),
                    _l("在“添加照片”选择照片和日期，点“上传”，每周最多 9 张。"),
                ),
                note=_l("已有评语或已审阅的周志不能改写，用“补充更正”另写一条，原文保留。没有网络时内容存在本机，恢复后自动提交，请不要关闭页面。"),
                endpoint="placements.mine",
                at=("placements.days",),
            ),
            Task(
                "leave",
                _l("请假、报告事故"),
                (
                    _l("打开安排，在“请假与记事”处点“登记与查看”。"),
                    _l("选择“请假”或“事故与异常”，填写日期和情况，点“登记”。"),
                ),
                note=_l("批准的请假不能再登记出勤，也不算漏登。事故会立即通知学校。"),
                endpoint="placements.mine",
                at=("placements.events",),
            ),
            Task(
                "my-weeks",
                _l("查每一天是否计入"),
                (
                    _l("在“我的实习”点“查看每一天”，或打开首页的“计算依据”。"),
                    _l("“已确认的实习日”逐日写明计入或不计入及原因，“尚未计入”列出还在等待的日子。"),
                ),
                note=_l("每个自然周最多计 5 天，跨企业同一天只计一次；节假日怎样影响一周，写在那一周旁边。"),
                endpoint="placements.my_weeks",
                at=("holidays.index",),
            ),
            Task(
                "rate-base",
                _l("评价实习基地"),
                (_l("打开安排，在“评价”中为每一项选 1 至 5 分，点“保存评价”。"),),
                note=_l("实习最后一周起可以评价，结束超过 30 天就不能再评。基地页面上，评价少于 3 人时不显示。"),
                endpoint="placements.mine",
                at=("placements.show",),
            ),
        ),
    ),
    Topic(
        "capstone",
        _l("毕业设计"),
        (Role.STUDENT,),
        (
            Task(
                "choose-topic",
                _l("填报毕业设计选题"),
                (
                    _l("在“选题库”看题目、企业和余下的名额。"),
                    _l("打开“毕业设计选题”，给想做的选题填上志愿序号，1 最想做，点“保存志愿”。"),
                    _l("组队的，用“建立小组”建组并按学号“邀请”同学，由组长为全组填报。"),
                ),
                note=_l("截止日 24 时前可以反复修改，公布前看不到结果。终轮为没有选上的学生分配余下的选题。"),
                endpoint="capstones.choices",
                at=(
                    "capstones.topics",
                    "capstones.topic",
                ),
            ),
            Task(
                "own-topic",
                _l("自拟选题"),
                (_l("打开“自拟选题”，写明题目和“要解决的工程问题”，有证明材料的一起上传，点“提交审批”。"),),
                note=_l("题目须来自你实习的企业，企业和学校都通过后由你承担，别人不能选。没有证明材料的选题不满足 8.1。"),
                endpoint="capstones.suggest",
            ),
            Task(
                "wishes",
                _l("填写导师志愿"),
                (_l("在“我的毕业设计”点“填写导师志愿”，按意愿从高到低选择，点“保存志愿”。"),),
                note=_l("安排时会参考，不保证如愿；某一方已有导师以后，那一方的志愿不再起作用。"),
                endpoint="capstones.mine",
                at=("capstones.wishes",),
            ),
            Task(
                "hand-in",
                _l("提交毕业设计材料"),
                (
                    _l("在“我的毕业设计”的“材料”中选择阶段和文件，点“提交材料”；旧版本都保留。"),
                    _l("开题和中期报告由导师通过；被“退回修改”的，按理由改好重新提交。"),
                    _l("全部文件和校验码在“材料与归档”。"),
                ),
                note=_l(
                    "“时间安排”写明各阶段的截止日，当天 24 时前都可以办理；逾期须由专业负责人为你延期。有评阅意见、答辩结论或一方评分之后不能再更换论文，除非被退回修改。"
                ),
                endpoint="capstones.mine",
                at=(
                    "capstones.show",
                    "capstones.manifest",
                    "capstones.windows",
                ),
            ),
            Task(
                "guidance",
                _l("记录指导"),
                (
                    _l("在“指导记录”中选择指导方和日期，写明内容，点“登记指导”。"),
                    _l("导师登记的记录，由你点“确认”。"),
                ),
                note=_l("一方登记、另一方确认后才计入；同一位导师一天只记一次。"),
                endpoint="capstones.mine",
                at=("capstones.show",),
            ),
            Task(
                "capstone-result",
                _l("查看成绩、提出申诉"),
                (
                    _l("成绩公布以后，在“我的毕业设计”看总评、各方评分和理由。"),
                    _l("有异议的，在“成绩申诉”中写明理由并提交；没有异议的，可以点“认可成绩”。"),
                ),
                note=_l("公布后规定天数内可以申诉一次；认可以后不能再申诉。"),
                endpoint="capstones.mine",
                at=("capstones.show",),
            ),
        ),
    ),
)
