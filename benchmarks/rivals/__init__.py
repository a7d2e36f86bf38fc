"""What one would use instead of the engine, each in the way its users write it."""
