"""Rosters of trainees: read, checked row by row, imported in chunks that a killed process goes on with, exported again."""
