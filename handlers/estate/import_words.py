"""The words by which developers' lists name their columns and fill their cells; nobody is told them."""

from collections.abc import Mapping

from handlers.estate.import_fields import Field

SYNONYMS: Mapping[Field, tuple[str, ...]] = {
    Field.COMMUNITY: ("小区", "项目", "小区名称", "项目名称"),
    Field.BUILDING: ("楼栋", "楼号", "栋", "栋号", "楼栋号", "幢", "幢号", "楼"),
    Field.UNIT: ("单元", "单元号"),
    Field.ROOM: ("房号", "室号", "房间号", "室", "房间", "门牌号"),
    Field.KIND: ("户型",),
    Field.AREA: ("建筑面积", "面积", "房屋面积"),
    Field.NAME: ("业主姓名", "姓名", "产权人", "业主", "产权人姓名"),
    Field.SEX: ("性别",),
    Field.ID_TYPE: ("证件类型", "证件种类"),
    Field.ID_NUMBER: ("证件号码", "身份证号", "身份证号码", "证件号", "身份证"),
    Field.PHONE: ("联系电话", "手机", "手机号码", "手机号", "电话", "联系方式"),
    Field.OTHER_PHONE: ("备用电话", "备用号码", "其他电话", "电话2", "联系电话2"),
    Field.POSTAL_ADDRESS: ("通讯地址", "通信地址", "联系地址"),
    Field.HANDED_OVER: ("交付日期", "交房日期", "交付时间", "交房时间"),
}

MALE = frozenset({"男", "M", "MALE", "先生", "男性"})
FEMALE = frozenset({"女", "F", "FEMALE", "女士", "女性"})
NOTHING = frozenset({"", "-", "--", "—", "——", "/", "无", "暂无", "N/A", "空"})
