"""What can be wrong with a plan: one rule a file, one code a rule."""
