"""The staff's face of reports: an endpoint for every action of the desks and the units, one by one or many at once."""
