"""Object detection: boxes and their formats, average precision as pycocotools has it, what a network is trained on, and a run
from its scenes to its answers."""

import contextlib
import io
import json
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from engine.artifacts import artifacts_of
from engine.augmentations.scene import SceneAugmentation
from engine.data_info import DataInfo
from engine.datasets.base import EMBEDDED, datasets
from engine.datasets.stamp_scenes import StampScenes
from engine.detection.boxes import overlaps, to_corners
from engine.detection.coco import coco_json
from engine.detection.evaluation import box_scores, evaluate_boxes
from engine.detection.grid import CELL, NONE, boxes_of_cells, detection_loss, true_cells
from engine.detection.peaks import find_boxes, suppress
from engine.detection.precision import curves, mean_precision
from engine.detection.proposals import known_labels, propose
from engine.modalities.base import modalities
from engine.modalities.image.looks import png
from engine.runs import RunSpec, RunState
from engine.serving.loaded import LoadedModels
from engine.serving.requests import Instances
from engine.store import Store
from engine.targets import Boxes
from engine.tasks.contents import FoundObjects
from engine.tasks.object_detection import ObjectDetection
from engine.training import fit
from tests.tiny import TinyScenes

# Keras writes weights through h5py in a way that NumPy 2 will not allow one day
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
INFO = DataInfo((64, 96, 3), labels=("a", "b"), modality="scene")
BOXES = np.array([[10, 10, 40, 30, 1], [50, 20, 90, 60, 0]], np.float32)


# -- boxes -------------------------------------------------------------------------------------------------------------


def test_every_format_says_the_same_box() -> None:
    corners = np.array([[20.0, 10, 60, 40]])
    assert (to_corners(np.array([[20, 10, 60, 40]]), "xyxy", 100, 50) == corners).all()
    assert (to_corners(np.array([[20, 10, 40, 30]]), "xywh", 100, 50) == corners).all()
    np.testing.assert_allclose(to_corners(np.array([[0.4, 0.5, 0.4, 0.6]]), "relative-cxcywh", 100, 50), corners)


def test_overlaps_are_those_of_counted_pixels() -> None:
    rng = np.random.default_rng(0)
    low = rng.integers(0, 20, (12, 2))
    boxes = np.concatenate([low, low + rng.integers(0, 14, (12, 2))], axis=1)
    masks = np.zeros((12, 40, 40), bool)
    for mask, (left, top, right, bottom) in zip(masks, boxes, strict=True):
        mask[top:bottom, left:right] = True
    for one, row in zip(masks, overlaps(boxes, boxes), strict=True):
        for other, found in zip(masks, row, strict=True):
            union = (one | other).sum()
            assert found == pytest.approx((one & other).sum() / union if union else 0.0)


def random_boxes(rng: np.random.Generator, count: int) -> np.ndarray:
    """(count, 4)."""
    low = rng.integers(0, 80, (count, 2))
    return np.concatenate([low, low + rng.integers(4, 60, (count, 2))], axis=1).astype(np.float32)


