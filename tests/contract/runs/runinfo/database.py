"""A run database as CMS has it, in SQLite or PostgreSQL, made and filled for tests."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, func, insert, select

from WardenServer.plugins.common.runs.configuration import Runs
from WardenServer.plugins.common.runs.runinfo.tables import Tables

#: A value: text, None for a parameter that has none, or several rows, of which the first counts.
Value = str | None | Sequence[str | None]
#: What makes a run global, started, and one in which HCAL and HF take part.
STARTED: Mapping[str, Value] = {
    "HCAL_LEVEL_1:FM_FULLPATH": "/hcalpro/Global/levelOne/HCAL", "LVL0:HCAL": "In", "LVL0:HF": "In",
    "LVL0:RC_STATE": ["Configuring", "Running"],
}  # fmt: skip
PARAMETERS = """\
# which parameters are compared
FM_CONFIG \t :HCAL_HO HCAL_HF HCAL_HBHE HCAL_Laser
THRESHOLD :HCAL_HF HCAL_HO
"""


def started(**said: Value) -> dict[str, Value]:
    """A global run that has reached Running. Names are PARTITION:PARAMETER, written with two _ for the colon."""
    return {**STARTED, **{name.replace("__", ":", 1): value for name, value in said.items()}}


def fill(url: str, runs: Mapping[int, Mapping[str, Value]], schema: str = "") -> None:
    """Add runs; names are PARTITION:PARAMETER. The tables are made where they are missing."""
    engine = open_engine(url)
    tables = Tables(schema, engine.dialect.name)
    try:
        with engine.begin() as connection:
            tables.metadata.create_all(connection)
            _add(connection, tables, runs)
    finally:
        engine.dispose()


def open_engine(url: str) -> Engine:
    """One that may write."""
    return create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1))


def settings(url: str, file: Path, schema: str = "", text: str = PARAMETERS) -> Runs:
    """Settings of a hub with this run database. The parameters file is written where it is missing."""
    if not file.exists():
        file.write_text(text, encoding="utf-8")
    return Runs("tests", file.parent, "sqlite:////nowhere/runs.db", database=url, schema=schema, parameters=file)


def _add(connection: Connection, tables: Tables, runs: Mapping[int, Mapping[str, Value]]) -> None:
    number = (connection.scalar(select(func.max(tables.parameters.c.id))) or 0) + 1
    parameters, strings = [], []
    for run, name, value in _rows(runs):
        parameters.append({"id": number, "runnumber": run, "name": f"CMS.{name}"})
        if value is not None:
            strings.append({"runsession_parameter_id": number, "value": value})
        number += 1
    for table, found in ((tables.parameters, parameters), (tables.strings, strings)):
        if found:
            connection.execute(insert(table), found)


def _rows(runs: Mapping[int, Mapping[str, Value]]) -> Iterator[tuple[int, str, str | None]]:
    for run, values in runs.items():
        for name, value in values.items():
            for each in [value] if value is None or isinstance(value, str) else value:
                yield run, name, each
