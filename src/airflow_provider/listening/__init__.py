"""What Airflow tells an installed Taskgraph while runs go on."""
