"""What a graph looks like before anything runs: order, width, length, conflicts, predictions."""
