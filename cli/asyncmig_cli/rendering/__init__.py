"""What people read: results of the library as lines of text, one concept to a file."""
