"""Recommendations: splits by time, what nobody is recommended, figures by hand, and a run from its choices to its answers."""

import json
from pathlib import Path

import numpy as np
import pytest

from engine.artifacts import artifacts_of
from engine.catalogue import Catalogue, ItemColumn
from engine.data_info import DataInfo
from engine.datasets.base import Examples, datasets
from engine.datasets.bookshop import Bookshop
from engine.datasets.sources.choices import Choices, ChoicesDataset
from engine.errors import TrainyardError
from engine.evaluation.recommendations import (
    Neighbours,
    best_items,
    evaluate_recommendations,
    parts_of,
    popularity,
    recommendation_scores,
)
from engine.modalities.base import modalities
from engine.models.base import models
from engine.preparation.prepare import prepare
from engine.runs import RunSpec, RunState
from engine.serving.loaded import LoadedModels
from engine.serving.requests import Instances
from engine.store import Store
from engine.targets import Ragged
from engine.tasks import recommendation
from engine.tasks.base import Prediction
from engine.tasks.recommendation import Recommendation
from engine.training import fit
from engine.training.calling import SavedModel
from engine.training.network import build_network
from tests.tiny import TinyChoices

# Keras writes weights through h5py in a way that NumPy 2 will not allow one day
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
RECOMMENDERS = sorted(name for name in models if Recommendation.accepts(models[name]))
THINGS = Catalogue(
    ("pen", "ink", "cup", "tea"),
    (5, 4, 3, 0),
    (
        ItemColumn("kind", "category", ("desk", "desk", "kitchen", None)),
        ItemColumn("price", "number", (1.0, 2.5, None, 4.0)),
    ),
)
INFO = DataInfo((4,), modality="choices", catalogue=THINGS, learned={"targets": {"items": 4}})
CHOICES = modalities["choices"]


