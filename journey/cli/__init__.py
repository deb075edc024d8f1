"""The `journey` command: one module for each command or group of them. What is heavy to import, a command
imports when it runs, so that help is there at once.
"""
