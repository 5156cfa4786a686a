"""What the tests of polls have, for those of corrections too."""

from test_polls import clock, desk, site, workers  # noqa: F401
