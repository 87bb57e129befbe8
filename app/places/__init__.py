"""Where a point is before anybody reports: area, likely unit, open reports near by, and doubts about the datum."""
