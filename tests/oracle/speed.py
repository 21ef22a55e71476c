#!/usr/bin/env python3
"""Holds llama-bench's speeds on this machine against the intervals that the plan gives for it.

usage: speed.py LLAMA_BENCH BIN [MODEL:QUANT ...]
BIN is the folder with agi-provision and examples/ (cargo build --release --bins --examples).
Run it on a quiet machine: a decode that waits for a core measures its neighbours.
Every model is a real header with a hole for the weights; all of them are read for every token, so
speeds are those of the real file. Prints a Markdown table and how many intervals hold.
"""
import json, os, subprocess, sys, tempfile

bench, folder = sys.argv[1:3]
models = sys.argv[3:] or [
    "tinyllama-1.1b:Q4_K_M", "tinyllama-1.1b:Q8_0", "tinyllama-1.1b:F16", "phi-2:Q4_K_M", "phi-2:Q8_0",
    "mistral-7b:Q4_K_M", "llama-7b:Q4_K_M", "llama-7b:Q8_0", "saiga-8b:Q4_K_M", "saiga-13b:Q4_K_M",
]
SLOT, PROMPT, ANSWER = 1024, 512, 16


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800)
    if not done.stdout:
        sys.exit(f"{' '.join(command)}: {done.stderr[-2000:]}")
    return done.stdout


def inside(interval, speed):
    return interval["low"] <= speed <= interval["high"]


with tempfile.TemporaryDirectory() as work:
    facts = f"{work}/facts.json"
    with open(facts, "w") as file:
        file.write(run(f"{folder}/examples/local_facts"))
    known = json.load(open(facts))
    print(f"{known['cpu']['model']}, {known['cpu']['logical']} processors, "
          f"{known['measured']['memory_bandwidth_gb_s']} GB/s measured by the probe, load {os.getloadavg()[0]:.1f}\n")
    print("| model | decode, tokens/s | planned | | prefill, tokens/s | planned | |\n|---|---|---|---|---|---|---|")
    held = {"decode": 0, "prefill": 0}
    for model in models:
        name, quant = model.split(":")
        path = f"{work}/{name}.{quant}.gguf"
        subprocess.run([f"{folder}/examples/reference_gguf", name, quant, path], check=True)
        plan = json.loads(run(f"{folder}/agi-provision", "plan", "--model", path, "--facts", facts,
                              "--ctx", str(SLOT), "--slots", "1", "--format", "json"))
        # The slot is half full, as the plan counts it.
        rows = json.loads(run(bench, "-m", path, "-p", "0", "-n", str(ANSWER), "-d", str(SLOT // 2), "-fa", "1",
                              "-r", "2", "-o", "json"))
        rows += json.loads(run(bench, "-m", path, "-p", str(PROMPT), "-n", "0", "-fa", "1", "-r", "1", "-o", "json"))
        decode = max(row["avg_ts"] for row in rows if row["n_gen"])
        prefill = max(row["avg_ts"] for row in rows if row["n_prompt"])
        cells = [name + " " + quant]
        for kind, speed in (("decode", decode), ("prefill", prefill)):
            interval = plan["speed"][f"{kind}_tok_s"]
            holds = inside(interval, speed)
            held[kind] += holds
            cells += [f"{speed:.2f}", f"{interval['low']:.1f}–{interval['high']:.1f}", "" if holds else "outside"]
        print("| " + " | ".join(cells) + " |", flush=True)
        os.remove(path)
    for kind, count in held.items():
        print(f"\n{kind}: {count} of {len(models)} inside")
