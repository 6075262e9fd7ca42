"""200 small files of nine sources from landing/ to checked rows, stage by stage: 20 s at most, all imports included.

python -m benchmarks.small_files
"""

from __future__ import annotations

import itertools
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.end_to_end import apart, timed
from benchmarks.night import files


def checked(landing: Path, home: Path) -> dict[str, Any]:
    """Take in, guard, normalise and check whatever lies there."""
    from ddk_surveillance import guard, intake, normalise, quality, tokens
    from ddk_surveillance.settings import load
    from ddk_surveillance.warehouse import open_warehouse

    home.mkdir()
    tokens.make_key(home / "key")
    settings = load({"DDK_KEY_FILE": str(home / "key"), "DDK_QUIET_SECONDS": "0"}, home)
    shutil.copytree(landing, settings.landing)
    seconds: dict[str, float] = {}
    with open_warehouse(settings) as db:
        timed(seconds, "discover", lambda: intake.discover(db, "night"))
        for source, stage in itertools.product(db.library.sources, (intake, guard, normalise, quality)):
            timed(seconds, stage.__name__.split(".")[1], lambda stage=stage, source=source: stage.run(db, source))  # type: ignore[misc]
        counts = db.rows("SELECT count(*), sum(rows_received) FROM ops.batch")
    return {"files": counts[0][0], "rows": int(counts[0][1]), "seconds": seconds}


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        landing = Path(name) / "landing"
        for file in files(Path(name) / "made", 200, 3, 4_000):
            (landing / file.parent.name).mkdir(parents=True, exist_ok=True)
            shutil.copy(file, landing / file.parent.name)
        result = apart(checked, landing, Path(name) / "home")
    result["seconds"] = {stage: round(value, 2) for stage, value in result["seconds"].items()}
    print(json.dumps(result | {"in_all": round(sum(result["seconds"].values()), 1)}))


if __name__ == "__main__":
    main()
