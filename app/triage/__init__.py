"""Sorting (分检): which class a report's words mean, by keyword rules first and then by a model of the city's own."""
