"""Gives raw data to those who collect them, as PingER's ping_data.pl does."""
