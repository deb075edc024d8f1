"""Privacy: erasing what is kept of a person, and proving that it is gone."""
