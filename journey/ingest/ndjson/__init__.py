"""Commands as lines of JSON, from files and over HTTP."""
