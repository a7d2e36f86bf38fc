"""How the tasks of a plan are carried out: `taskgraph.toml`."""
