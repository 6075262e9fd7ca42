"""The words of every verdict; the enum's name is its code, its value what people read."""

from enum import Enum

from ddk_surveillance.errors import Text


class Evidence(Enum):
    """Whether chance alone would hardly give such counts; kept apart from the official status."""

    SHOWN = Text("有统计学证据", "statistical evidence")
    NOT_SHOWN = Text("证据不足", "not enough evidence")
    TOO_FEW = Text("事件太少无法判断", "too few events to judge")

    @classmethod
    def of(cls, count: int, most_below: int | None, least_above: int) -> "Evidence":
        """By the counts from which on it is shown, down (None where not even 0 events would show it) and up."""
        if count >= least_above or (most_below is not None and count <= most_below):
            return cls.SHOWN
        return cls.TOO_FEW if most_below is None else cls.NOT_SHOWN


class TargetStatus(Enum):
    """The official verdict on a target, from the point value alone."""

    MET = Text("达标", "target met")
    MISSED = Text("未达标", "target not met")


class Change(Enum):
    """Where the point value went since the baseline."""

    FELL = Text("下降", "fell")
    LEVEL = Text("持平", "level")
    ROSE = Text("上升", "rose")
