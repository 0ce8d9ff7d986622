"""The datasets that a form offers: those of the program, and each imported set under its own name."""

from dataclasses import dataclass

import streamlit as st

from engine import service
from engine.datasets.base import Dataset, datasets
from engine.datasets.stored.base import OwnDataset
from engine.imports.own_kinds import own_kind
from engine.imports.titles import own_reference, own_title
from engine.preparation.catalog import describe
from ui import lab
from ui.language import _
from ui.train.form import Form, drop, keeping, read_form


@dataclass(frozen=True)
class Choice:
    """A dataset that can be chosen. An own one without `reference` stands for a set still to be imported."""

    dataset: str
    reference: str
    title: str
    """Plain text, of imported sets as people wrote it."""
    num_examples: int
    num_classes: int

    @property
    def id(self) -> str:
        """Return what tells it apart from all others."""
        return f"{self.dataset}:{self.reference}" if self.reference else self.dataset

    @property
    def cls(self) -> type[Dataset]:
        """Return the class of the dataset."""
        return datasets[self.dataset]

    @property
    def field(self) -> str:
        """Return the name of the field that takes the imported set; empty for other datasets."""
        return own_kind(self.cls.kind).field if issubclass(self.cls, OwnDataset) else ""

    @property
    def download_bytes(self) -> int:
        """Return how much there is to download before it can be used; 0 where that does not help, or is not needed."""
        return 0 if self.cls.ready() else int(describe(self.cls)["download_bytes"])

    def made(self) -> Dataset:
        """Return the dataset with this set, all else as by default."""
        return self.cls.parse({self.field: self.reference} if self.reference else {})


def choices(task: str) -> dict[str, Choice]:
    """Return by id what can be chosen for a task: imported sets first, then in the order of the registry."""
    own = [
        Choice(kind.dataset, found.reference, own_title(kind.dataset, {kind.field: found.reference}),
               found.num_examples, len(found.counts))
        for found in service.datasets.list_own(lab.actor())
        if (kind := own_kind(found.kind)).dataset in datasets and task in (*found.tasks, kind.free_task)
    ]  # fmt: skip
    others = [
        Choice(cls.name, "", _(cls.title), cls.num_examples, cls.num_classes)
        for cls in datasets.values()
        if task in cls.tasks
    ]
    return {choice.id: choice for choice in (*own, *others)}


def chosen(form: Form) -> str:
    """Return the id of what the form has chosen."""
    name = form.names["dataset"]
    reference = own_reference(name, form.values)
    return f"{name}:{reference}" if reference else name


def choose(choice: Choice, task: str) -> None:
    """Put a dataset into the URL, for a task; what the new form cannot take is left out."""
    with keeping():
        if task != read_form(st.query_params.to_dict()).names["task"]:
            drop(("model",))
            st.query_params["task"] = task
        st.query_params["dataset"] = choice.dataset
        if choice.field:
            drop((choice.field,))
        if choice.reference:
            st.query_params[choice.field] = choice.reference
