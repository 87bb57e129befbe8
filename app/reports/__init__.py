"""The report: submitted, moved along the workflow, read; one aggregate from the first photo to the archive."""
