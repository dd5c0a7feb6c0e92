"""The layout of source text: lines, literals, comments, prefixes."""
