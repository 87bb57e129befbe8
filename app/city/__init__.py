"""Slow-changing facts: units, areas, grid cells, the catalogue, the calendar."""
