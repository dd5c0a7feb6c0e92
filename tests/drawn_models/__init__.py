"""Pairs of models drawn at random: plain data first, so that a failing example can be read.

Tables with all that belongs to them, what is declared beside them, and from one model of a pair to the other
renames.
"""

from drawn_models.building import metadatas_of, unsaid
from drawn_models.changing import Pair, pairs

__all__ = ["Pair", "metadatas_of", "pairs", "unsaid"]
