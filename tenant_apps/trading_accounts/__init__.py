"""Members' accounts at venues, and the venues themselves."""
