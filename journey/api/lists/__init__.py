"""Lists over many journeys: a row a thing, the most urgent first, each told by what it is made of."""
