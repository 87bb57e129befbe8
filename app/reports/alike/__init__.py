"""Reports of one problem: what may be sent twice, who has met it too (我也遇到), and what the desk finds to merge."""
