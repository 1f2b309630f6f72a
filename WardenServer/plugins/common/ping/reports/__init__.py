"""From raw data to PingER's tables: sixteen metrics by hour, day, month and year."""
