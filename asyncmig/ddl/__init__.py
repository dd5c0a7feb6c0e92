"""Operations become SQL text, one file per object kind."""
