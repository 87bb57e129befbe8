"""Finding reports: lists with filters for staff, search by number and by Chinese words."""
