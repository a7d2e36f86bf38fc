"""One attempt at a time, for systems that decide themselves what runs: Airflow's tasks, Prefect's.

attempt         an attempt, carried out as on this machine, in an event loop of its own or in a desk's
desk            one event loop in a thread, for callers on all others; what it started ends with the process
following       what a program prints, line by line, while it runs
"""
