"""Carries a graph out on this machine.

run             the way in: options, folder, signals
driver          makes time pass: starts, stops, waits
conductor       the scheduler's decisions as events, the record at the end
simulate        the same conductor on a virtual clock
events          what a run tells; recorder and displays listen
attempt         one attempt, and the seam to whatever carries it out
actions         this machine's way to: command, python, wait
host            the programs of a run; spawn starts them, children hears that they ended, process ends what they started
tree, procs     which processes that is
usage, output   what a program used, and how much is kept of what it printed
governor        what changes a run while it goes on: orders (control), a full machine (admission, machine)
stopwatch       keeps what tasks took, for the estimates of the next run
rundir          what a run leaves on disk
"""
