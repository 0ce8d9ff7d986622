"""Inputs as JSON in the form of TensorFlow Serving's REST API, many at once: checked, and made into one batch."""

import json
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np

from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.modalities.base import modalities
from engine.sentences import COMMA, joined
from engine.settings import settings

SIGNATURES = ("serving_default", "raw")
"""Values of `signature_name`: typed predictions, or the plain outputs of the network."""


@dataclass(frozen=True)
class Body:
    """A request as its JSON says it."""

    instances: list[Any]
    raw: bool = False
    """Whether plain outputs are wanted."""
    parameters: dict[str, Any] = field(default_factory=dict)
    """Settings of the answer."""


def read_request(body: bytes) -> Body:
    """Read a request. Raises `TrainyardError` for a body that is not one."""
    try:
        request = json.loads(body, parse_constant=_no_number)
    except RecursionError as error:
        raise TrainyardError("The JSON of the body is nested too deeply.") from error
    except ValueError as error:  # also bytes that are not text
        raise TrainyardError("The body is not JSON ({error}).", error=error) from error
    if not isinstance(request, dict):
        raise TrainyardError('The body must be a JSON object such as {"instances": [...]}.')
    if "inputs" in request:
        raise TrainyardError(
            'The column format "inputs" is not supported. Give one entry per input: {"instances": [...]}.'
        )
    unknown = sorted(request.keys() - {"instances", "signature_name", "parameters"})
    if unknown:
        raise TrainyardError(
            "{unknown!r} is not part of a request; allowed are instances, signature_name and parameters.",
            unknown=unknown[0][:80],
        )
    instances, signature = request.get("instances"), request.get("signature_name", SIGNATURES[0])
    if signature not in SIGNATURES:
        raise TrainyardError(
            "signature_name is {signature!r}; available: {signatures}.",
            signature=str(signature)[:80],
            signatures=joined(SIGNATURES, COMMA),
        )
    if not isinstance(instances, list) or not instances:
        raise TrainyardError('"instances" must be a list of at least one input.')
    limit = settings().max_instances
    if len(instances) > limit:
        raise TrainyardError(
            "One request may have {limit:,} instances (TRAINYARD_MAX_INSTANCES), not {instances:,}. "
            "Send them in parts.",
            instances=len(instances),
            limit=limit,
        )
    parameters = request.get("parameters", {})
    if not isinstance(parameters, dict):
        raise TrainyardError('"parameters" must be an object of prediction settings, such as {{"temperature": 0.8}}.')
    return Body(instances, signature == "raw", parameters)


def make_inputs(instances: list[Any], modality: str, info: DataInfo) -> np.ndarray:
    """Instances as one batch (examples, ...). Raises `TrainyardError` with a sentence about the first wrong one."""
    return modalities[modality].parse(instances, info)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number in JSON")
