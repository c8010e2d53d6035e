"""Bases: types, hosts, capacity, agreements, acceptance."""
