"""Domain drivers: what makes, runs and destroys domains."""
