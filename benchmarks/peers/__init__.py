"""Programs that others wrote, each driven by a small script, to be compared with."""
