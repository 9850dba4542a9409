"""What can be exported and for what, in both languages."""

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

RELATIONS: Mapping[str, tuple[str, str]] = {
    RelationKind.OWNER: ("业主", "Owner"),
    RelationKind.CO_OWNER: ("共有人", "Co-owner"),
    RelationKind.TENANT: ("租户", "Tenant"),
    RelationKind.AGENT: ("代理人", "Agent"),
}

EXPORT_STATES: Mapping[str, tuple[str, str]] = {
    "open": ("待审批", "Waits for approval"),
    "making": ("正在生成", "Being made"),
    "ready": ("可下载", "Ready"),
    "fetched": ("已下载，待确认删除", "Downloaded, to be deleted"),
    "deleted": ("已确认删除", "Deleted"),
    "lapsed": ("未取用，已销毁", "Not used, destroyed"),
    "refused": ("未同意", "Refused"),
    "withdrawn": ("已撤回", "Withdrawn"),
}
