"""How endpoints get at the parts the composition root has put into `app.state`."""

from typing import Any

from fastapi import Depends
from fastapi.requests import HTTPConnection


def from_state(name: str) -> Any:  # noqa: ANN401 - stands beside the type in Annotated
    """Return the dependency that gives `request.app.state.<name>`, without a thread hop.

    Use it as `DatabaseDep = Annotated[Database, from_state("database")]`.
    """

    async def read(connection: HTTPConnection) -> Any:  # noqa: ANN401 - as above
        return getattr(connection.app.state, name)

    return Depends(read)
