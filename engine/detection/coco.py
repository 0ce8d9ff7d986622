"""Boxes as COCO JSON, the format that most programs for labelling and evaluation read.

Source: https://cocodataset.org/#format-data
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any


def coco_json(pictures: Iterable[tuple[str, int, int, Iterable[Mapping[str, Any]]]]) -> bytes:
    """Return a file about pictures: name, width, height and the objects of each, as an answer has them.

    Boxes are left, top, width and height in pixels; categories are counted from 1.
    """
    images, annotations, categories = list[Any](), list[Any](), dict[int, str]()
    for number, (name, width, height, objects) in enumerate(pictures, 1):
        images.append({"id": number, "file_name": name, "width": width, "height": height})
        for one in objects:
            categories[one["index"] + 1] = one["label"]
            box = [one["left"], one["top"], one["right"] - one["left"], one["bottom"] - one["top"]]
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": one["index"] + 1,
                    "bbox": [round(side, 2) for side in box],
                    "area": round(box[2] * box[3], 2),
                    "iscrowd": 0,
                    "score": one["probability"],
                }
            )
    named = [{"id": index, "name": label} for index, label in sorted(categories.items())]
    return json.dumps({"images": images, "annotations": annotations, "categories": named}, ensure_ascii=False).encode()
