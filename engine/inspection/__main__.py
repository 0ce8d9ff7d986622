"""One health check in this process: `python -m engine.inspection CHECK FOLDER`. See `engine.inspection.checks`."""

import json
import os
import resource
import sys
from pathlib import Path

from engine.errors import TrainyardError
from engine.files import write_text
from engine.inspection.checks import CHECKS, result_path
from engine.preparation.prepare import PreparedDataset
from engine.sentences import Sentence, to_json
from engine.settings import settings

_NICENESS = 5  # training goes first


def main(check: str, folder: str) -> int:
    """Write the result beside the data; on failure, a sentence on standard error and exit code 1."""
    limit = settings().inspection_memory_mb * 1_000_000
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    os.nice(_NICENESS)
    prepared = PreparedDataset(Path(folder))
    try:
        found = CHECKS[check](prepared, settings().max_inspected)
    except TrainyardError as error:
        print(f"error: {to_json(error.sentence)}", file=sys.stderr)
        return 1
    except MemoryError:
        sentence = Sentence(
            "The health check needs more than {most:,} MB of memory "
            "(TRAINYARD_INSPECTION_MEMORY_MB). Lower TRAINYARD_MAX_INSPECTED, or allow more.",
            most=settings().inspection_memory_mb,
        )
        print(f"error: {to_json(sentence)}", file=sys.stderr)
        return 1
    write_text(result_path(prepared, check), json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
