"""HL7 v2: from bytes in a file or on a wire to segments, fields and times."""
