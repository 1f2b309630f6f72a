"""A Taurus form on attributes: prints what its widgets show, as a line of JSON, whenever that changes.

Ends when its standard input does. Run it as a program of its own: python taurus_form.py MODEL...
"""

import faulthandler
import json
import os
import select
import sys
from typing import Any

from taurus.external.qt import Qt
from taurus.qt.qtgui.application import TaurusApplication
from taurus.qt.qtgui.panel import TaurusForm
from taurus.qt.qtgui.table import TaurusValuesTable

#: Milliseconds between looks at the widgets.
LOOK = 20
#: Where to leave a picture of the form at the end, for people.
PICTURE = os.environ.get("TAURUS_FORM_PICTURE")


def open_table(row: Any) -> TaurusValuesTable:
    """Choose the table for a spectrum, as its context menu does, and press the button that opens it."""
    row.setReadWidgetClass("TaurusValuesTableButton")
    row.readWidget().click()
    return row.readWidget().widget()


def cells(table: TaurusValuesTable) -> list[Any]:
    """What the table shows."""
    model = table._tableView.model()
    return [] if model is None else [model.data(model.index(row, 0)) for row in range(model.rowCount())]


def look(row: Any, table: TaurusValuesTable | None) -> dict[str, Any]:
    """What a person sees of one attribute: a text with a colour behind it, or a lamp, or the opened table."""
    widget, attribute = row.readWidget(), row.getModelObj()
    seen = {
        "label": row.labelWidget().text(),
        "unit": row.unitsWidget().text(),
        "events": attribute.isUsingEvents(),
        "colour": widget.palette().color(Qt.QPalette.Window).name(),
    }
    if table is not None:
        return {**seen, "shown": cells(table)}
    return {**seen, "shown": widget.text() if hasattr(widget, "text") else widget.ledColor.lower()}


def main() -> None:
    """Show the form until nobody reads any more."""
    faulthandler.enable()
    application = TaurusApplication(cmd_line_parser=None)
    form = TaurusForm()
    form.setModel(sys.argv[1:])
    form.resize(700, 300)
    form.show()
    tables: dict[Any, TaurusValuesTable] = {}
    before: list[dict[str, Any]] = []

    def show() -> None:
        nonlocal before
        if select.select([sys.stdin], [], [], 0)[0]:
            application.quit()
        for row in form:  # without a value yet, the table does not open
            if row not in tables and type(row.readWidget()).__name__ == "TaurusPlotButton" and row.getModelObj().rvalue is not None:
                tables[row] = open_table(row)
        now = [look(row, tables.get(row)) for row in form]
        if now != before:
            print(json.dumps(now), flush=True)
        before = now

    timer = Qt.QTimer()
    timer.timeout.connect(show)
    timer.start(LOOK)
    application.exec_()  # not exec: only exec_ starts Taurus' own timers
    if PICTURE:
        form.grab().save(PICTURE)
        for number, table in enumerate(tables.values()):
            table.window().grab().save(f"{PICTURE}.{number}.png")


if __name__ == "__main__":
    main()
