"""Errands: long work that somebody asks for and does not wait for, one of its kind and subject at a time."""
