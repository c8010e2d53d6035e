"""What reports read. Each select is narrowed to the span of days asked for and to what was known at its moment."""
