"""``taskgraph airflow``: what is done to a live Airflow from a terminal, over its REST API."""
