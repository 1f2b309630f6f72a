"""Messages to people: mail, chat and whatever else apprise knows."""
