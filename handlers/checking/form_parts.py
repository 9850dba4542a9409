"""Lets any procedure put a second check into one of its forms.

Such a form has the radio `outcome` (confirm | reject), the text `reason`, and a text field `again_<field>`
for each field that may have to be typed again, such as `again_phone`; none of them is a variable.
"""

from collections.abc import Mapping

from sqlalchemy import select

from engine.bilingual import Text
from engine.ports import Json
from engine.work import Work
from handlers.checking import deciding
from handlers.checking.fields import Field, field_text, shown
from handlers.checking.records import CheckOutcome, second_check
from handlers.errors import FieldsInvalid, RecordNotFound

AGAIN = "again_"
REJECTED = "rejected"
DIFFERED = "differed"  # the outcome of a step that was answered “the same”, when it is not
NOT_CHOSEN = (f"outcome.{DIFFERED}",)  # nobody chooses it: what is typed shows it

_TYPE_AGAIN = ("请对照原件在下面重新输入", "Type it again below, from the paper")


def decided(work: Work, check_id: int, answers: Mapping[str, Json]) -> str:
    """Take the answers to such a form.

    Returns:
        confirmed | rejected | mismatch | to_lead: the code that the next gateway asks for.
    Raises:
        FieldsInvalid: under the keys of the form.
    """
    if answers.get("outcome") == "reject":
        deciding.reject(work, check_id, str(answers.get("reason") or ""))
        return REJECTED
    retyped = {
        key.removeprefix(AGAIN): str(value)
        for key, value in answers.items()
        if key.startswith(AGAIN) and value
    }
    try:
        return deciding.decide(work, check_id, retyped).result.value
    except FieldsInvalid as error:
        raise FieldsInvalid({f"{AGAIN}{key}": what for key, what in error.fields.items()}) from error


def facts(work: Work, check_id: int) -> list[list[Text]]:
    """Return what was entered, for `on_open`: masked, and nothing of what is typed again."""
    check = work.connection.execute(select(second_check).where(second_check.c.id == check_id)).one_or_none()
    if check is None:
        raise RecordNotFound("check_not_found", "没有这项二次核对")
    if check.state != CheckOutcome.WAITING:
        return []
    values = deciding.values_of(work, check)
    return [
        [
            field_text(field),
            _TYPE_AGAIN if field in check.typed_again else shown(field, values[field.value]),
        ]
        for field in Field
        if field.value in values
    ]