@pytest.fixture
def tiny(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small dataset of choices."""
    monkeypatch.setattr(datasets, "_entries", {name: datasets[name] for name in datasets})
    datasets.register("tiny-choices")(TinyChoices)


# -- examples ----------------------------------------------------------------------------------------------------------


def cut(people: list[int], items: list[int], times: list[float], **fields: object) -> Examples:
    """Examples of a few choices among ten things."""
    dataset = TinyChoices(**{"history": 4, "test_fraction": 0.2, "validation_fraction": 0.2, **fields})
    found = Choices.of(np.array(people), np.array(items), np.array(times))
    return dataset.examples_of(found, [f"thing {i}" for i in range(1, 11)], [])


def three() -> Examples:
    """Two people with ten choices each in turn, and one who comes last."""
    people = [i % 2 for i in range(20)] + [2]
    items = [i // 2 + 1 if i % 2 else 10 - i // 2 for i in range(20)] + [7]
    return cut(people, items, [float(i) for i in range(21)])


def test_an_example_has_what_was_chosen_before_and_nothing_of_later() -> None:
    examples = three()
    assert examples.test is not None
    assert examples.validation is not None
    train = ~examples.test & ~examples.validation
    first = examples.inputs[train][:4]
    np.testing.assert_array_equal(first, [[0, 0, 0, 0], [0, 0, 0, 0], [10, 0, 0, 0], [1, 0, 0, 0]])
    assert [row.tolist() for row in examples.targets[train]][:4] == [[10], [1], [9], [2]]
    assert (np.count_nonzero(examples.inputs[train], axis=1) <= 4).all()


def test_a_held_out_example_is_everything_that_somebody_chose_in_the_period() -> None:
    examples = three()
    assert examples.test is not None
    rows = {
        tuple(row): target.tolist()
        for row, target in zip(examples.inputs[examples.test], examples.targets[examples.test], strict=True)
    }
    assert rows[(0, 0, 0, 0)] == [7]  # somebody new
    assert sum(map(len, rows.values())) == 5
    assert rows[(5, 6, 7, 8)] == [9, 10]


def test_items_that_nobody_chose_in_training_are_known_to_be_new() -> None:
    examples = three()
    assert examples.catalogue is not None
    chosen = np.array(examples.catalogue.chosen)
    assert chosen.sum() == (~examples.test & ~examples.validation).sum()  # type: ignore[operator]
    assert len(chosen) == 10


def test_what_is_chosen_again_counts_once_and_at_its_first_time() -> None:
    found = Choices.of(np.array([0, 0, 0, 1]), np.array([3, 2, 3, 3]), np.array([5.0, 1.0, 0.5, 2.0]))
    assert list(zip(found.people.tolist(), found.items.tolist(), found.times.tolist(), strict=True)) == [
        (0, 3, 0.5),
        (0, 2, 1.0),
        (1, 3, 2.0),
    ]


def test_few_choices_one_time_and_folds_are_sentences() -> None:
    with pytest.raises(TrainyardError, match="There are 2 different choices; at least 20"):
        cut([0, 1], [1, 2], [0.0, 1.0])
    people, items = [i % 3 for i in range(30)], [i // 3 + 1 for i in range(30)]
    with pytest.raises(TrainyardError, match="do not tell what was earlier"):
        cut(people, items, [1.0] * 30)
    with pytest.raises(TrainyardError, match="mix past and future"):
        cut(people, items, [float(i) for i in range(30)], folds=3)


def test_of_many_choices_a_drawn_part_is_learned_from() -> None:
    rng = np.random.default_rng(0)
    people, items = rng.integers(0, 500, 5_000), rng.integers(1, 11, 5_000)
    examples = cut(people.tolist(), items.tolist(), rng.random(5_000).tolist(), most_examples=300)
    assert examples.test is not None
    assert (~examples.test & ~examples.validation).sum() == 300  # type: ignore[operator]


def test_somebody_with_one_choice_is_an_example_with_nothing_before_it() -> None:
    people = list(range(30))
    examples = cut(people, [1 + i % 10 for i in people], [float(i) for i in people])
    assert not examples.inputs.any()


def test_the_shop_is_the_same_each_time_and_its_best_recommendations_are_possible() -> None:
    one, other = Bookshop().load(), Bookshop().load()
    np.testing.assert_array_equal(one.inputs, other.inputs)
    assert one.test is not None
    for history, target in zip(one.inputs[one.test], one.targets[one.test], strict=True):
        chosen, best = parts_of(target)
        assert len(chosen) >= 1
        assert len(set(best.tolist())) == 10
        assert not set(history[history > 0].tolist()) & set(best.tolist())
        assert not set(history[history > 0].tolist()) & set(chosen.tolist())


# -- figures -----------------------------------------------------------------------------------------------------------


def test_what_was_chosen_is_never_among_the_best_items() -> None:
    scores = np.array([[9.0, 1, 4, 3, 2], [9.0, 1, 4, 3, 2]])
    items, found = best_items(scores, np.array([[0, 0], [2, -1]]), 4)
    np.testing.assert_array_equal(items, [[2, 3, 4, 1], [3, 4, 1, 0]])
    assert found[1, 3] == -np.inf


def test_scores_by_hand() -> None:
    outputs = np.array([[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]], float)
    scores = recommendation_scores(outputs, Ragged.of([np.array([2, 99, -1, -2])], np.int32))
    assert scores["recall10"] == pytest.approx([0.5])
    assert scores["ndcg10"] == pytest.approx([(1 / np.log2(3)) / (1 + 1 / np.log2(3))])
    many = Ragged.of([np.arange(1, 31)], np.int32)
    assert recommendation_scores(outputs, many)["recall10"] == pytest.approx([1.0])  # more than ten cannot be named


def test_an_evaluation_knows_the_best_possible_and_who_and_what_is_new() -> None:
    catalogue = Catalogue(tuple("abcdefghijkl"), (*range(1, 12), 0))
    outputs = np.zeros((2, 24))
    outputs[:, :10] = np.arange(1, 11)
    outputs[1, 20:22] = [11, 12]
    targets = Ragged.of([np.array([1, 12, *range(-12, -2)]), np.array([3, *range(-10, 0)])], np.int32)
    found = evaluate_recommendations(outputs, targets, catalogue)
    assert found["metrics"]["recall10"] == pytest.approx(0.75)
    assert found["best"]["recall10"] == pytest.approx((0.5 + 1) / 2)
    assert found["metrics"]["item_coverage"] == pytest.approx(10 / 12)
    assert [(one["from"], one["count"]) for one in found["by_activity"]] == [(0, 1), (1, 1)]
    assert found["by_popularity"][0] == {"group": "new", "count": 1, "recall10": 0.0, "best": 1.0}
    assert found["shown"][0]["recall10"] == 1.0
    json.dumps(found, allow_nan=False)


def test_simple_methods() -> None:
    often = np.array([5, 4, 3, 0])
    items, _shares = popularity(often, np.array([[1, 0]]))
    np.testing.assert_array_equal(items[0, :3], [2, 3, 4])
    history = np.array([[1, 0], [1, 0], [2, 0]])
    near = Neighbours(history, Ragged.of([np.array([3]), np.array([3]), np.array([4])], np.int32), often)
    assert near(np.array([[1, 0]]))[0][0, 0] == 3
    assert near(np.array([[2, 0]]))[0][0, 0] == 4
    assert near(np.array([[0, 0]]))[0][0, 0] == 1  # nothing is known: what is popular


def test_simple_methods_take_some_people_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    history = np.array([[1, 0, 0, 0], [2, 0, 0, 0], [1, 3, 0, 0], [0, 0, 0, 0], [4, 0, 0, 0]])
    targets = Ragged.of([np.array([number]) for number in (2, 3, 2, 1, 1)], np.int32)
    methods = Recommendation().simple(history, targets, INFO)
    at_once = {name: np.asarray(method(history, targets)) for name, method in methods.items()}
    asked: list[int] = []
    monkeypatch.setattr(recommendation, "_PORTION", 2)

    def counted(often: np.ndarray, some: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        asked.append(len(some))
        return popularity(often, some)

    monkeypatch.setattr(recommendation, "popularity", counted)
    for name, method in methods.items():
        np.testing.assert_array_equal(method(history, targets), at_once[name])
    assert asked == [2, 2, 1]


def test_columns_of_items_become_numbers() -> None:
    features = THINGS.features()
    assert features.shape[0] == 4
    np.testing.assert_array_equal(features[:, :2].sum(axis=1), [1, 1, 1, 0])
    assert np.isfinite(features).all()
    assert not features[2, 2:].any()  # its price is not known
    assert THINGS.about(2) == "desk · 2.5"
    assert Catalogue.from_dict(json.loads(json.dumps(THINGS.to_dict()))) == THINGS


# -- given by people ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b'["pen", "cup"]',
        b"pen\ncup\n",
        b"item\npen\ncup\n",
        b"user,item,time\nann,pen,1\nann,cup,2\n",
        b"item,day\ncup,2024-02-01\npen,2024-01-31\n",
        b"who;what\nann;pen\nann;cup\n",
        b'["pen", "cup", "pen"]',
    ],
)
def test_choices_can_be_given_in_many_ways(data: bytes) -> None:
    np.testing.assert_array_equal(CHOICES.decode(data, "a.csv", INFO).inputs, [[1, 3, 0, 0]])


def test_a_table_has_an_answer_for_each_person_and_says_what_is_not_known() -> None:
    found = CHOICES.decode(b"user,item\nann,pen\nbob,spoon\nann,fork\n", "a.csv", INFO)
    assert found.names == ("ann", "bob")
    np.testing.assert_array_equal(found.inputs, [[1, -1, 0, 0], [-1, 0, 0, 0]])


@pytest.mark.parametrize(
    "data", [b"[1, 2]", b"{", b"[" * 100_000, b"a,b\n1,2\n", b"\xff\xfe", b'[["pen"]]', b'["spoon"]']
)
def test_what_is_no_such_choice_is_a_sentence(data: bytes) -> None:
    with pytest.raises(TrainyardError):
        CHOICES.decode(data, "a.csv", INFO)


def test_a_name_that_is_nearly_right_is_corrected() -> None:
    with pytest.raises(TrainyardError, match="Did you mean 'pen'"):
        CHOICES.parse([["penn"]], INFO)


# -- networks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", RECOMMENDERS)
def test_a_network_answers_who_has_chosen_nothing_and_does_not_read_padding(home: Path, model: str) -> None:
    spec = RunSpec.build({"task": "recommendation", "dataset": "bookshop", "model": model, "units": 8})
    call = SavedModel(build_network(spec, INFO))
    found = np.asarray(call(np.array([[0, 0, 0, 0], [1, 2, 0, 0], [1, 2, -1, 0], [2, 3, 0, 0]], np.int32)))
    assert found.shape == (4, 6)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    assert not np.allclose(found[1], found[3])
    if model != "gru4rec":  # which reads on past what it does not know
        np.testing.assert_allclose(found[1], found[2], rtol=1e-5)


def test_two_towers_know_new_items_by_their_columns(home: Path) -> None:
    spec = RunSpec.build({"task": "recommendation", "dataset": "bookshop", "model": "two-tower", "units": 8})
    network = build_network(spec, INFO)
    known = np.asarray(network.core.get_layer("known").embeddings).reshape(6, -1)
    np.testing.assert_array_equal(known[1:5], THINGS.features())
    assert not known[[0, 5]].any()


# -- a whole run -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", RECOMMENDERS)
def test_a_run_goes_from_its_choices_to_its_answers(tiny: None, store: Store, model: str) -> None:
    values = {
        "task": "recommendation",
        "dataset": "tiny-choices",
        "model": model,
        "epochs": 8,
        "units": 16,
        "learning_rate": 0.02,
    }
    run = store.runs.create(RunSpec.build(values), slot="terminal")
    fit.train_run(store, run)
    run = store.runs.get(run.id)
    assert run.state is RunState.COMPLETED, run.message
    found = json.loads(artifacts_of(run.id).evaluation.read_text())["test"]
    assert found["baseline"]["name"] in ("popularity", "item-knn")
    assert run.result["test_recall10"] > 0.6
    body = {"instances": [["thing 1", "thing 3"], []], "parameters": {"count": 3}}
    answered = json.loads(LoadedModels().answer(run.id, [Instances(json.dumps(body).encode())])[0])
    one, nobody = answered["predictions"]
    assert len(one["items"]) == len(one["probabilities"]) == 3
    assert not {"thing 1", "thing 3"} & set(one["items"])
    assert sum(int(name.split()[1]) % 2 for name in one["items"]) >= 2  # of the same kind
    assert one["chosen"] == ["thing 1", "thing 3"]
    assert nobody["chosen"] == []
    assert Prediction("recommended", one).describe() == " · ".join(one["items"])


def test_recall_while_training_is_that_of_the_evaluation(tiny: None, store: Store) -> None:
    values = {"task": "recommendation", "dataset": "tiny-choices", "epochs": 1, "units": 8}
    run = store.runs.create(RunSpec.build(values), slot="terminal")
    fit.train_run(store, run)
    logged = store.metrics.series([run.id], "validation", "recall10", "epoch")
    assert logged[-1][4] == pytest.approx(store.runs.get(run.id).result["validation_recall10"], abs=1e-4)


def test_the_items_are_kept_with_what_was_prepared(tiny: None) -> None:
    prepared = prepare(datasets["tiny-choices"]())
    assert prepared.info.catalogue is not None
    assert prepared.info.catalogue.chosen[20] == 0
    assert prepared.by_time
    assert isinstance(prepared.targets, Ragged)
    assert issubclass(TinyChoices, ChoicesDataset)
