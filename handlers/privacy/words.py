"""What can be exported and for what, and what people ask about their own data, in both languages."""

from collections.abc import Mapping

from handlers.estate.authorisation import Purpose
from handlers.estate.records import RelationKind

CONTENTS: Mapping[str, tuple[str, str]] = {
    "owners": ("业主", "Owners"),
    "residents": ("业主、租户和代理人", "Owners, tenants and agents"),
    "statistics": ("统计数字（不含个人信息）", "Statistics, nobody's personal data"),
}

FIELDS: Mapping[str, tuple[str, str]] = {
    "name": ("姓名", "Name"),
    "relation": ("与房屋的关系", "Relation to the house"),
    "phone": ("手机号", "Mobile number"),
    "other_phone": ("备用电话", "Other phone"),
    "postal_address": ("通信地址", "Postal address"),
    "id_number": ("证件号（敏感）", "ID number (sensitive)"),
    "plates": ("车牌", "Number plates"),
    "house_kind": ("户型", "House type"),
    "area": ("面积（㎡）", "Area (m²)"),
}
SENSITIVE = frozenset({"id_number"})
# Left empty for who has not agreed to the purpose.
CONTACTS = frozenset({"phone", "other_phone", "postal_address", "id_number"})

PURPOSES: Mapping[str, tuple[str, str]] = {
    Purpose.NOTICE: ("发通知", "Notices"),
    Purpose.REPAIR: ("维修", "Repair"),
    Purpose.FEE: ("收费", "Fees"),
    Purpose.EMERGENCY: ("紧急", "Emergency"),
}

# An emergency is a call to somebody, never a list.
EXPORT_PURPOSES = {code: name for code, name in PURPOSES.items() if code != Purpose.EMERGENCY}

RELATIONS: Mapping[str, tuple[str, str]] = {
    RelationKind.OWNER: ("业主", "Owner"),
    RelationKind.CO_OWNER: ("共有人", "Co-owner"),
    RelationKind.TENANT: ("租户", "Tenant"),
    RelationKind.AGENT: ("代理人", "Agent"),
}

EXPORT_STATES: Mapping[str, tuple[str, str]] = {
    "open": ("待审批", "Waits for approval"),
    "making": ("正在生成", "Being made"),
    "failed": ("没有生成", "Could not be made"),
    "ready": ("可下载", "Ready"),
    "fetched": ("已下载，待确认删除", "Downloaded, to be deleted"),
    "deleted": ("已确认删除", "Deleted"),
    "lapsed": ("未取用，已销毁", "Not used, destroyed"),
    "refused": ("未同意", "Refused"),
    "withdrawn": ("已撤回", "Withdrawn"),
}

KINDS: Mapping[str, tuple[str, str]] = {
    "read": ("查阅我的信息", "See my data"),
    "copy": ("复制一份给我", "A copy of my data"),
    "correct": ("更正", "Correct my data"),
    "withdraw": ("撤回同意", "Withdraw my consent"),
    "delete": ("删除我的信息", "Erase my data"),
    "close": ("注销账号", "Close my account"),
    "move": ("转移到别处（电子格式）", "Take my data elsewhere (electronic)"),
}
FILED = frozenset({"read", "copy", "move"})  # answered with a file

ON_BEHALF: Mapping[str, tuple[str, str]] = {
    "self": ("本人", "The person"),
    "relative": ("近亲属（本人已去世）", "A close relative (the person has died)"),
    "agent": ("受委托的人", "Somebody entrusted"),
}
CHANNELS: Mapping[str, tuple[str, str]] = {"online": ("网上", "Online"), "counter": ("前台", "At the desk")}

REQUEST_STATES: Mapping[str, tuple[str, str]] = {
    "open": ("在办", "Open"),
    "granted": ("已照办", "Done"),
    "restricted": ("依法保留，只存不用", "Kept by law, used for nothing else"),
    "refused": ("未同意", "Refused"),
    "withdrawn": ("已撤回", "Withdrawn"),
}
