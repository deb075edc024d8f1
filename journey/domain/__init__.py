"""The domain: what can happen on a patient's journey, and the rules for it. Pure: no clock, no I/O."""
