"""Groups the kinds of fault into a few pictures, as somebody sees them who is no craftsman."""

from dataclasses import dataclass

from engine.work import Work
from handlers.repair import catalogue
from handlers.repair.records import Area
from web.texts import gettext
from web.words import either

UNSURE = "X99"  # the fault 其他: what nobody can name


@dataclass(frozen=True)
class FaultChoice:
    """One kind of fault, in the reader's language.

    Attributes:
        is_danger: leave first, then phone.
    """

    code: str
    name: str
    is_danger: bool


@dataclass(frozen=True)
class Tile:
    """A picture to press, and the kinds of fault behind it.

    Attributes:
        key: also the name of the picture, see resident/pictures.html.
    """

    key: str
    label: str
    faults: tuple[FaultChoice, ...]

    @property
    def is_danger(self) -> bool:
        """Tell whether everything behind it is a danger to life."""
        return all(fault.is_danger for fault in self.faults)


# Picture -> its name, and the categories of the fault list behind it; what stands nowhere is behind "other".
_GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "water": ("水管漏水", ("water",)),
    "power": ("电和灯", ("power",)),
    "door": ("门窗锁", ("door",)),
    "lift": ("电梯", ("lift",)),
    "hvac": ("暖气空调", ("hvac",)),
    "net": ("对讲网络", ("weak_current",)),
    "outside": ("外墙路面", ("structure", "green", "facility")),
    "parking": ("停车充电", ("parking",)),
    "cleaning": ("保洁虫害", ("cleaning",)),
    "noise": ("噪声扰民", ("conduct",)),
    "service": ("质保服务", ("warranty", "service")),
    "other": ("其他", ("unknown",)),
    "gas": ("燃气", ("gas",)),
    "fire": ("火烟消防", ("fire",)),
}


def tiles(work: Work) -> tuple[Tile, ...]:
    """Return the pictures in the order they are shown; one with nothing behind it is left out."""
    behind: dict[str, list[FaultChoice]] = {key: [] for key in _GROUPS}
    for fault in _every(work):
        is_danger = catalogue.danger_of(work, fault.code) is not None
        behind[_group_of(fault)].append(
            FaultChoice(fault.code, fault_name(fault.name, fault.name_en), is_danger)
        )
    return tuple(
        Tile(key, gettext(label), tuple(behind[key])) for key, (label, _) in _GROUPS.items() if behind[key]
    )


def fault_name(name: str, name_en: str) -> str:
    """Name a fault in the reader's language, as a title."""
    said = either(name, name_en)
    return said[:1].upper() + said[1:]


def group_of(work: Work, code: str) -> str | None:
    """Return the picture that a fault stands behind; None for a fault nobody knows."""
    fault = catalogue.fault(work, code)
    return _group_of(fault) if fault else None


def only_fault(work: Work, group: str) -> str:
    """Return the one fault behind a picture, or nothing where there are several to choose from."""
    codes = [fault.code for fault in _every(work) if _group_of(fault) == group]
    return codes[0] if len(codes) == 1 else ""


def name_of(group: str) -> str:
    """Return what a picture is called, in Chinese as the desk reads it; empty for none."""
    return _GROUPS[group][0] if group in _GROUPS else ""


def areas_of(work: Work, code: str) -> tuple[Area, ...]:
    """Return what a fault can befall: the home, the common area, or both."""
    return tuple(area for area in Area if any(one.code == code for one in catalogue.faults(work, area)))


def _group_of(fault: catalogue.Fault) -> str:
    return next((key for key, (_, held) in _GROUPS.items() if fault.category in held), "other")


def _every(work: Work) -> list[catalogue.Fault]:
    """List every fault once, private ones first, as residents meet them more often."""
    return list({fault.code: fault for area in Area for fault in catalogue.faults(work, area)}.values())
