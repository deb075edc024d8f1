"""MLLP: HL7 v2 messages over connections (HL7's minimal lower layer protocol, release 1), in and out."""
