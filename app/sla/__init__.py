"""By when: stage limits as data, timers as rows, and what is due."""