def random_answers(pictures: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """True boxes of four classes, and found ones: near, doubled, wrong, equally likely, and over a hundred in one picture."""
    rng = np.random.default_rng(0)
    found, true = [], []
    for number in range(pictures):
        count = int(rng.integers(0, 6))
        there = np.concatenate([random_boxes(rng, count), rng.integers(0, 4, (count, 1))], axis=1)
        more = 130 if number == 3 else int(rng.integers(0, 5))
        told = np.concatenate([there[:, :4] + rng.integers(-4, 5, (count, 4)), random_boxes(rng, more)])
        told[:, 2:] = np.maximum(told[:, 2:], told[:, :2] + 1)
        classes = np.concatenate([there[:, 4], rng.integers(0, 4, more)])
        rows = np.concatenate([told, classes[:, None], rng.integers(0, 20, (count + more, 1)) / 20], axis=1)
        true.append(there.astype(np.float32))
        found.append(rows.astype(np.float32))
    return found, true


def test_average_precision_is_that_of_pycocotools() -> None:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    found, true = random_answers(60)

    def rows(answers: list[np.ndarray]) -> list[dict[str, object]]:
        return [
            {
                "id": number,
                "image_id": picture,
                "category_id": int(box[4]),
                "bbox": [float(side) for side in (*box[:2], *(box[2:4] - box[:2]))],
                "area": float(np.prod(box[2:4] - box[:2])),
                "iscrowd": 0,
                "score": float(box[5]) if len(box) > 5 else 1.0,
            }
            for number, (picture, box) in enumerate(((i, b) for i, told in enumerate(answers) for b in told), 1)
        ]

    truth = COCO()
    truth.dataset = {
        "images": [{"id": i} for i in range(60)],
        "categories": [{"id": i} for i in range(5)],
        "annotations": rows(true),
    }
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        judged = COCOeval(truth, truth.loadRes(rows(found)), "bbox")
        judged.evaluate()
        judged.accumulate()
        judged.summarize()
    half, mean = mean_precision(curves(found, true, 5))
    assert half == pytest.approx(judged.stats[1], abs=1e-9)
    assert mean == pytest.approx(judged.stats[0], abs=1e-9)
    assert 0.1 < mean < half < 0.9


def test_an_evaluation_by_hand() -> None:
    true = [BOXES, np.zeros((0, 5), np.float32), BOXES[:1]]
    right = np.concatenate([BOXES, [[0.9], [0.8]]], axis=1)
    wrong = right[:1].copy()
    wrong[:, 4] = 0  # the right place, another class
    found = evaluate_boxes([right, np.zeros((0, 6)), wrong], true, ["a", "b", "never"], 0.3)
    assert [row["label"] for row in found["per_class"]] == ["a", "b"]
    assert found["metrics"]["any_class50"] == pytest.approx(1.0)
    assert found["metrics"]["box_f1"] == pytest.approx(2 / 3)  # all, nothing in an empty picture, none
    assert found["per_class"][1]["ap50"] == pytest.approx(51 / 101)  # half of its boxes are found
    assert found["taken_for"] == [[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert {row["size"]: row["found"] for row in found["sizes"]} == {"small": 1.0, "medium": 1.0}
    assert box_scores([right], [true[0]], 0.85) == pytest.approx([2 / 3])  # one of both is not shown
    json.dumps(found, allow_nan=False)


# -- what a network is trained on --------------------------------------------------------------------------------------


def scores_of(boxes: np.ndarray, rows: int, columns: int, classes: int) -> np.ndarray:
    """What a network says that is right: (1, rows, columns, classes + 4)."""
    scores = np.full((1, rows, columns, classes + 4), -9.0, np.float32)
    scores[..., -4:] = 0
    for left, top, right, bottom, index in boxes.tolist():
        x, y = (left + right) / 2 / CELL, (top + bottom) / 2 / CELL
        cell = scores[0, int(y), int(x)]
        cell[int(index)] = 9.0
        cell[-4:] = x - int(x) - 0.5, y - int(y) - 0.5, np.log((right - left) / CELL), np.log((bottom - top) / CELL)
    return scores


def padded(*rows: np.ndarray) -> np.ndarray:
    """Boxes of several pictures, filled up as a batch is."""
    longest = max(map(len, rows))
    return np.stack([np.pad(row, ((0, longest - len(row)), (0, 0)), constant_values=NONE) for row in rows])


def test_boxes_come_back_from_what_is_said_of_cells() -> None:
    scores = scores_of(BOXES, 8, 12, 2)
    true = true_cells(padded(BOXES), 2, 8, 12)
    assert float(true[..., -1].numpy().sum()) == 2
    assert float(np.asarray(detection_loss(true, scores))[0]) < 1e-6
    likely = 1 / (1 + np.exp(-scores[..., :2]))
    cells = np.concatenate([likely, np.asarray(boxes_of_cells(tf.constant(scores[..., 2:])))], axis=-1)
    found = find_boxes(cells[0], 0.3, 0.5, 10)
    np.testing.assert_allclose(found[np.argsort(found[:, 0]), :5], BOXES, atol=1e-4)


def test_what_fills_up_a_batch_and_cells_without_an_object_teach_nothing_of_boxes() -> None:
    empty = np.zeros((0, 5), np.float32)
    true = true_cells(padded(BOXES, empty), 2, 8, 12)
    alone = true_cells(padded(BOXES), 2, 8, 12)
    np.testing.assert_array_equal(true[0], alone[0])
    assert not true[1].numpy().any()
    scores = np.random.default_rng(0).normal(size=(2, 8, 12, 6)).astype(np.float32)
    other = np.where((true.numpy()[..., -1:] > 0), scores, scores + np.array([0, 0, 1, 1, 1, 1])).astype(np.float32)
    losses = [np.asarray(detection_loss(true, told)) for told in (scores, other)]
    np.testing.assert_array_equal(*losses)
    changed = scores.copy()
    changed[0, 2, 3, -1] += 1  # where the first box has its centre
    assert np.asarray(detection_loss(true, changed))[0] != losses[0][0]
    assert np.isfinite(losses).all()


def test_of_two_objects_in_a_cell_the_smaller_one_has_it_and_both_have_heat() -> None:
    boxes = np.array([[0, 0, 60, 60, 0], [24, 24, 36, 36, 1]], np.float32)
    for order in (boxes, boxes[::-1]):
        true = true_cells(padded(order), 2, 8, 8).numpy()
        assert true[0, 3, 3, :2].tolist() == [1, 1]
        assert true[0, 3, 3, 2:6].tolist() == [24, 24, 36, 36]


def test_a_box_of_no_size_and_five_hundred_boxes_have_a_loss() -> None:
    rng = np.random.default_rng(0)
    many = np.concatenate([random_boxes(rng, 500), rng.integers(0, 2, (500, 1))], axis=1).astype(np.float32)
    many[0, 2:4] = many[0, :2]
    many[1, :4] = [-50, -50, -10, -10]  # outside
    loss = np.asarray(detection_loss(true_cells(padded(many), 2, 8, 12), np.zeros((1, 8, 12, 6), np.float32)))
    assert np.isfinite(loss).all()


def test_likelier_boxes_of_a_class_suppress_those_that_overlap() -> None:
    rows = np.array([[0, 0, 10, 10, 0, 0.9], [1, 0, 10, 10, 0, 0.8], [1, 0, 10, 10, 1, 0.7], [30, 0, 40, 10, 0, 0.6]])
    assert suppress(rows, 0.5)[:, 5].tolist() == [0.9, 0.7, 0.6]
    assert suppress(rows, 0.95)[:, 5].tolist() == [0.9, 0.8, 0.7, 0.6]
    assert suppress(rows, 0.5, across=True)[:, 5].tolist() == [0.9, 0.6]


@pytest.mark.parametrize(
    "changes", [{"flip": "horizontal"}, {"flip": "both", "shift": 0.2}, {"rotation": 45.0, "zoom": 0.2}]
)
def test_boxes_move_with_the_picture(changes: dict[str, object]) -> None:
    pictures = np.zeros((16, 64, 96, 3), np.float32)
    pictures[:, 20:44, 30:70] = 255
    boxes = np.tile(np.array([[30, 20, 70, 44, 1], [NONE] * 5], np.float32), (16, 1, 1))
    changed, transforms = SceneAugmentation(**changes).change(tf.constant(pictures), tf.constant([3, 0], tf.int64))
    moved = ObjectDetection().move(boxes, transforms, INFO).numpy()
    assert (moved[:, 1, 4] == NONE).all()
    for picture, box in zip(changed.numpy(), moved[:, 0], strict=True):
        rows, columns = (np.flatnonzero((picture[..., 0] > 40).any(axis=axis)) for axis in (1, 0))
        np.testing.assert_allclose(box[:4], [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], atol=1.6)


def test_a_box_of_which_little_is_left_is_not_to_be_found() -> None:
    aside = np.array([[[1, 0, 0.65], [0, 1, 0], [0, 0, 1]]], np.float32)
    moved = ObjectDetection().move(padded(BOXES), tf.constant(aside), INFO).numpy()[0]
    assert moved[:, 4].tolist() == [1, NONE]  # the first still has a third of itself, the other is gone


# -- scenes ------------------------------------------------------------------------------------------------------------


def test_scenes_are_the_same_each_time_and_keep_cutouts_apart() -> None:
    dataset = StampScenes(scenes=200)
    parts = dataset._parts(StampScenes.cutouts())
    chosen = [set(parts[name].tolist()) for name in ("train", "validation", "test")]
    assert sum(map(len, chosen)) == len(set.union(*chosen)) == 267
    one, two = dataset.extra_test("known_cutouts"), dataset.extra_test("known_cutouts")
    np.testing.assert_array_equal(one.inputs, two.inputs)
    np.testing.assert_array_equal(one.targets.values, two.targets.values)
    other = StampScenes(scenes=200, split_seed=1).extra_test("known_cutouts")
    assert not np.array_equal(one.inputs[:50], other.inputs[:50])
    boxes = one.targets.values
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, 2:4] <= 128).all()
    assert (boxes[:, 2:4] - boxes[:, :2] >= 1).all()


def test_a_box_is_exactly_around_what_is_opaque() -> None:
    thing = StampScenes.cutouts().changed(5, np.random.default_rng(0))
    opaque = np.asarray(thing)[..., 3] >= 128
    assert opaque.any(axis=0)[[0, -1]].all()
    assert opaque.any(axis=1)[[0, -1]].all()


def test_targets_without_names_or_boxes_are_a_sentence() -> None:
    codec = Boxes()
    empty = codec.store([np.zeros((0, 5))] * 20, 20)
    with pytest.raises(Exception, match="20 pictures with 0 boxes"):
        codec.check("mine", empty, ["a"], None)
    stored = codec.store([BOXES, np.zeros((0, 5)), BOXES[:1]], 3)
    assert codec.strata(stored).tolist() == [0, -1, 1]
    assert codec.counts(stored, ["a", "b", "c"]) == [3]  # pictures, not boxes


def test_a_picture_of_another_shape_is_shown_whole() -> None:
    wide = np.zeros((30, 60, 3), np.uint8)
    wide[:, 50:] = 255
    found = modalities["scene"].decode_one(png(wide), "a.png", DataInfo((64, 64, 3)))
    assert found.shape == (64, 64, 3)
    assert found[10, 60].min() > 250
    assert found[10, 10].max() < 5
    assert (found[40:] == 128).all()


def test_the_detector_that_ships_finds_what_it_knows() -> None:
    cutouts = StampScenes.cutouts()
    names = list(np.load(EMBEDDED / "images" / "tuxpaint_stamps_96_rgba.npz")["names"])
    position = next(i for i, name in enumerate(names) if name.rsplit("/")[-1].startswith("camera"))
    scene = PIL.Image.new("RGBA", (240, 200), (128, 128, 128, 255))
    scene.alpha_composite(PIL.Image.fromarray(cutouts.pixels[position]), (100, 60))
    rows, columns = (np.flatnonzero((cutouts.pixels[position][..., 3] >= 128).any(axis=axis)) for axis in (1, 0))
    [found] = propose(np.asarray(scene.convert("RGB"))[None])
    assert known_labels()[int(found[0, 4])] == "Camera"
    true = [[100 + columns[0], 60 + rows[0], 100 + columns[-1] + 1, 60 + rows[-1] + 1]]
    assert overlaps(found[:1], np.array(true))[0, 0] > 0.8


# -- a whole run -------------------------------------------------------------------------------------------------------


@pytest.fixture
def scenes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small dataset of rectangles."""
    monkeypatch.setattr(datasets, "_entries", {name: datasets[name] for name in datasets})
    datasets.register("tiny-scenes")(TinyScenes)


def test_a_run_goes_from_its_scenes_to_its_answers(scenes: None, store: Store) -> None:
    values = {"dataset": "tiny-scenes", "model": "centernet", "filters": 16, "epochs": 30, "batch_size": 8}
    run = store.runs.create(RunSpec.build(values | {"flip": "horizontal"}), slot="terminal")
    fit.train_run(store, run)
    run = store.runs.get(run.id)
    assert run.state is RunState.COMPLETED, run.message
    assert run.result["test_map50"] > 0.8
    assert run.result["test_map50"] >= run.result["test_map"]
    found = json.loads(artifacts_of(run.id).evaluation.read_text())["test"]
    assert found["boxes"] == sum(row["boxes"] for row in found["per_class"])
    picture = np.zeros((32, 32, 3), int)
    picture[4:16, 3:15, 2] = 255
    body = {"instances": [picture.tolist()], "parameters": {"threshold": 0.2}}
    [one] = json.loads(LoadedModels().answer(run.id, [Instances(json.dumps(body).encode())])[0])["predictions"]
    FoundObjects.model_validate(one)
    assert one["objects"][0]["label"] == "blue"
    sides = [one["objects"][0][side] for side in ("left", "top", "right", "bottom")]
    np.testing.assert_allclose(sides, [3, 4, 15, 16], atol=2.5)
    coco = json.loads(coco_json([("a.png", 32, 32, one["objects"][:1])]))
    assert coco["annotations"][0]["bbox"] == pytest.approx(
        [sides[0], sides[1], sides[2] - sides[0], sides[3] - sides[1]], abs=0.02
    )
    assert coco["categories"] == [{"id": 2, "name": "blue"}]
