"""Operations as Python code or as SQL."""
