"""From a plugin file to the contract of an agent."""
