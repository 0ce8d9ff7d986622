"""The nouns of a search: what is searched (StudySpec), its progress (StudyState), and its current record (Study).

A study asks a sampler for values, trains a run with them (a trial), reports the result to the sampler, and asks again.
"""

from engine.studies.dimensions import MODEL, dimensions, model_fields, models_of
from engine.studies.domains import Domain, domain_from_dict, domain_to_dict, narrow, parse_domain, tunable
from engine.studies.objectives import (
    DIRECTIONS,
    OBJECTIVES,
    QUALITY,
    Direction,
    Objective,
    known_direction,
    own_direction,
    parse_objective,
)
from engine.studies.spec import Search, StudySpec
from engine.studies.study import Study, StudyState

__all__ = [
    "DIRECTIONS",
    "MODEL",
    "OBJECTIVES",
    "QUALITY",
    "Direction",
    "Domain",
    "Objective",
    "Search",
    "Study",
    "StudySpec",
    "StudyState",
    "dimensions",
    "domain_from_dict",
    "domain_to_dict",
    "known_direction",
    "model_fields",
    "models_of",
    "narrow",
    "own_direction",
    "parse_domain",
    "parse_objective",
    "tunable",
]
