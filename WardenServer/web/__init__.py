"""The web: what the hub publishes, for browsers and programs, over HTTP. A process of its own."""
