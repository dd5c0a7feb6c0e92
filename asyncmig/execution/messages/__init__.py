"""Transactions as simple-query messages: queued, packed, sent, and sent again after a failure."""
