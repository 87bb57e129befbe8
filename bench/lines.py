"""The one line that a measurement ends in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """A value that must not pass its target; `x` as unit is a ratio to a baseline of the same run."""

    name: str
    value: float
    unit: str
    target: float

    @property
    def is_short(self) -> bool:
        return self.value > self.target

    def __str__(self) -> str:
        verdict = "short" if self.is_short else "ok"
        return f"BENCH {self.name} {self.value:.4g} {self.unit} target <={self.target:g} {verdict}"
