"""docs/architecture.md draws the layers as the contract of pyproject.toml has them."""

import re
import tomllib

from support.paths import ROOT


def test_the_page_has_the_layers_of_the_contract() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contract = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    drawing = page.split("```")[1].strip().splitlines()

    drawn = [re.split(r"\s{2,}", line)[0] for line in drawing]

    assert drawn == [layer.replace("asyncmig.", "") for layer in contract]
