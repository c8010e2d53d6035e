"""Help by task: short steps, the page where they are done, shown to the roles that do them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trainhub.kernel.access import ROLE_LABELS, Identity, Role
from trainhub.kernel.i18n import _l, listed
from trainhub.oversight.home.links import link


@dataclass(frozen=True, slots=True)
class Task:
    """One thing people want to do: steps in order, and the page where it is done (empty: it is not one page)."""

    title: Any
    steps: tuple[Any, ...]
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class Topic:
    """The tasks of one kind of user."""

    key: str
    roles: tuple[Role, ...]
    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A topic as one reader sees it: whether it is theirs, and each task with the address they may open."""

    key: str
    title: str
    is_mine: bool
    tasks: tuple[tuple[Task, str], ...]


TOPICS: tuple[Topic, ...] = (
    Topic(
        "student",
        (Role.STUDENT,),
        (
            Task(
                _l("填报实习志愿"),
                (
                    _l("打开“我的实习”，进入正在填报的轮次。"),
                    _l("从符合本专业的岗位中加入志愿，用上移、下移排出先后；每次操作都会立即保存。"),
                    _l("截止日 23:59 之前可以反复修改。截止后由学校计算并公布安排。"),
                ),
                "placements.mine",
            ),
            Task(
                _l("填写实习日"),
                (
                    _l("在“我的实习”打开当前实习，选择周次，勾选到岗的日期并写一句说明。"),
                    _l("企业指导教师确认后才计入企业学习。每周最多计五天，同一天只计一次。"),
                    _l("被退回的日子会写明理由，修改后可以重新提交。"),
                ),
                "placements.mine",
            ),
            Task(
                _l("查看企业学习周数的计算依据"),
                (_l("首页“企业学习”卡片的“计算依据”逐日列出哪些天计入、哪些天没有计入及原因。"),),
                "placements.my_weeks",
            ),
            Task(
                _l("选毕业设计题目"),
                (
                    _l("在“毕业设计选题”给想做的题目填志愿序号，截止前可以反复修改；每个题目都写明余下的名额和你的实习能否覆盖。"),
                    _l("可以组队的题目由组长建立小组、按学号邀请同学，并为全组填报。也可以自拟选题，企业和学校都通过后由你承担。"),
                    _l("选题下达后、导师指派前，可以在毕业设计页填写导师志愿。"),
                ),
                "capstones.choices",
            ),
            Task(
                _l("提交毕业设计材料"),
                (
                    _l("任务书由导师下达。你在“我的毕业设计”依次提交开题报告、中期报告、草稿、查重报告和论文；每次提交的版本都保留。"),
                    _l("每次指导由你或导师登记，对方确认后计入。论文提交后由校内导师和企业指导教师分别评分。"),
                    _l("成绩公布后，可以在规定的天数内申诉一次，或认可成绩。"),
                ),
                "capstones.mine",
            ),
        ),
    ),
    Topic(
        "trainee",
        (Role.TRAINEE,),
        (
            Task(
                _l("报名并完成一门课程"),
                (
                    _l("在课程目录打开课程，点“立即报名”或“申请报名”。需要审核或排队候补时，页面会说明当前状态。"),
                    _l("按单元学习；每个单元写明完成条件（阅读、观看或测验）。"),
                    _l("达到课程的完成条件后自动记为完成并签发结课证书。"),
                ),
                "catalogue.index",
            ),
            Task(
                _l("下载和出示证书"),
                (_l("在“我的证书”下载 PDF。任何人扫描二维码，或在证书查验页输入编号与核验码，都能核实真伪和当前状态。"),),
                "certificates.mine",
            ),
        ),
    ),
    Topic(
        "mentor",
        (Role.MENTOR,),
        (
            Task(
                _l("确认学生的实习日"),
                (
                    _l("打开“待我确认”，学生的日子按人和周列出。"),
                    _l("核对后每周点一次确认；不符合实际的，退回并写明理由。"),
                ),
                "placements.confirm",
            ),
            Task(
                _l("评阅毕业设计"),
                (
                    _l("打开“我指导的毕业设计”，先确认学生记录的指导。"),
                    _l("学生提交论文后，按所在专业的评分标准逐项评分并签名。签名后只能写明理由另行更正；截止后要由专业延期。"),
                ),
                "capstones.supervised",
            ),
        ),
    ),
    Topic(
        "lecturer",
        (Role.LECTURER,),
        (
            Task(
                _l("开设一门课程"),
                (
                    _l("在“我教的课程”新建课程，或导入 Open edX 的 OLX 课程包。导入报告逐项列出未能转换的内容。"),
                    _l("为课程新建一期，编排章节、单元和内容块，预览无误后发布。开课单位须已通过核验。"),
                ),
                "authoring.index",
            ),
            Task(
                _l("批改和审核报名"),
                (_l("首页列出等待批改的作答和等待审核的报名，点开即可处理；客观题由系统自动评分。"),),
                "authoring.index",
            ),
        ),
    ),
    Topic(
        "school_supervisor",
        (Role.SCHOOL_SUPERVISOR,),
        (
            Task(
                _l("指导毕业设计"),
                (
                    _l("打开“我指导的毕业设计”，查看学生各阶段提交的材料。"),
                    _l("记录或确认每次指导，论文提交后评分。校内与企业导师必须是不同的人。"),
                ),
                "capstones.supervised",
            ),
        ),
    ),
    Topic(
        "host",
        (Role.ENTERPRISE_COORDINATOR, Role.CENTRE_LEADER),
        (
            Task(
                _l("提供实习岗位"),
                (
                    _l("在“实习岗位”新建岗位，写明接受的专业、技能和每个学期的名额，保存后提交。"),
                    _l("学校审核通过后学生才能选择；被退回时页面写明理由。名额不会超出企业指导教师可带的人数。"),
                ),
                "placements.positions",
            ),
            Task(
                _l("登记企业指导教师"),
                (_l("在“企业指导教师”逐个登记，或下载模板批量导入；写明技能、从业年限和可带学生的上限。"),),
                "mentors.index",
            ),
            Task(
                _l("提出毕业设计选题"),
                (
                    _l("在“选题库”提出选题，写明工程问题、需要的能力和名额，附上立项材料、任务书、合同或说明函；由学校再审批。"),
                    _l("学生自拟和教师提出的选题由你代表企业审批。没有学生在做的选题可以撤回；退出毕业设计在“本企业的毕业设计”办理。"),
                ),
                "capstones.topics",
            ),
            Task(
                _l("查看基地可以申请的奖补"),
                (_l("首页“基地奖补”按政策条款逐项核对：已满足、还缺什么、依据哪一条。"),),
            ),
        ),
    ),
    Topic(
        "school",
        (Role.PROGRAMME_ADMIN, Role.UNIVERSITY_ADMIN),
        (
            Task(
                _l("组织一轮实习"),
                (
                    _l("在“实习学期”建立学期，审核企业提交的岗位，再在“实习轮次”为一个年级新建轮次并发布。"),
                    _l("填报截止后计算分配方案，核对每名学生的分配理由，再公布。公布前学生看不到任何结果。"),
                ),
                "placements.rounds",
            ),
            Task(
                _l("组织毕业设计"),
                (
                    _l("在“毕业设计”打开一个年级：审批选题，用“选题轮次”组织填报，用“导师安排”计算或拖动指派双方导师。"),
                    _l("“时间安排”规定各阶段的起止，逾期逐人延期；“评阅与答辩”送评阅、排答辩；“评分标准”规定评分项和权重。"),
                    _l("双方评分相差过大时先请第三方评分或复核，再公布成绩。申诉期过后归档；T2 和 M8.1 至 M8.3 随时可以导出。"),
                    _l("没有账户的企业指导教师，在学生的毕业设计页给他发一次性链接。"),
                ),
                "capstones.cohorts",
            ),
            Task(
                _l("抽检毕业论文"),
                (
                    _l("在“论文抽检”选学校、学年和比例，系统随机抽取并留存种子；同一学年只抽一次，误抽由另一人写明理由作废。"),
                    _l("每篇送三位校外专家：两位不合格即为存在问题，一位不合格再送两位。全部字段可以导出。"),
                ),
                "capstones.spot_checks",
            ),
            Task(
                _l("导入学生或教师"),
                (
                    _l("在“学生”或“教师”页点“导入”，下载模板并填写。"),
                    _l("上传后先给出检查报告：工作表、行、列和问题。没有错误才能应用，全部写入或全部不写入。"),
                ),
                "people.students",
            ),
            Task(
                _l("查看专业达标情况"),
                (_l("“专业评价”按十项要求、64 条评价要点给出结论，每条都写明实际值、要求值和条款；需要专家判断的条款留待专家。"),),
                "evaluation.index",
            ),
            Task(
                _l("签发专业培养证书"),
                (_l("“培养链条”列出课程、企业学习、毕业设计三项都已完成的学生，可批量签发；重复签发不会产生第二张。"),),
                "chains.index",
            ),
        ),
    ),
    Topic(
        "province",
        (Role.PREFECTURE_OPERATOR, Role.DEPT_EDU, Role.DEPT_HR, Role.DEPT_ST, Role.DEPT_FIN),
        (
            Task(
                _l("导入花名册"),
                (
                    _l("在“导入花名册”下载模板，填写后上传 CSV 或 Excel。"),
                    _l("重复的行不会重复计数；有问题的行写明行号和原因，可下载改正后重新上传。中断的导入会从停下的地方继续。"),
                ),
                "ledger.rosters.index",
            ),
            Task(
                _l("查看目标进度"),
                (_l("“培训目标”按设区市、基地、类别和年份给出人数，并与匀速计划比较；每个数字都能点开到人。同一人只计一次，平潭单列。"),),
                "goals.index",
            ),
            Task(
                _l("判定疑似重复"),
                (_l("姓名和出生日期相同、证件不同的学员会列在“疑似重复”；判定为同一人后合并计数，并保留判定理由。"),),
                "ledger.duplicates.index",
            ),
        ),
    ),
    Topic(
        "expert",
        (Role.EXPERT,),
        (
            Task(
                _l("评议抽检的毕业论文"),
                (_l("“我的评审任务”列出送给你的论文；论文不显示学生、学校和导师，读后选择合格或不合格，写明意见并签名。"),),
                "capstones.tasks",
            ),
            Task(
                _l("评判评价要点"),
                (
                    _l("被指派参加考查后，先声明有没有利益冲突；没有冲突的，考查期前后可以查阅该专业的材料。"),
                    _l("在“我的评价表”中逐条填写达到、未达到或未能判断，并写明理由；全部填写后提交。组内不一致的，由组长记录一致意见。"),
                ),
                "evaluation.applications",
            ),
        ),
    ),
    Topic(
        "watcher",
        (Role.INSPECTOR, Role.AUDITOR),
        (
            Task(
                _l("核查操作记录"),
                (
                    _l(
                        "“操作审计”可按人员、动作、对象和时间筛选并导出。记录只增不改，逐条以哈希相连；在服务器上执行 trainhub audit verify 可校验全链。"
                    ),
                ),
                "audit.events",
            ),
        ),
    ),
    Topic(
        "system",
        (Role.SYSTEM_ADMIN,),
        (
            Task(
                _l("建立账号和授权"),
                (_l("在“账号”新建账号并授予角色；角色都限定在一个单位、专业或地区内，并有起止日期。邀请链接一次有效。"),),
                "accounts.index",
            ),
            Task(
                _l("备份与恢复"),
                (_l("在服务器上执行 trainhub backup 和 trainhub restore；备份包含数据库、文件和密钥，恢复时需要同一个 TRAINHUB_SECRET_KEY。"),),
            ),
        ),
    ),
)


def topics(identity: Identity | None) -> list[Shown]:
    """Every topic, the reader's own first; links only to pages the reader may open."""
    found = []
    for topic in TOPICS:
        mine = identity is not None and identity.has(*topic.roles)
        title = listed(str(ROLE_LABELS[role]) for role in topic.roles)
        tasks = tuple((task, link(identity, task.endpoint) if mine and identity is not None and task.endpoint else "") for task in topic.tasks)
        found.append(Shown(topic.key, title, mine, tasks))
    return sorted(found, key=lambda one: not one.is_mine)
