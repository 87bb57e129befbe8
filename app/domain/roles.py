"""Who may do what: one table of permissions, one frozen caller."""

from dataclasses import dataclass
from enum import Enum


class Role(str, Enum):
    """The roles of the city's loop; Chinese names in `app.texts` (`role.<value>`)."""

    CITIZEN = "citizen"
    ACCEPTOR = "acceptor"
    DISPATCHER = "dispatcher"
    UNIT_LEAD = "unit_lead"
    HANDLER = "handler"
    INSPECTOR = "inspector"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"
    SERVICE = "service"


DESK_ROLES = frozenset({Role.ACCEPTOR, Role.DISPATCHER, Role.INSPECTOR, Role.SUPERVISOR, Role.ADMINISTRATOR})
UNIT_ROLES = frozenset({Role.UNIT_LEAD, Role.HANDLER})
STAFF_ROLES = DESK_ROLES | UNIT_ROLES


class Permission(str, Enum):
    """What a caller may do outside the workflow table; actions on a report are in `app.domain.workflow`."""

    USE_ACCOUNT = "use_account"
    SUBMIT_REPORT = "submit_report"
    UPLOAD_PHOTO = "upload_photo"
    VIEW_OWN_REPORTS = "view_own_reports"
    RESOLVE_PLACE = "resolve_place"
    VIEW_REPORT = "view_report"
    VIEW_ORIGINAL = "view_original"
    VIEW_QUEUE = "view_queue"
    PULL_QUEUE = "pull_queue"
    SEARCH_REPORTS = "search_reports"
    SAVE_FILTER = "save_filter"
    VIEW_TEMPLATES = "view_templates"
    EDIT_TEMPLATES = "edit_templates"
    ACT_IN_BULK = "act_in_bulk"
    VIEW_ANALYTICS = "view_analytics"
    VERIFY_JOURNAL = "verify_journal"
    VIEW_RULES = "view_rules"
    EDIT_RULES = "edit_rules"
    EXPLAIN_ROUTING = "explain_routing"
    FIND_COMPONENTS = "find_components"
    JOIN_REPORT = "join_report"
    FIND_DUPLICATES = "find_duplicates"
    VIEW_TRIAGE = "view_triage"


PERMISSIONS: dict[Permission, frozenset[Role]] = {
    Permission.USE_ACCOUNT: frozenset(Role),
    Permission.SUBMIT_REPORT: frozenset({Role.CITIZEN, Role.INSPECTOR, Role.SERVICE}),
    Permission.UPLOAD_PHOTO: frozenset({Role.CITIZEN, Role.INSPECTOR, Role.SERVICE, *UNIT_ROLES}),
    Permission.VIEW_OWN_REPORTS: frozenset({Role.CITIZEN, Role.INSPECTOR, Role.SERVICE}),
    Permission.RESOLVE_PLACE: frozenset(Role),
    Permission.VIEW_REPORT: frozenset(Role),
    Permission.VIEW_ORIGINAL: DESK_ROLES,
    Permission.VIEW_QUEUE: STAFF_ROLES,
    Permission.PULL_QUEUE: frozenset({Role.ACCEPTOR, Role.DISPATCHER, Role.INSPECTOR, *UNIT_ROLES}),
    Permission.SEARCH_REPORTS: STAFF_ROLES,
    Permission.SAVE_FILTER: STAFF_ROLES,
    Permission.VIEW_TEMPLATES: STAFF_ROLES,
    Permission.EDIT_TEMPLATES: frozenset({Role.ADMINISTRATOR}),
    Permission.ACT_IN_BULK: STAFF_ROLES,
    Permission.VIEW_ANALYTICS: frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR, Role.DISPATCHER}),
    Permission.VERIFY_JOURNAL: frozenset({Role.ADMINISTRATOR}),
    Permission.VIEW_RULES: DESK_ROLES,
    Permission.EDIT_RULES: frozenset({Role.ADMINISTRATOR}),
    Permission.EXPLAIN_ROUTING: DESK_ROLES,
    Permission.FIND_COMPONENTS: frozenset(Role),
    Permission.JOIN_REPORT: frozenset({Role.CITIZEN}),
    Permission.FIND_DUPLICATES: frozenset({Role.ACCEPTOR, Role.DISPATCHER, Role.SUPERVISOR, Role.ADMINISTRATOR}),
    Permission.VIEW_TRIAGE: frozenset({Role.ACCEPTOR, Role.SUPERVISOR, Role.ADMINISTRATOR}),
}


class Rows(str, Enum):
    """A kind of reports that a role has to do with; Chinese names in `app.texts` (`rows.<value>`)."""

    OWN = "own"
    UNIT = "unit"
    ASSISTED = "assisted"
    AREA = "area"


SEES: dict[Role, frozenset[Rows]] = {
    Role.CITIZEN: frozenset({Rows.OWN}),
    Role.SERVICE: frozenset({Rows.OWN}),
    **dict.fromkeys(UNIT_ROLES, frozenset({Rows.UNIT, Rows.ASSISTED})),
    **dict.fromkeys(DESK_ROLES, frozenset({Rows.AREA})),
    Role.INSPECTOR: frozenset({Rows.AREA, Rows.OWN}),
}
"""Which reports each role sees: sent by the caller, answered for or assisted by their unit, lying in their area."""

ACTS_ON: dict[Role, frozenset[Rows]] = {
    Role.CITIZEN: frozenset({Rows.OWN}),
    Role.SERVICE: frozenset({Rows.OWN}),
    **dict.fromkeys(UNIT_ROLES, frozenset({Rows.UNIT})),
    **dict.fromkeys(DESK_ROLES, frozenset({Rows.AREA})),
}
"""On which of them each role acts: who assists a unit reads along, and who reported something does not inspect it."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling.

    `unit_code` is set for unit roles. `area_code` is a district or street code prefix that bounds what desk
    roles see; empty means the whole city.
    """

    user_id: int
    roles: frozenset[Role]
    unit_code: str | None = None
    area_code: str = ""

    def may(self, permission: Permission) -> bool:
        return not self.roles.isdisjoint(PERMISSIONS[permission])

    def has(self, *roles: Role) -> bool:
        return not self.roles.isdisjoint(roles)
