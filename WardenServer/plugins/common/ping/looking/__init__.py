"""What the tables say, for people: PingER's pingtable, and the values of one pair over time."""
