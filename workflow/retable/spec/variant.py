"""Variants: what the paper does, and what would be right."""

from typing import Literal

VariantName = Literal["paper", "clean"]
