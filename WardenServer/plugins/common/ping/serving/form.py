"""What people see who ask for raw data without saying of which time: a form, and help. Without any script."""

import html
from datetime import date, timedelta

from WardenServer.plugins.common.ping.serving.asked import FIELDS

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Raw data of pings</title>
</head>
<body>
<main>
<h1>Raw data of pings</h1>
<form method="get">
<input type="hidden" name="in_form" value="1">
{sides}
<p><label>Only pings of this host, by name or address (empty: all) <input name="host" maxlength="255"></label></p>
<p><button>Show</button></p>
</form>
<p><a href="?help=1">Help, also for programs</a></p>
</main>
</body>
</html>
"""
_SIZES = {"year": 4, "month": 2, "day": 2, "hour": 2, "min": 2, "sec": 2, "offset": 6}
_LABELS = {"min": "minute", "sec": "second", "offset": "offset from UTC"}
_PATTERNS = {field.name: field.pattern for field in FIELDS}
_HELP = """Raw data of pings, as PingER's ping_data.pl gives them.

The answer is text: one line for each set of pings, in the order of time:

    src_name src_ip dst_name dst_ip size unixtime sent rcvd [min avg max [seq1..seqN rtt1..rttN]]

Without any reply a line ends behind rcvd. Times of replies are in ms; unixtime is the begin of the set, in UTC.
Where there is nothing in that time, the answer is the words "No data".

Parameters:

{parameters}
    host           only pings of this host, by name or address; may be given several times

Give begin and end in Unix seconds, or by year, month and day each. An hour, a minute or a second that is not given is
the first of that day at the begin, and the last at the end; an offset that is not given is 0. Lines of just the second
of begin or end are left out unless begin_point=y or end_point=y.

A whole day:

    ?in_form=1&begin_year=2026&begin_month=11&begin_day=28&begin_point=y&end_year=2026&end_month=11&end_day=28&end_point=y
"""


def form(today: date) -> str:
    """The form as a page of HTML, filled in with the whole of yesterday in UTC."""
    day = today - timedelta(days=1)
    return _PAGE.format(sides="\n".join((_side("begin", day, "00 00 00"), _side("end", day, "23 59 59"))))


def help_text() -> str:
    """What there is to know, as plain text."""
    return _HELP.format(parameters="\n".join(f"    {field.name:<14} {field.text}" for field in FIELDS))


def _side(side: str, day: date, time: str) -> str:
    values = (*f"{day:%Y %m %d} {time}".split(), "")
    inputs = "\n".join(_input(side, part, value) for part, value in zip(_SIZES, values, strict=True))
    return (
        f"<fieldset>\n<legend>{side.capitalize()}</legend>\n{inputs}\n"
        f'<label>with this second itself <select name="{side}_point"><option>y</option><option>n</option></select>'
        "</label>\n</fieldset>"
    )


def _input(side: str, part: str, value: str) -> str:
    name = f"{side}_{part}"
    said = {"name": name, "value": value, "size": _SIZES[part], "pattern": _PATTERNS[name]}
    attributes = " ".join(f'{key}="{html.escape(str(each))}"' for key, each in said.items())
    return f"<label>{_LABELS.get(part, part)} <input {attributes}></label>"
