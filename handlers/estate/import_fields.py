"""The columns that a hand-over list can have."""

from enum import StrEnum


class Field(StrEnum):
    """A column of the list, by its proper name."""

    COMMUNITY = "小区"
    BUILDING = "楼栋"
    UNIT = "单元"
    ROOM = "房号"
    KIND = "户型"
    AREA = "建筑面积"
    NAME = "业主姓名"
    SEX = "性别"
    ID_TYPE = "证件类型"
    ID_NUMBER = "证件号码"
    PHONE = "联系电话"
    OTHER_PHONE = "备用电话"
    POSTAL_ADDRESS = "通讯地址"
    HANDED_OVER = "交付日期"
