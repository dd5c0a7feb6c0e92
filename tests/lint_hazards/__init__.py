"""The 45 hazards in three settings: what a server shows, what asyncmig lint says, what squawk says."""
