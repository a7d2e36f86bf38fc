"""The `taskgraph` command: arguments in, exit code out; the work is done elsewhere."""
