"""The in-memory facts that every use case needs: city, rules and limits, swapped as one when any of them changes."""

import threading
from dataclasses import dataclass

from sqlmodel import Session

from app.city.holder import SnapshotHolder
from app.city.snapshot import CitySnapshot
from app.city.version import current_version
from app.domain.routing.deciding import RuleSet
from app.infra.clock import Clock
from app.infra.database import Database
from app.routing.loading import load_rulebook, version_in_force
from app.routing.rulebook import Rulebook
from app.sla.policies import StageLimits, load_stage_limits
from app.triage.loading import active_model_id, load_model
from app.triage.proposing import Triage


@dataclass(frozen=True, slots=True)
class World:
    """One consistent reading of the city's slow-changing facts."""

    city: CitySnapshot
    rulebook: Rulebook
    stage_limits: StageLimits
    triage: Triage

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
        """Swap in a new world if the city, the rules in force or the model in use changed, and say whether one did."""
        self.cities.refresh()
        is_new = self._world is None or self._world.city is not self.cities.current() or not self._is_in_force()
        if is_new:  # also when an earlier attempt failed half-way
            self._load()
        return is_new

    def _is_in_force(self) -> bool:
        """Tell whether the rules and the triage model in memory are still those that count."""
        if self._world is None:
            return False
        with self._database.reading() as session:
            in_force = version_in_force(session, now=self._clock()), active_model_id(session)
        return in_force == (self._world.rule_set_id, self._world.triage.model_id)

    def _load(self) -> World:
        with self._lock:
            # The rules first: a city read after them has the units that came with them.
            with self._database.reading() as session:
                rulebook = self._rulebook(session)
                city_version = current_version(session)
            city = self.cities.current()
            if city.version < city_version:
                city = self.cities.reload()
            with self._database.reading() as session:
                limits = load_stage_limits(session)
                triage = self._triage(session, city, rulebook)
            self._world = World(city, rulebook, limits, triage)
            return self._world

    def _triage(self, session: Session, city: CitySnapshot, rulebook: Rulebook) -> Triage:
        """Return keywords and model in use; a model that is in memory already never changes and is not read again."""
        model_id = active_model_id(session)
        known = self._world.triage if self._world is not None and self._world.triage.model_id == model_id else None
        model = known.model if known else load_model(session, model_id)
        return Triage.of(city, rulebook.keywords, rule_set_version=rulebook.version, model=model, model_id=model_id)

    def _rulebook(self, session: Session) -> Rulebook:
        """Return the version in force; one that is in memory already never changes and is not compiled again."""
        rule_set_id = version_in_force(session, now=self._clock())
        if self._world is not None and self._world.rule_set_id == rule_set_id:
            return self._world.rulebook
        return load_rulebook(session, rule_set_id)
