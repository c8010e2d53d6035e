"""A calendar of everything with a date in the courses one learns or teaches, also as a feed for other calendars."""
