"""What is wrong in a rule set: one finding per fault, with the line or the row where it stands, its rule and field."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Self

from app.domain.errors import Invalid
from app.routing.xlsx_layout import header_of
from app.texts import text

MOST = 200
"""Findings that are told; of the others only the number is. Nobody repairs more in one go."""

Path = Sequence[str | int]
"""Where a value is in a rule set: a section, a position in it, and the names of fields."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A line of a YAML file, or a row of a sheet; 0 where nothing is known, as of a version in the database."""

    line: int = 0
    sheet: str = ""

    def __str__(self) -> str:
        if not self.line:
            return ""
        if self.sheet:
            return text("rule_file.row", sheet=self.sheet, line=self.line)
        return text("rule_file.line", line=self.line)


NOWHERE = Spot()


@dataclass(frozen=True, slots=True)
class Finding:
    """`item` is the key of the rule or the code of what else it is about, `field` its path there, `reason` Chinese."""

    spot: Spot
    item: str
    field: str
    reason: str

    def __str__(self) -> str:
        place = " ".join(filter(None, (str(self.spot), self.item, self.field)))
        return text("rule_file.finding", place=place, reason=self.reason) if place else self.reason

    def as_fact(self) -> dict[str, object]:
        return {
            "line": self.spot.line,
            "sheet": self.spot.sheet,
            "item": self.item,
            "field": self.field,
            "reason": self.reason,
        }


@dataclass(slots=True)
class Findings:
    """The first `MOST` findings in the order in which they were made, and how many there are."""

    count: int = 0
    _told: list[Finding] = field(default_factory=list)

    def add(self, spot: Spot, item: str, where: str, fault: str, /, **facts: object) -> None:
        """Note a fault; its sentence is the text `rule_file.<fault>`."""
        self.say(spot, item, where, text(f"rule_file.{fault}", **facts))

    def say(self, spot: Spot, item: str, where: str, reason: str) -> None:
        self.count += 1
        if len(self._told) < MOST:
            name = header_of(spot.sheet, where) if spot.sheet else where
            self._told.append(Finding(spot, printable(item[:80]), printable(name[:120]), printable(reason)))

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._told)

    @property
    def is_full(self) -> bool:
        return len(self._told) >= MOST

    def refuse(self) -> None:
        """Do nothing when there is no finding.

        :raises RuleFileRefused: there is one
        """
        if self.count:
            raise RuleFileRefused.of(self)


class RuleFileRefused(Invalid):
    """A rule file is wrong; nothing was changed. `told` says where and why, the first `MOST` of them."""

    code = "RULE_FILE_REFUSED"
    told: Findings

    @classmethod
    def of(cls, findings: Findings) -> Self:
        """Return the refusal for findings, of which there is at least one."""
        first = next(iter(findings))
        error = cls(count=findings.count, first=str(first), findings=[each.as_fact() for each in findings])
        error.told = findings
        return error


def refused(fault: str, /, *, line: int = 0, sheet: str = "", **facts: object) -> RuleFileRefused:
    """Return the refusal of a file as a whole, for one reason: the text `rule_file.<fault>`."""
    findings = Findings()
    findings.add(Spot(line, sheet), "", "", fault, **facts)
    return RuleFileRefused.of(findings)


def printable(words: str) -> str:
    """Return words of a file without the signs that steer a terminal."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in words)
