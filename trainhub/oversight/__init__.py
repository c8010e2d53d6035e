"""The upper floor: reads everything, is read by nobody."""
