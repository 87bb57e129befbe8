"""The in-memory facts that every use case needs: city, rules and limits, swapped as one when any of them changes."""

import threading
from dataclasses import dataclass

from app.city.holder import SnapshotHolder
from app.city.snapshot import CitySnapshot
from app.domain.routing import RuleSet
from app.infra.clock import Clock
from app.infra.database import Database
from app.routing.rule_files import load_active_rules
from app.sla.policies import StageLimits, load_stage_limits


@dataclass(frozen=True, slots=True)
class World:
    """One consistent reading of the city's slow-changing facts."""

    city: CitySnapshot
    rules: RuleSet
    rule_set_id: int
    stage_limits: StageLimits


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
        """Swap in a new world if the city's version changed, and say whether it did."""
        self.cities.refresh()
        is_new = self._world is None or self._world.city is not self.cities.current()
        if is_new:  # also when an earlier attempt failed half-way
            self._load()
        return is_new

    def _load(self) -> World:
        with self._lock:
            city = self.cities.current()
            with self._database.reading() as session:
                rule_set_id, rules = load_active_rules(session, now=self._clock())
                limits = load_stage_limits(session)
            self._world = World(city, rules, rule_set_id, limits)
            return self._world
