"""What experts, the association, inspectors, auditors and administrators of the system do."""

from __future__ import annotations

from trainhub.kernel.access import Role
from trainhub.kernel.i18n import _l
from trainhub.oversight.home.helping.types import Task, Topic

TOPICS = (
    Topic(
        "expert",
        _l("评价专家、认证协会与专家工作组"),
        (Role.EXPERT,),
        (
            Task(
                "visit-form",
                _l("参加考查、填写评价表"),
                (
                    _l("在“评价申请”打开指派给你的专业，选择并说明利益关系，点“提交声明”。"),
                    _l("考查期前后在“材料”查阅提交时固定的材料。"),
                    _l("在“我的评价表”逐条填写，点“保存并继续”，全部填完点“提交评价表”。"),
                ),
                note=_l("声明无利益冲突后材料才开放，只在考查期前后。64 条都要填写，提交后不能再改；全组提交后才看到别人的意见。"),
                endpoint="evaluation.applications",
                at=(
                    "evaluation.application",
                    "evaluation.visit_form",
                    "evaluation.declare",
                ),
            ),
            Task(
                "consensus",
                _l("组长：记录一致意见"),
                (_l("在“专家意见”点“只看意见不同的”，逐条在“记录一致意见”中选择并写明理由，点“记录”。"),),
                note=_l("意见相同的不用记录，那就是全组意见。"),
                endpoint="evaluation.applications",
                at=("evaluation.consensus",),
            ),
            Task(
                "association",
                _l("认证协会：受理申请、安排考查"),
                (
                    _l("打开申请，在“下一步”中接受或不接受；提交报告后点“安排现场考查”。"),
                    _l("“保存日期”，“指派专家”并指定组长，“增加日程”；再确定考查。"),
                    _l("认证结论在“登记认证结论”中登记。"),
                ),
                note=_l("学生、教师、专业负责人三类访谈须齐全，并考查中心或写明理由；该校的人不能被指派。"),
                endpoint="evaluation.applications",
                at=(
                    "evaluation.application",
                    "evaluation.plan_visit",
                ),
            ),
            Task(
                "working-group",
                _l("专家工作组：作出结论、公布名单"),
                (
                    _l("打开申请，未能判断的要点先判断，再在“下一步”作出评价结论；可以“保存定性评价”。"),
                    _l("在“公布名单”选择年度和专业，公布。"),
                ),
                note=_l("结论由认证结论和 64 个要点推出，不能填写。名单只列入通过认证且达到专门要求的专业。"),
                endpoint="evaluation.applications",
                at=(
                    "evaluation.application",
                    "evaluation.lists",
                ),
            ),
        ),
    ),
    Topic(
        "watcher",
        _l("督查与审计"),
        (
            Role.INSPECTOR,
            Role.AUDITOR,
        ),
        (
            Task(
                "audit",
                _l("核查操作记录"),
                (
                    _l("在“操作审计”按人员、动作、对象和时间筛选，可以导出 CSV。"),
                    _l("在服务器上执行 trainhub audit verify 可校验全链。"),
                ),
                note=_l("记录只能追加，逐条以校验值相连；单独改动或删去一条，校验时会被发现。"),
                endpoint="audit.events",
                at=("audit.events_csv",),
            ),
            Task(
                "watch",
                _l("查看进度、奖补和评价"),
                (_l("“培训目标”一直查到人，“申请与决定”看每项奖励的办理记录，“专业评价”看每条依据。"),),
                note=_l("只能查看，不能办理；证件号码都是掩码。"),
                endpoint="goals.index",
                at=(
                    "placements.progress",
                    "awards.decisions",
                    "capstones.index",
                    "evaluation.index",
                ),
            ),
            Task(
                "permission-table",
                _l("核对谁能做什么"),
                (_l("“权限表”列出每项操作由哪些角色、在什么范围内进行；“账号”列出每个人的角色。"),),
                note=_l("权限表由程序直接生成，与实际执行的规则一致。"),
                endpoint="permissions.index",
                roles=(Role.AUDITOR,),
            ),
            Task(
                "hold",
                _l("设定数据保全"),
                (
                    _l("在“人员”打开此人，在“设定数据保全”中写明“保全原因”和“依据文书”，点“设定数据保全”。"),
                    _l("不再需要时点“解除保全”。"),
                ),
                note=_l("设定期间此人的数据到期也不删除、不抹去；解除后到期的数据在当天的清理中抹去。"),
                endpoint="people.persons",
                at=("people.person",),
                roles=(Role.AUDITOR,),
            ),
        ),
    ),
    Topic(
        "system",
        _l("系统管理"),
        (Role.SYSTEM_ADMIN,),
        (
            Task(
                "data-requests",
                _l("答复个人信息申请"),
                (_l("在“个人信息申请”打开申请，选择“处理结果”、写明“答复”，点“保存处理结果”。"),),
                note=_l("期限届满前不能删除的，在答复中写明类别、期限和理由；“同时注销账号”不能恢复，保全中的人不能注销。"),
                endpoint="data_requests.listing",
                at=("data_requests.show",),
            ),
            Task(
                "same-person",
                _l("合并同一个人的两条记录"),
                (_l("在“疑似同一人”点“判定”，核对后选择并写明依据；判错的在人员页面点“改判”。"),),
                note=_l("合并后账号、学籍、任教、选课和证书都归到保留的记录；改判会退回去。"),
                endpoint="people.same",
                at=("people.person",),
            ),
            Task(
                "outbox",
                _l("查看邮件发送情况"),
                (_l("在“邮件队列”按状态筛选，点重新发送失败的邮件。"),),
                note=_l("失败的自动重试，6 次后放弃。没有配置邮件服务器时，邮件留在队列中等待。"),
                endpoint="notifications.outbox",
            ),
            Task(
                "keys",
                _l("更换签名密钥"),
                (
                    _l("在“签名密钥”点“更换密钥”，随即在服务器上执行 trainhub backup。"),
                    _l("密钥泄露时，在那一行点“已泄露，作废”。"),
                ),
                note=_l("更换后旧文件仍可核验；作废后它签过的所有文件都不再可信，持证人须重新下载。"),
                endpoint="certificates.key_list",
            ),
            Task(
                "backup",
                _l("备份与恢复"),
                (_l("在服务器上执行 trainhub backup 和 trainhub restore；备份包含数据库、文件和密钥。"),),
                note=_l("恢复时需要同一个 TRAINHUB_SECRET_KEY，请与备份分开保存。"),
            ),
        ),
    ),
)
