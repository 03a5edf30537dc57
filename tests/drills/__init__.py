"""Drills: what has to work on a bad day, done for real. Small ones run with the suite.

    python -m tests.drills.restore   a backup under load, restored elsewhere
    python -m tests.drills.many      three web processes behind nginx, one PostgreSQL, all killed
    python -m tests.drills.one       SQLite and two workers, killed while people write

Each starts and stops all it needs by itself, on loopback and in a folder of its own, and fails if
an acknowledged word was lost.
"""
