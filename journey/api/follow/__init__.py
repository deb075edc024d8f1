"""Following the log: by asking for pages of it, or by a stream of what happens."""
