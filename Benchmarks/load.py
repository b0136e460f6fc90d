#!/usr/bin/env python3
"""Compares the time from file to first result: loading plus the first run, each in a fresh process, engines in turn.

    load.py --hone .build/release/hone --models DIR [NAME…]

Options as for interleaved.py; --rounds is the number of processes per engine. The medians are printed. The file is in the
page cache; starting the process, or Python, is not counted. Engines report `load_ms` and `first_run_ms` themselves.
"""

import json
import statistics
import tempfile
from pathlib import Path

import interleaved


def first_results(model: Path, inputs: Path, options) -> dict[str, dict]:
    times: dict[str, list[float]] = {}
    for round in range(options.rounds + 1):
        for engine, command in interleaved.commands(model, inputs, options).items():
            worker = interleaved.Worker(command, options.cpus)
            answer = worker.run(1)
            worker.close()
            if "error" not in answer and round > 0:  # the first round brings the file into the page cache
                times.setdefault(engine, []).append(answer["load_ms"] + answer["first_run_ms"])
    return {engine: {"median_ms": statistics.median(all), "all_ms": all} for engine, all in times.items()}


def main() -> None:
    options = interleaved.parse(__doc__)
    engines = (["hone"] if options.hone else []) + options.peers
    report = {}
    interleaved.print_row("file to first result", [f"{engine} ms" for engine in engines])
    with tempfile.TemporaryDirectory() as scratch:
        for model in interleaved.chosen_models(options):
            name = model.parent.name
            report[name] = first_results(model, interleaved.inputs_for(model, Path(scratch), options.sizes), options)
            measured = [report[name].get(engine) for engine in engines]
            interleaved.print_row(name, [f"{one['median_ms']:.1f}" if one else "refused" for one in measured])
    if options.json:
        options.json.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
