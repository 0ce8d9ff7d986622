"""Passengers of the Titanic: categories, and an age that is often missing."""

from typing import ClassVar

from engine.datasets.base import Examples, datasets
from engine.datasets.sources.csv_tables import CsvTable


@datasets.register("titanic", "Titanic (1,313 passengers)")
class Titanic(CsvTable):
    """Survival on the Titanic, by class, sex and age. Four ages in ten are missing."""

    file: ClassVar[str] = "titanic.csv"
    numbers: ClassVar[tuple[str, ...]] = ("age",)
    categories: ClassVar[tuple[str, ...]] = ("class", "sex")
    target: ClassVar[str] = "survived"
    classes: ClassVar[dict[str, str]] = {"0": "died", "1": "survived"}
    source: ClassVar[str] = "Passenger list of 1912, in bokeh-sampledata, https://docs.bokeh.org"
    licence: ClassVar[str] = "Public domain, as bokeh-sampledata states"
    limits: ClassVar[str] = (
        "Three columns cannot distinguish one third-class passenger of unknown age from another: "
        "they allow about 80% accuracy. One shipwreck says nothing about the next."
    )
    num_examples: ClassVar[int] = 1_313
    num_classes: ClassVar[int] = 2
    class_words: ClassVar[dict[str, dict[str, str]]] = {"zh": {"died": "遇难", "survived": "生还"}}

    def load(self) -> Examples:
        """1,313 rows of a number and two categories. Equal rows are different people: they need not stay together."""
        return self.rows(duplicates=False)
