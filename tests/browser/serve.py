"""Run as a program: the demo's people in a database with its case, and the production server.

The address of the database is in DATABASE_URL and the port in PORT; `conftest.site` sets both.
"""

import os

import django

HOST = "127.0.0.1"
PASSWORD = "plum-orchard-7"


def main():
    django.setup()
    from django.db import connection

    from negotiations.management.commands.demo import load_demo
    from negotiations.server import run_server

    load_demo(PASSWORD)
    connection.close()
    run_server(HOST, int(os.environ["PORT"]))


if __name__ == "__main__":
    main()
