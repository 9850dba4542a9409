"""Checks user tasks: somebody must do them, by a time, with a form; and that all they name exists."""

from engine.bpmn.check.model import Lane, Node, Process
from engine.bpmn.check.rules import Place, Report, Rule
from engine.bpmn.check.whole import Whole
from engine.bpmn.xml import words

NO_POST = Rule(
    "no_post",
    "任务“{name}”没有岗位，不会出现在任何人的收件箱里",
    "the task “{name}” has no post and would be in nobody's inbox",
    "在泳道上设属性 post（例如 cs），或填写 candidateGroups 或 assignee",
    "give its lane the property post (such as cs), or fill in candidateGroups or assignee",
)
NAMED_PERSON = Rule(
    "named_person",
    "任务“{name}”的办理人写死为“{who}”，系统里没有这样的账号，谁也办不了",
    "the task “{name}” is assigned to “{who}” by name: there is no such account, and nobody could do it",
    "写成取值，例如 ${{worker_id}}；或删去办理人，用泳道的岗位",
    "write a value such as ${{worker_id}}, or leave it out and let the post of the lane do it",
)
UNKNOWN_GROUP = Rule(
    "unknown_group",
    "“{name}”的{what_zh}“{group}”不是已有的岗位代码",
    "{what_en} “{group}” of “{name}” is no known post",
    "用岗位代码：{known}",
    "use one of the codes {known}",
)
NO_LIMIT = Rule(
    "no_limit",
    "任务“{name}”没有办理时限",
    "the task “{name}” has no time limit",
    "填写 Due date（例如 PT30M），或画中断型定时边界事件，或给流程设属性 dueDate",
    "fill in a due date (such as PT30M), draw an interrupting timer, or give the process a property dueDate",
)
NO_FORM = Rule(
    "no_form",
    "任务“{name}”没有表单",
    "the task “{name}” has no form",
    "Forms 选 Camunda Forms，填写 formRef",
    "choose Camunda Forms and fill in formRef",
)
UNKNOWN_FORM = Rule(
    "unknown_form",
    "任务“{name}”的表单“{form}”不存在或有错误",
    "the form “{form}” of the task “{name}” does not exist or has errors",
    "检查 formRef 与 .form 文件的 id，或一同部署该表单",
    "compare formRef with the id in the .form file, or deploy the form together with the diagram",
)
UNKNOWN_LADDER = Rule(
    "unknown_ladder",
    "“{name}”的升级阶梯“{ladder}”不在决策表 escalation 中",
    "the ladder “{ladder}” of “{name}” is not in the table escalation",
    "改用已有的阶梯（{known}），或在表中加上",
    "use one that exists ({known}), or add it to the table",
)
UNKNOWN_CALENDAR = Rule(
    "unknown_calendar",
    "“{name}”的日历“{calendar}”不存在",
    "there is no calendar “{calendar}” for “{name}”",
    "改用：{known}",
    "use one of {known}",
)
BAD_FLAG = Rule(
    "bad_flag",
    "“{name}”的属性 {key} 只能是 true 或 false，而不是“{value}”",
    "the property {key} of “{name}” must be true or false, not “{value}”",
    "改成 true 或 false",
    "write true or false",
)
UNKNOWN_STEP = Rule(
    "unknown_step",
    "“{name}”的 not_same_as 提到的“{step}”不是本流程的用户任务或开始",
    "not_same_as of “{name}” names “{step}”, which is no user task or start of this process",
    "填写同一流程图中用户任务或开始事件的编号",
    "give the id of a user task or a start event of the same process",
)
UNKNOWN_CANCEL = Rule(
    "unknown_cancel",
    "流程“{name}”的 on_cancel“{topic}”不是已声明的 handler 主题",
    "on_cancel “{topic}” of the process “{name}” is no declared handler topic",
    "改用 topics.toml 中的 handler 主题",
    "use a handler topic of topics.toml",
)


