"""The deployed stack and the commands that manage it. Runs on a laptop, never on Lambda."""
