"""What is kept between runs: metadata and heads of the script directory."""
