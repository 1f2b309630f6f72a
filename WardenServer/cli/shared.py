"""What all commands share: settings from options, and errors as one sentence with an exit code."""

import functools
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from WardenServer.errors import SettingError, WardenError
from WardenServer.settings import config
from WardenServer.settings.masking import mask
from WardenServer.settings.units import duration

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


# Long options only: Tango's own arguments have one dash, and click would take -dlist for -d -l -i -s t.
SERVER = {"help_option_names": ["--help"], "ignore_unknown_options": True, "allow_extra_args": True}


class CommandFailed(click.ClickException):
    """An error with its cure, in one sentence: exit code 1."""

    def show(self, file: Any = None) -> None:
        """Print the sentence alone."""
        click.echo(f"warden: {self.message}", err=True, file=file)


class WrongUsage(CommandFailed):
    """The command line or a setting is wrong: exit code 2."""

    exit_code = 2


def sentences(function: Callable[..., Any]) -> Callable[..., Any]:
    """Turn our errors into one sentence and an exit code."""

    @functools.wraps(function)
    def guarded(*args: Any, **options: Any) -> Any:
        try:
            return function(*args, **options)
        except SettingError as error:
            raise WrongUsage(mask(str(error))) from None
        except WardenError as error:
            raise CommandFailed(mask(str(error))) from None

    return guarded


def assignments(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """NAME=VALUE pairs."""
    pairs = [item.partition("=") for item in given]
    if wrong := [name for name, equals, _ in pairs if not equals]:
        raise click.BadParameter(f'"{wrong[0]}": write NAME=VALUE, such as tick=0.2')
    return {name.strip(): value for name, _, value in pairs}


def begin_of(age: str) -> float:
    """The time so long ago, in Unix seconds, as --since says it; 0 where nothing was said."""
    try:
        return time.time() - duration(age) if age else 0.0
    except ValueError as error:
        raise click.BadParameter(f'"{age}": write {error}', param_hint="--since") from None


def with_settings(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `settings` from --config, --instance and --set, and `options`, what was said by them."""

    @click.option("--config", "-c", "config_file", type=click.Path(path_type=Path), help="Settings file (TOML).")
    @click.option("--instance", "-i", help="Name of the hub. [default: local]")
    @click.option(
        "--set", "-s", "given", multiple=True, callback=assignments, help="NAME=VALUE: one setting; repeatable."
    )
    @functools.wraps(function)
    @sentences
    def loaded(*args: Any, config_file: Path | None, instance: str | None, given: dict[str, str], **rest: Any) -> Any:
        options = {"instance": instance, **given}
        options = {name: value for name, value in options.items() if value is not None}
        if config_file is not None:
            os.environ["WARDEN_CONFIG"] = str(config_file.absolute())  # for the device, and the server that `up` starts
        return function(*args, settings=config.load(options=options), options=options, **rest)

    return loaded
