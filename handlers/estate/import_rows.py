"""Reads one row of a hand-over list into a house and its owners, or says which cells are in the way."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from handlers.estate.address import Place, normal_part, read_query
from handlers.estate.entry import HouseFacts
from handlers.estate.identity import ID_TYPE_NAMES, IdType, InvalidIdentity, checked_id, normalised_phone
from handlers.estate.import_cells import (
    Unreadable,
    read_area,
    read_date,
    read_id_numbers,
    read_names,
    read_phones,
    read_place,
    read_sex,
    read_text,
)
from handlers.estate.import_fields import Field
from handlers.estate.people import CheckedPerson
from handlers.estate.workbooks import Row, Value
from handlers.shared.masks import mask_name, mask_number

T = TypeVar("T")


@dataclass(frozen=True)
class RowProblem:
    """Something in a row that a person has to put right.

    Attributes:
        column: as the header calls it.
        value: masked.
        message, params: Chinese template, the key of its translation, and its values.
    """

    sheet: str
    row: int
    column: str
    value: str
    message: str
    params: Mapping[str, object]

    def reason(self) -> str:
        """Fill the template in."""
        return self.message.format(**self.params)


@dataclass(frozen=True)
class ReadRow:
    """A row that could be read as a whole."""

    sheet: str
    number: int
    community: str
    place: Place
    facts: HouseFacts
    owners: tuple[CheckedPerson, ...]


@dataclass(frozen=True)
class Surroundings:
    """What the rows of a sheet have in common.

    Attributes:
        columns: field -> column from 0.
        community: where the rows do not name one.
    """

    sheet: str
    columns: Mapping[Field, int]
    community: str
    today: date


class RowReader:
    """Reads a row cell by cell and gathers everything that is wrong with it."""

    def __init__(self, around: Surroundings, row: Row) -> None:
        self._around = around
        self._row = row
        self.problems: list[RowProblem] = []
        self.house: tuple[str, Place] | None = None  # community and place, if these could be read

    def read(self) -> ReadRow | None:
        """Read the row; None when there are problems."""
        community = self._cell(Field.COMMUNITY, read_text) or self._around.community
        place = self._place()
        facts = HouseFacts(
            kind=(self._cell(Field.KIND, read_text) or "")[:50],
            area_m2=self._cell(Field.AREA, read_area),
            handed_over_on=self._cell(Field.HANDED_OVER, lambda value: read_date(value, self._around.today)),
        )
        owners = self._owners()
        if community and place is not None:
            self.house = (community, place)
        if not community:
            self._problem(Field.COMMUNITY, "没有写明小区：请加“小区”一列，或以小区名作为工作表名")
        if self.problems or place is None:
            return None
        return ReadRow(self._around.sheet, self._row.number, community, place, facts, tuple(owners))

    def _place(self) -> Place | None:
        building = self._cell(Field.BUILDING, read_place)
        unit = self._cell(Field.UNIT, read_place)
        room = self._cell(Field.ROOM, read_place)
        if building is None or unit is None or room is None:
            return None
        if not room:
            self._problem(Field.ROOM, "没有房号")
            return None
        whole = read_query(room)
        if whole.building and whole.room and not whole.community:
            if not building:
                building, unit, room = whole.building, whole.unit or unit, whole.room
            elif whole.unit and whole.building == normal_part("building", building):
                unit, room = whole.unit, whole.room
            elif whole.unit is None and Field.UNIT not in self._around.columns:
                unit, room = whole.building, whole.room
        if not building:
            self._problem(Field.BUILDING, "没有楼栋")
            return None
        return Place.of(building, unit, room)

    def _owners(self) -> list[CheckedPerson]:
        names = self._cell(Field.NAME, read_names)
        id_type = self._id_type()
        numbers = self._cell(
            Field.ID_NUMBER, lambda value: read_id_numbers(value, is_id_card=id_type is IdType.ID_CARD)
        )
        phones = self._cell(Field.PHONE, read_phones)
        others = self._cell(Field.OTHER_PHONE, read_phones)
        sex = self._cell(Field.SEX, read_sex) if names is not None and len(names) < 2 else ""
        if names is None or id_type is None or numbers is None or phones is None or others is None:
            return []
        if not names:
            if numbers or phones:
                self._problem(Field.NAME, "有证件号码或电话，但没有业主姓名")
            return []
        if numbers and len(numbers) != len(names):
            self._problem(
                Field.ID_NUMBER,
                "{names} 位业主，却有 {numbers} 个证件号码，无法对应；请每位业主一行",
                {"names": len(names), "numbers": len(numbers)},
            )
            return []
        shared = self._shared_phones(len(names), phones, others)
        if shared is None:
            return []
        postal_address = self._cell(Field.POSTAL_ADDRESS, read_text) or ""
        owners = []
        for place, name in enumerate(names):
            document = numbers[place] if numbers else ""
            first, second = shared[place]
            owner = self._owner(name, id_type, document, (first, second))
            if owner is not None:
                owners.append(self._completed(owner, sex or "", postal_address[:200]))
        return owners

    def _shared_phones(
        self, owners: int, phones: list[str], others: list[str]
    ) -> list[tuple[str, str]] | None:
        """Give each owner a phone and another one; a single number of several owners is the first one's."""
        if owners == 1:
            every = phones + others
            if len(every) > 2:
                self._problem(Field.PHONE, "电话超过两个，请只保留联系电话和备用电话")
                return None
            first, second = [*every, "", ""][:2]
            return [(first, second)]
        if len(phones) not in (0, 1, owners) or len(others) not in (0, 1, owners):
            self._problem(Field.PHONE, "电话个数与业主人数不符，无法对应；请每位业主一行")
            return None
        padded = [(numbers + [""] * owners)[:owners] for numbers in (phones, others)]
        return list(zip(*padded, strict=True))

    def _id_type(self) -> IdType | None:
        text = self._cell(Field.ID_TYPE, read_text)
        if text is None:
            return None
        if not text:
            return IdType.ID_CARD
        found = ID_TYPE_NAMES.get(text.replace(" ", ""))
        if found is None:
            self._problem(Field.ID_TYPE, "证件类型无法识别")
        return found

    def _owner(
        self, name: str, id_type: IdType, number: str, phones: tuple[str, str]
    ) -> CheckedPerson | None:
        """Check the numbers of one owner."""
        before = len(self.problems)
        document = None
        if number:
            try:
                document = checked_id(id_type, number, self._around.today)
            except InvalidIdentity as error:
                self._problem(Field.ID_NUMBER, error.message, error.params, mask_number(number))
        digits = []
        for field, text in zip((Field.PHONE, Field.OTHER_PHONE), phones, strict=True):
            try:
                digits.append(normalised_phone(text) if text else "")
            except InvalidIdentity as error:
                self._problem(field, error.message, error.params, mask_number(text))
        if len(self.problems) > before:
            return None
        return CheckedPerson(name, digits[0], digits[1], "", document, "")

    def _completed(self, owner: CheckedPerson, sex: str, postal_address: str) -> CheckedPerson:
        stated = owner.document.sex if owner.document else ""
        if stated and sex and stated != sex:
            self._problem(Field.SEX, "性别与身份证号不符")
        return CheckedPerson(
            owner.name, owner.phone, owner.other_phone, stated or sex, owner.document, postal_address
        )

    def _cell(self, field: Field, reader: Callable[[Value], T]) -> T | None:
        """Read a cell; an absent column is an empty cell, and None stands for a problem."""
        column = self._around.columns.get(field)
        if column is not None and column in self._row.uncomputed:
            self._problem(field, "公式没有保存结果，请在 Excel 中打开并保存，或粘贴为数值")
            return None
        try:
            return reader(self._value(field))
        except Unreadable as unreadable:
            self._problem(field, unreadable.message, unreadable.params)
            return None

    def _value(self, field: Field) -> Value:
        column = self._around.columns.get(field)
        if column is None or column >= len(self._row.values):
            return None
        return self._row.values[column]

    def _problem(
        self,
        field: Field,
        message: str,
        params: Mapping[str, object] | None = None,
        masked: str | None = None,
    ) -> None:
        value = _masked(field, self._value(field)) if masked is None else masked
        self.problems.append(
            RowProblem(self._around.sheet, self._row.number, field, value, message, params or {})
        )


def _masked(field: Field, value: Value) -> str:
    text = "" if value is None else str(value)[:60]
    if field is Field.NAME:
        return mask_name(text)
    if field in (Field.ID_NUMBER, Field.PHONE, Field.OTHER_PHONE, Field.POSTAL_ADDRESS):
        return mask_number(text)
    return text
