"""The pages, a module for each question that people come with."""
