"""Everything that can go wrong in a way the user can cure. The message of each is one sentence that says how."""


class WardenError(Exception):
    """Something went wrong that a person can put right; the text names the thing and the cure."""


class SettingError(WardenError, ValueError):
    """A setting is unknown or has a value that cannot be used."""


class PluginError(WardenError):
    """A plugin file cannot become an agent."""


class FieldError(WardenError, ValueError):
    """A value that `work` returned cannot be published."""


class Unreachable(WardenError, ConnectionError):
    """A server that should answer does not."""


class NoDatabase(Unreachable):
    """The Tango database does not answer, so that nobody can find a device."""


class NoData(Exception):
    """There is no data, and that is no failure.

    Raise it from `work`, and all fields of the agent become null; return an instance as the value of a field, and that
    field becomes null. The text is the reason readers see.
    """
