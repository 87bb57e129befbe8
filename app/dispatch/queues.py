"""Which queue is whose: each desk has one, each unit has its own."""

from app.domain.errors import Forbidden, NotFound
from app.domain.roles import UNIT_ROLES, Caller, Role
from app.domain.workflow import DESK_ROLE, Desk

UNIT_QUEUE = "unit"


class QueueNotFound(NotFound):
    code = "QUEUE_NOT_FOUND"


class QueueNotYours(Forbidden):
    code = "QUEUE_NOT_YOURS"


def holder_for(queue: str, caller: Caller) -> str:
    """Return the holder whose reports a queue lists: a desk's name, or the caller's own unit for `unit`.

    Supervisors and administrators look into every desk.

    :raises QueueNotFound: no such queue
    :raises QueueNotYours: not for this caller
    """
    if queue == UNIT_QUEUE:
        if caller.unit_code is None or not caller.has(*UNIT_ROLES):
            raise QueueNotYours
        return caller.unit_code
    if queue not in set(Desk):
        raise QueueNotFound
    if not caller.has(DESK_ROLE[Desk(queue)], Role.SUPERVISOR, Role.ADMINISTRATOR):
        raise QueueNotYours
    return queue


def holder_to_pull(queue: str, caller: Caller) -> str:
    """Return the holder a caller may take work from: only who serves a desk takes its reports away from others.

    :raises QueueNotFound: no such queue
    :raises QueueNotYours: the caller may look at most
    """
    holder = holder_for(queue, caller)
    if queue != UNIT_QUEUE and not caller.has(DESK_ROLE[Desk(queue)]):
        raise QueueNotYours
    return holder


def queues_of(caller: Caller) -> list[str]:
    """Return the queues a caller may open, in the order of the workflow."""
    names = [*(desk.value for desk in Desk), UNIT_QUEUE]
    return [name for name in names if _may_open(name, caller)]


def _may_open(queue: str, caller: Caller) -> bool:
    try:
        holder_for(queue, caller)
    except QueueNotYours:
        return False
    return True
