"""Counts the statements a block of code sends, so that a list endpoint cannot grow an N+1 unnoticed."""

import threading
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, event

from app.infra.database import Database
from app.infra.scheduler import TICKING

_UNCOUNTED = ("BEGIN", "COMMIT", "PRAGMA", "SET TRANSACTION READ ONLY")
_SAVEPOINT_WORDS = ("SAVEPOINT ", "RELEASE SAVEPOINT ", "ROLLBACK TO SAVEPOINT ")


class QueryRecorder:
    """Collect `.statements` while the block runs, in order; open it outside a transaction.

    Savepoints count, transactions do not: not even where a test's transaction is really a savepoint. Nor do the ticks
    of an application that runs beside, which follow the city and the rules.
    """

    def __init__(self, database: Database) -> None:
        self.statements: list[str] = []
        self._database = database
        self._depth = 0

    def __enter__(self) -> Self:
        for engine in self._database.engines:
            event.listen(engine, "before_cursor_execute", self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for engine in self._database.engines:
            event.remove(engine, "before_cursor_execute", self._note)

    def _note(
        self, _connection: Connection, _cursor: Any, statement: str, _parameters: Any, _context: Any, _many: bool
    ) -> None:
        if statement.startswith(_UNCOUNTED) or threading.current_thread().name.startswith(TICKING):
            return
        if self._database.is_bound and statement.startswith(_SAVEPOINT_WORDS) and self._is_transaction(statement):
            return
        self.statements.append(statement)

    def _is_transaction(self, statement: str) -> bool:
        """Say whether a savepoint statement opens or ends the savepoint that stands for a transaction."""
        opens = statement.startswith("SAVEPOINT ")
        self._depth += 1 if opens else -1
        return self._depth == (1 if opens else 0)
