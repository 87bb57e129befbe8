"""How well do we do: handling times and their reports, computed from the journal."""
