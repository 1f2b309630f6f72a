"""What people must not read: where it is known from, and that it is masked wherever it turns up."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.errors import SettingError
from WardenServer.settings import config, masking
from WardenServer.settings.masking import MASK, Secrets, is_secret, masked, secrets_in


@pytest.mark.parametrize(
    "name",
    ["password", "db_password", "PASSWD", "api_key", "my_api_key_2", "apikey", "apiKey", "auth-token", "secret",
     "passphrase", "credential", "credentials", "smtpPassword"],
)  # fmt: skip
def test_names_that_say_it(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", ["", "pass", "tokenizer", "secretary", "key", "api", "keyboard", "compass", "device"])
def test_names_that_do_not(name: str) -> None:
    assert not is_secret(name)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("amqp://user:pw@host:5672/x", "amqp://user:***@host:5672/x"),
        ("see http://u:p@h and ftp://v:q@g.", "see http://u:***@h and ftp://v:***@g."),
        ("http://u:p@ss@h", "http://u:***@h"),
        ("redis://:pw@h", "redis://:***@h"),
        ("http://host:80/a@b", "http://host:80/a@b"),
        ("http://user@host", "http://user@host"),
        ("at 12:30 mail a@b.c", "at 12:30 mail a@b.c"),
    ],
)
def test_passwords_of_urls(text: str, shown: str) -> None:
    assert Secrets().mask(text) == shown


PLAIN = st.text(st.characters(exclude_characters="*", exclude_categories=("Cs",)))


@given(PLAIN, PLAIN.filter(lambda text: len(text) >= 4), PLAIN)
def test_no_known_value_is_left_in_any_text(before: str, secret: str, after: str) -> None:
    secrets = Secrets()
    secrets.add(secret)
    shown = secrets.mask(before + secret + after)
    assert secret not in shown
    assert secrets.mask(shown) == shown, "masking twice changes nothing"


@given(st.text())
def test_text_without_secrets_stays(text: str) -> None:
    assert "://" in text or Secrets().mask(text) == text


def test_a_value_is_found_as_errors_and_urls_show_it() -> None:
    secrets = Secrets()
    secrets.add("it's\t50%")
    shown = secrets.mask(
        f"{KeyError(chr(34) + 'x' + chr(34))} {'it' + chr(39) + 's' + chr(9) + '50%'!r} it%27s%0950%25"
    )
    assert "50" not in shown


def test_the_longer_of_two_values_is_masked_whole() -> None:
    secrets = Secrets()
    secrets.add("abcd")
    secrets.add("abcdefgh")
    assert secrets.mask("x abcdefgh abcd") == f"x {MASK} {MASK}"


def test_short_values_do_not_blank_everything() -> None:
    secrets = Secrets()
    secrets.add("a")
    assert secrets.mask("a day") == "a day"


def test_what_is_secret_in_tables_and_lists() -> None:
    value = {"user": "ann", "password": "first", "urls": ["x://a:second@b"], "pin": 1, "token": True}
    assert list(secrets_in("", value)) == ["first", "second"]
    assert list(secrets_in("credentials", {"id": "ann", "n": 12345})) == ["ann", "12345"]
    assert masked("", value) == {**value, "password": MASK, "urls": ["x://a:***@b"]}
    assert masked("credentials", {"id": "ann"}) == {"id": MASK}


def test_what_only_says_where_the_value_is_can_be_shown() -> None:
    value = {"password": {"env": "PW"}, "secret": {"file": "~/pw"}}
    assert masked("", value) == value
    assert list(secrets_in("", value)) == []


def test_log_lines_and_their_tracebacks(monkeypatch: pytest.MonkeyPatch) -> None:
    from WardenServer.hub.logs import Masked

    secrets = Secrets()
    secrets.add("hunter2")
    monkeypatch.setattr("WardenServer.hub.logs.mask", secrets.mask)
    try:
        raise ValueError("not hunter2")
    except ValueError as error:
        record = logging.LogRecord("x", 10, "f", 1, "got %s", ("hunter2",), (ValueError, error, error.__traceback__))
    shown = Masked().format(record)
    assert "hunter2" not in shown
    assert "got ***" in shown
    assert "ValueError: not ***" in shown


def test_every_setting_of_the_hub_may_be_seen_by_all() -> None:
    """`warden up` hands them to the server in its command line, which all users of the machine can read."""
    for name in filter(masking.is_secret, config.SETTINGS):
        with pytest.raises(SettingError, match=r"write \{ env = "):  # it only says where the secret is
            config.load(environment={}, options={name: "the-secret-itself"})
