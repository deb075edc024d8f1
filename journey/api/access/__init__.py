"""Access: who may do what, on whose journeys, and what is recorded of it."""
