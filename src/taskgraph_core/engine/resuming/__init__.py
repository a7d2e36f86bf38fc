"""How a run is begun, and taken up again after its engine died or it failed.

begin       a run that may be carried out: folder, lock, open journal
lock        one engine for one run
resume      what the journal says, what still runs, what the plan changed
onward      how a run that began before goes on
leftovers   finds what a dead engine left running
changes     what changed in the plan, and what that makes of the work already done
"""
