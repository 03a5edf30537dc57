"""Drills: what has to work on a bad day, done for real. Small ones run with the suite."""
