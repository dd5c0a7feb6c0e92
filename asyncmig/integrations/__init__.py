"""asyncmig inside services, workers and test suites."""
