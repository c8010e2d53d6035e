"""Pages of placements: one blueprint, a module for each kind of reader."""
