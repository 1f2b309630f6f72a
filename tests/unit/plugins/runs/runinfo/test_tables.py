"""What is asked of Oracle: what its dialect can say, and nothing that it cannot do with a CLOB."""

import re

import pytest
from sqlalchemy import Select
from sqlalchemy.dialects.oracle.oracledb import dialect

from WardenServer.plugins.common.runs.runinfo.reading import FEW
from WardenServer.plugins.common.runs.runinfo.tables import MOST, Tables

TABLES = Tables("cms_hcl_runinfo", "oracle")
STATEMENTS = [
    TABLES.values(range(MOST), [f"CMS.P:{number}" for number in range(MOST)]),
    TABLES.texts(5, None), TABLES.texts(5, ["A"]), TABLES.names(5, None), TABLES.names(5, ["A"]), TABLES.has(5),
    TABLES.probe(),
    TABLES.newest_with("A", "part", 5, 3, "12"), TABLES.next_with("A", "part", 5, 3),
    TABLES.past("A", 4), TABLES.newest_of("A", 4),
]  # fmt: skip


def compiled(statement: Select) -> str:
    made = statement.compile(dialect=dialect(), compile_kwargs={"render_postcompile": True})
    return " ".join(str(made).split())


@pytest.mark.parametrize("statement", STATEMENTS, ids=compiled)
def test_statements(statement: Select) -> None:
    said = compiled(statement)
    assert said.startswith("SELECT ")
    assert "cms_hcl_runinfo.runsession_parameter" in said
    assert not re.search(r"(DISTINCT|GROUP BY|ORDER BY|MIN\()[^()]*value", said, re.IGNORECASE)
    assert all(each.count(":") <= 1000 for each in re.findall(r"IN \(([^)]*)\)", said))
    assert said.count(":") <= 999


def test_names_come_as_values_only() -> None:
    assert "DROP" not in compiled(TABLES.past("CMS.P:'; DROP TABLE runsession_string; --", 1))


def test_few_names_are_few_statements() -> None:
    assert FEW <= 10 * MOST


def test_without_a_schema() -> None:
    assert "FROM runsession_parameter" in compiled(Tables("", "oracle").has(5))
