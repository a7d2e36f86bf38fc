"""Carries a graph out on this machine.

run             the way in: options, folder, signals
driver          makes time pass; underway starts and stops attempts
conductor       the scheduler's decisions as events, the record at the end
simulate        the same conductor on a virtual clock
events          what a run tells; recorder, stopwatch and displays listen
attempt         one attempt, and the seam to whatever carries it out
history         from the events of earlier lives to a scheduler that knows them
rundir          what a run leaves on disk
clock, heap, signals

journal/        every event, recorded before it is acted on
actions/        this machine's way to do things; processes/: its programs
resuming/       taking a run up; steering/: changing it while it goes on
remote/         sends actions to a Dask or Ray cluster
single/         one attempt at a time, for systems that decide themselves what runs
"""
