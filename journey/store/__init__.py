"""The event store: the only write path. Append without locks, sequence after commit, read in one order."""
