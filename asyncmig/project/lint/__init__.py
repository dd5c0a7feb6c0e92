"""``lint`` of a project: which revisions are looked at, what its database tells, and the findings."""
