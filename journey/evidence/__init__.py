"""Evidence: one file that shows an outsider what was recorded of patients, and proves that this is all."""
