"""The in-memory facts that every use case needs: city, rules and limits, swapped as one when any of them changes."""

import threading
from dataclasses import dataclass

from sqlmodel import Session

from app.city.holder import SnapshotHolder
from app.city.snapshot import CitySnapshot
from app.domain.routing.deciding import RuleSet
from app.infra.clock import Clock
from app.infra.database import Database
from app.routing.loading import load_rulebook, version_in_force
from app.routing.rulebook import Rulebook
from app.sla.policies import StageLimits, load_stage_limits


@dataclass(frozen=True, slots=True)
class World:
    """One consistent reading of the city's slow-changing facts."""

    city: CitySnapshot
    rulebook: Rulebook
    stage_limits: StageLimits

    @property
    def rules(self) -> RuleSet:
        return self.rulebook.rules

    @property
    def rule_set_id(self) -> int:
        return self.rulebook.rule_set_id


class WorldHolder:
    """Hands out the current `World` without I/O; `refresh` is called by a tick."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._world: World | None = None
        self.cities = SnapshotHolder(database, clock=clock)

    def current(self) -> World:
        """Return the world; only the very first call reads the database.

        :raises LookupError: no rule set is published: the city has not been loaded
        """
        return self._world or self._load()

    def refresh(self) -> bool:
        """Swap in a new world if the city or the version of the rules in force changed, and say whether one did."""
        self.cities.refresh()
        is_new = self._world is None or self._world.city is not self.cities.current() or not self._has_rules_in_force()
        if is_new:  # also when an earlier attempt failed half-way
            self._load()
        return is_new

    def _has_rules_in_force(self) -> bool:
        with self._database.reading() as session:
            return self._world is not None and version_in_force(session, now=self._clock()) == self._world.rule_set_id

    def _load(self) -> World:
        with self._lock:
            city = self.cities.current()
            with self._database.reading() as session:
                rulebook = self._rulebook(session)
                limits = load_stage_limits(session)
            self._world = World(city, rulebook, limits)
            return self._world

    def _rulebook(self, session: Session) -> Rulebook:
        """Return the version in force; one that is in memory already never changes and is not compiled again."""
        rule_set_id = version_in_force(session, now=self._clock())
        if self._world is not None and self._world.rule_set_id == rule_set_id:
            return self._world.rulebook
        return load_rulebook(session, rule_set_id)
