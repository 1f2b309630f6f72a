"""All parts put together, and what they say of themselves."""
