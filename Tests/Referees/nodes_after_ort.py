#!/usr/bin/env python3
"""Counts the nodes of models before and after ONNX Runtime's own extended optimization.

    nodes_after_ort.py MODEL…

Prints one JSON object: model → {"before": {"nodes": n, "constants": c}, "after": {…}}. Nodes in subgraphs and in model-local
functions count; Constant nodes are counted apart, since a Constant is an initializer spelled as a node.
"""

import json
import sys
import tempfile
from pathlib import Path

import onnx
import onnxruntime


def count(nodes) -> dict:
    total = {"nodes": 0, "constants": 0}
    for node in nodes:
        total["constants" if node.op_type == "Constant" and node.domain in ("", "ai.onnx") else "nodes"] += 1
        for attribute in node.attribute:
            graphs = [attribute.g] if attribute.HasField("g") else attribute.graphs
            for graph in graphs:
                for key, value in count(graph.node).items():
                    total[key] += value
    return total


def count_model(path: Path) -> dict:
    model = onnx.load(path, load_external_data=False)
    return count([*model.graph.node, *(node for function in model.functions for node in function.node)])


def optimized(path: Path, out: Path) -> Path:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(out)
    # Folded weights go to a file of their own: the counts need none of them, and a message ends at 2 GB.
    options.add_session_config_entry("session.optimized_model_external_initializers_file_name", "weights")
    onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return out


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    report = {}
    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder:
            after = count_model(optimized(Path(name), Path(folder) / "optimized.onnx"))
        report[name] = {"before": count_model(Path(name)), "after": after}
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
