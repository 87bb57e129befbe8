"""Imports every module that holds tables, so that `SQLModel.metadata` is complete for migrations and tests."""
# ruff: noqa: F401 - being imported is all these are for

import app.city.models
import app.components.models
import app.dispatch.models
import app.identity.models
import app.infra.claims
import app.infra.columns  # names constraints
import app.infra.idempotency
import app.journal.models
import app.media.models
import app.reports.models
import app.routing.models
import app.rulebook.models
import app.search.models
import app.sla.models
import app.triage.models
