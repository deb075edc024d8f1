"""What goes out to whoever follows the log, by whichever way: found, withheld, told and accounted for."""
