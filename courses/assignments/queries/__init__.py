"""Every select of assignments: `work` for what is handed in and judged, `peers` for reviews and examples."""
