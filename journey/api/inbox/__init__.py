"""The inbox over HTTP: messages that could not be taken in are seen, corrected and tried again."""
