"""What ``asyncmig explain`` prints, and the pages of errors are made from: errors, SQLSTATEs, lint rules."""
