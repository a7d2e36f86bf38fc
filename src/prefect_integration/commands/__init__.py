"""``taskgraph prefect``: what is done to a live Prefect from a terminal, over its API."""
