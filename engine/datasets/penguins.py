"""Palmer penguins: numbers and categories, a few of them missing."""

from typing import ClassVar

from engine.datasets.base import Examples, datasets
from engine.datasets.sources.csv_tables import CsvTable


@datasets.register("penguins", "Palmer penguins (344)")
class Penguins(CsvTable):
    """Three species of penguins by island, sex, bill, flipper and weight. Some values are missing, as in real tables."""

    file: ClassVar[str] = "penguins.csv"
    numbers: ClassVar[tuple[str, ...]] = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")
    categories: ClassVar[tuple[str, ...]] = ("island", "sex")
    target: ClassVar[str] = "species"
    classes: ClassVar[dict[str, str]] = {name: name for name in ("Adelie", "Chinstrap", "Gentoo")}
    source: ClassVar[str] = (
        "Gorman, Williams, Fraser 2014; Horst, Hill, Gorman 2020, https://allisonhorst.github.io/palmerpenguins/"
    )
    licence: ClassVar[str] = "CC0-1.0"
    limits: ClassVar[str] = (
        "Birds of three islands, seen in three summers; the island alone gives much away. The test "
        "split has 52: one more mistake costs two points."
    )
    num_examples: ClassVar[int] = 344
    num_classes: ClassVar[int] = 3
    class_words: ClassVar[dict[str, dict[str, str]]] = {
        "zh": {"Adelie": "阿德利企鹅", "Chinstrap": "帽带企鹅", "Gentoo": "巴布亚企鹅"}
    }

    def load(self) -> Examples:
        """344 rows of four numbers and two categories."""
        return self.rows(duplicates=True)
