"""The messages about joining."""

from handlers.shared.messages import Template

TEMPLATES = (
    Template(
        "joining_refused",
        "入职申请的岗位没有核准",
        "The post asked for was not approved",
        "【物业云】{case}：申请的岗位没有核准，入职到此结束，账号没有权限。需要的请另行申请岗位。",
        "[Wuye Flow] {case}: the post that was asked for was not approved. The joining ends here, and the "
        "account has no rights. Ask again for another post where one is needed.",
    ),
)
