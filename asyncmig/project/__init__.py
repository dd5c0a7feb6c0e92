"""One script directory and its databases, as the API and the command line use them."""
