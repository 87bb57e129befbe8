"""Desks and units pull work: queues ordered by deadline, and leases so that no two people hold one report."""
