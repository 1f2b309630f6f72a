"""The settings of the hub as properties of its device."""

from tango.server import device_property

from WardenServer.settings import config


def setting_properties() -> dict[str, device_property]:
    """A Tango property for every setting that may be one."""
    return {
        config.property_name(name): device_property(
            dtype=(str,) if isinstance(config.SETTINGS[name].default, tuple) else str,
            doc=config.SETTINGS[name].metadata["help"],
        )
        for name in config.PROPERTIES
    }
