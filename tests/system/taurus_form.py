"""A Taurus form on attributes: prints what its widgets show, as a line of JSON, whenever that changes.

A program of its own, until it is ended: python taurus_form.py MODEL...
"""

import faulthandler
import json
import sys
from typing import Any

from taurus.external.qt import Qt
from taurus.qt.qtgui.application import TaurusApplication
from taurus.qt.qtgui.panel import TaurusForm
from taurus.qt.qtgui.table import TaurusValuesTable

#: Milliseconds between looks at the widgets.
LOOK = 20

Tables = dict[Any, TaurusValuesTable]


def open_tables(form: TaurusForm, tables: Tables) -> None:
    """For a spectrum choose the table, as in the context menu, and press the button that opens it.

    The button that is there at first opens a plot, which another package has. Without a value the table does not open.
    """
    for row in form:
        plot = type(row.readWidget()).__name__ == "TaurusPlotButton"
        if plot and row not in tables and row.getModelObj().rvalue is not None:
            row.setReadWidgetClass("TaurusValuesTableButton")
            row.readWidget().click()
            tables[row] = row.readWidget().widget()


def look(row: Any, tables: Tables) -> dict[str, Any]:
    """What a person sees of one attribute: a text with a colour behind it, or a lamp, or an open table."""
    widget = row.readWidget()
    if row in tables:
        model = tables[row]._tableView.model()
        shown: Any = [model.data(model.index(number, 0)) for number in range(model.rowCount())]
    else:
        shown = widget.text() if hasattr(widget, "text") else widget.ledColor.lower()
    return {
        "label": row.labelWidget().text(),
        "unit": row.unitsWidget().text(),
        "shown": shown,
        "colour": widget.palette().color(Qt.QPalette.Window).name(),
        "events": row.getModelObj().isUsingEvents(),
    }


def main() -> None:
    """Show the form."""
    faulthandler.enable()
    application = TaurusApplication(cmd_line_parser=None)
    form = TaurusForm()
    form.setModel(sys.argv[1:])
    form.show()
    tables: Tables = {}
    before: list[dict[str, Any]] = []

    def show() -> None:
        nonlocal before
        open_tables(form, tables)
        now = [look(row, tables) for row in form]
        if now != before:
            print(json.dumps(now), flush=True)
        before = now

    timer = Qt.QTimer()
    timer.timeout.connect(show)
    timer.start(LOOK)
    sys.exit(application.exec_())  # not exec, which leaves out Taurus' own timers


if __name__ == "__main__":
    main()
