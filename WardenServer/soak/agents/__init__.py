"""The plugin files of `warden soak`: one agent that counts its runs, and those that misbehave in one way each."""
