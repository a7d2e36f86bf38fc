"""What changes a run while it goes on.

governor    carries out orders, and holds the run back while the machine is full
control     orders from outside: a named pipe in the run's folder
limits      how many tasks may run at once, from all that has a say in it
admission   whether the machine has room, as the policy sees it; machine tells how full it is
"""