def check_people(whole: Whole, process: Process, report: Report) -> None:
    """Check the posts, limits and forms of a process."""
    people = _People(whole, report)
    for lane in process.lanes:
        people.lane(lane)
    starters = process.element.get("{http://camunda.org/schema/1.0/bpmn}candidateStarterGroups")
    people.groups(
        process.place, process.name or process.id, ("可发起岗位", "the starter group"), words(starters)
    )
    on_cancel = process.properties.get("on_cancel", "")
    topic = whole.topics.services.get(on_cancel)
    if on_cancel and (topic is None or topic.kind != "handler"):
        report.add(UNKNOWN_CANCEL, process.place, name=process.name or process.id, topic=on_cancel)
    for node in process.nodes():
        people.node(node)
        if node.kind == "userTask":
            people.task(node)


class _People:
    def __init__(self, whole: Whole, report: Report) -> None:
        self.whole = whole
        self.around = whole.surroundings
        self.report = report

    def lane(self, lane: Lane) -> None:
        post = (lane.post,) if lane.post else ()
        self.groups(lane.place, lane.name or lane.id, ("岗位 (post)", "the post"), post)

    def node(self, node: Node) -> None:
        said = node.properties
        self.groups(
            node.place, node.label, ("可取消岗位 (cancel)", "the cancelling post"), words(said.get("cancel"))
        )
        if said.get("pausable", "true") not in ("true", "false"):
            words_ = {"name": node.label, "key": "pausable", "value": said["pausable"]}
            self.report.add(BAD_FLAG, node.place, **words_)

    def task(self, node: Node) -> None:
        groups = words(node.camunda("candidateGroups"))
        self.groups(node.place, node.label, ("候选岗位 (candidateGroups)", "the candidate group"), groups)
        if not groups and not node.camunda("assignee") and not (node.lane and node.lane.post):
            self.report.add(NO_POST, node.place, name=node.label)
        assignee = node.camunda("assignee")
        if assignee and "${" not in assignee:
            self.report.add(NAMED_PERSON, node.place, name=node.label, who=assignee[:60])
        if not self._has_limit(node):
            self.report.add(NO_LIMIT, node.place, name=node.label)
        form = node.camunda("formRef")
        if not form:
            self.report.add(NO_FORM, node.place, name=node.label)
        elif form not in self.whole.forms:
            self.report.add(UNKNOWN_FORM, node.place, name=node.label, form=form)
        self._check_time_words(node)
        kinds = ("userTask", "startEvent")
        others = {other.id for other in node.scope.process.nodes() if other.kind in kinds} - {node.id}
        for step in words(node.properties.get("not_same_as")):
            if step not in others:
                self.report.add(UNKNOWN_STEP, node.place, name=node.label, step=step)

    def _has_limit(self, node: Node) -> bool:
        has_timer = any(event.event == "timer" and event.is_interrupting for event in node.boundaries)
        has_case_limit = bool(node.scope.process.properties.get("dueDate", "").strip())
        return bool(node.camunda("dueDate")) or has_timer or has_case_limit

    def _check_time_words(self, node: Node) -> None:
        said = node.properties
        ladder, clock = said.get("escalation", "").strip(), said.get("clock", "").strip()
        if ladder and ladder not in self.whole.ladders:
            known = "、".join(sorted(self.whole.ladders)) or "—"
            self.report.add(UNKNOWN_LADDER, node.place, name=node.label, ladder=ladder, known=known)
        if clock and clock not in self.around.calendars:
            known = "、".join(sorted(self.around.calendars))
            self.report.add(UNKNOWN_CALENDAR, node.place, name=node.label, calendar=clock, known=known)

    def groups(self, place: Place, name: str, what: tuple[str, str], groups: tuple[str, ...]) -> None:
        for group in groups:
            if group not in self.around.groups:
                known = "、".join(sorted(self.around.groups))
                params = {"what_zh": what[0], "what_en": what[1], "known": known}
                self.report.add(UNKNOWN_GROUP, place, name=name, group=group, **params)
