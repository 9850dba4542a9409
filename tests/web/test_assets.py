"""The built files that pages name are those of the last build, without a restart."""

import json
import os
from pathlib import Path

from web.assets import Assets


def build(static: Path, version: str, second: int) -> None:
    folder = static / "dist"
    folder.mkdir(exist_ok=True)
    path = folder / "manifest.json"
    path.write_text(json.dumps({"app": f"dist/app-{version}.css"}), encoding="utf-8")
    os.utime(path, (second, second))


def test_a_running_server_names_the_files_of_the_last_build(tmp_path: Path) -> None:
    assets = Assets(tmp_path)
    assert assets.manifest == {}
    build(tmp_path, "OLD", 1)
    assert assets.manifest == {"app": "dist/app-OLD.css"}
    build(tmp_path, "NEW", 2)
    assert assets.manifest == {"app": "dist/app-NEW.css"}


def test_while_a_build_replaces_the_list_pages_keep_the_last_one(tmp_path: Path) -> None:
    assets = Assets(tmp_path)
    build(tmp_path, "OLD", 1)
    assert assets.manifest
    (tmp_path / "dist" / "manifest.json").unlink()
    assert assets.manifest == {"app": "dist/app-OLD.css"}
