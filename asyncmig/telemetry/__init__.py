"""What operators see of a run: log records, spans and metrics, made from the events."""
