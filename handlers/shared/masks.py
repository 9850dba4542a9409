"""Shows as much of a personal value as everybody with a reason may see."""

HIDDEN = "*"
ERASED = "—"  # stands where the name of somebody was whose data are erased


def mask_phone(phone: str) -> str:
    """Keep the first three and last four digits: 138****5678."""
    if len(phone) < 8:
        return HIDDEN * len(phone)
    return phone[:3] + HIDDEN * (len(phone) - 7) + phone[-4:]


def mask_name(name: str) -> str:
    """Keep the first character, and the last of longer names: 张*, 张*明."""
    if name == ERASED:
        return name
    if len(name) <= 1:
        return HIDDEN * len(name)
    if len(name) == 2:
        return name[0] + HIDDEN
    return name[0] + HIDDEN * (len(name) - 2) + name[-1]


def mask_number(number: str) -> str:
    """Keep the first and last character of an identity document's number."""
    if len(number) <= 2:
        return HIDDEN * len(number)
    return number[0] + HIDDEN * (len(number) - 2) + number[-1]


def mask_plate(plate: str) -> str:
    """Keep the place and the last two characters of a number plate: 京A·***34."""
    if len(plate) < 5:
        return HIDDEN * len(plate)
    return f"{plate[:2]}·{HIDDEN * (len(plate) - 4)}{plate[-2:]}"
