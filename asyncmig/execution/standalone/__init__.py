"""Statements outside a transaction: repaired after an interruption, sent, monitored."""
