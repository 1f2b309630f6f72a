"""Alarms: what the rules of the notifier say of results, and what becomes of it."""
