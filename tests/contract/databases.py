"""Databases of their own for contract tests: in a file, and in PostgreSQL."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg


@contextmanager
def empty(server: str, file: Path, options: str = "") -> Iterator[str]:
    """The URL of a database that is empty: on the server, made with these options; in a file where `server` is ""."""
    if not server:
        yield f"sqlite:///{file}"
        return
    name = f"{file.stem}_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} {options}")
        yield f"{server.rpartition('/')[0]}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
