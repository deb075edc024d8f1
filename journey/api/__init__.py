"""The API over HTTP: commands in, answers out, every request with a key and every error with a code."""
