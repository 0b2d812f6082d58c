#!/usr/bin/env python3
"""Prints the notices of everything that is linked into the program: crates, and the packages of the console.

Reads what a build has fetched, so nothing is downloaded. Equal texts are printed once, with all packages they belong to.
"""

import json
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
OURS = {"cxbox", "cxbox-kernels"}
NOTICE = re.compile(r"(licen[cs]e|copying|notice|unlicense|copyright)", re.IGNORECASE)


def crates():
    """Name, licence, authors and folder of each crate that is linked in; crates that only build or test are left out."""
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", "x86_64-unknown-linux-gnu"]
    metadata = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    waiting = [id for id, package in packages.items() if package["name"] == "cxbox"]
    linked = set()
    while waiting:
        id = waiting.pop()
        if id in linked:
            continue
        linked.add(id)
        waiting += [dep["pkg"] for dep in nodes[id]["deps"] if any(kind["kind"] is None for kind in dep["dep_kinds"])]
    for package in sorted((packages[id] for id in linked), key=lambda package: (package["name"], package["version"])):
        if package["name"] not in OURS:
            folder = pathlib.Path(package["manifest_path"]).parent
            yield f"{package['name']} {package['version']}", package["license"] or "", package["authors"], folder


def console():
    """The same of the packages whose code is in the console."""
    folder = ROOT / "assets" / "console"
    lock = json.loads((folder / "package-lock.json").read_text())
    for path, package in sorted(lock["packages"].items()):
        if path and not package.get("dev"):
            yield f"{path.split('node_modules/')[-1]} {package['version']}", package.get("license", ""), [], folder / path


def texts(folder):
    """The notices that lie in a package's folder."""
    if not folder.is_dir():
        return
    for file in sorted(folder.iterdir()):
        if NOTICE.match(file.name) and file.is_file():
            yield file.read_text(errors="replace").strip()


def main():
    owners = {}
    print("The program contains the following packages.\n")
    for name, licence, authors, folder in [*crates(), *console()]:
        found = list(texts(folder))
        whose = f"; by {', '.join(authors)}" if authors and not found else ""
        print(f"{name}: {licence}{whose}")
        for text in found:
            owners.setdefault(text, []).append(name)
    for text, names in sorted(owners.items(), key=lambda entry: entry[1]):
        print(f"\n{'-' * 80}\n{', '.join(sorted(set(names)))}\n\n{text}")


if __name__ == "__main__":
    main()
