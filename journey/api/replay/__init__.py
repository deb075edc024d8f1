"""How journeys came to be where they are, over HTTP."""
