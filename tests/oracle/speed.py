#!/usr/bin/env python3
"""Holds llama-bench's speeds on this machine against the intervals that the plan gives for it.

usage: speed.py LLAMA_BENCH BIN [--record FILE] [MODEL:QUANT ...]
BIN is the folder with agi-provision and examples/ (cargo build --release --bins --examples).
Run it on a quiet machine: a decode that waits for a core measures its neighbours.
Every model is a real header with a hole for the weights; all of them are read for every token, so
speeds are those of the real file. The machine is probed before each, as neighbours on the same
memory come and go. Prints a Markdown table and how many intervals hold; --record keeps what was
measured, as tests/oracle/speed.json has it for src/plan/speed_tests.rs.
"""
import argparse, datetime, json, os, subprocess, sys, tempfile

parser = argparse.ArgumentParser(usage=__doc__)
parser.add_argument("bench")
parser.add_argument("folder")
parser.add_argument("--record")
parser.add_argument("models", nargs="*", default=[
    "tinyllama-1.1b:Q4_K_M", "tinyllama-1.1b:Q8_0", "tinyllama-1.1b:F16", "phi-2:Q4_K_M", "phi-2:Q8_0",
    "mistral-7b:Q4_K_M", "llama-7b:Q4_K_M", "llama-7b:Q8_0", "saiga-8b:Q4_K_M", "saiga-13b:Q4_K_M",
])
arguments = parser.parse_args()
bench, folder, models = arguments.bench, arguments.folder, arguments.models
SLOT, PROMPT, ANSWER = 512, 512, 16


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800)
    if not done.stdout:
        sys.exit(f"{' '.join(command)}: {done.stderr[-2000:]}")
    return done.stdout


def inside(interval, speed):
    return interval["low"] <= speed <= interval["high"]


with tempfile.TemporaryDirectory() as work:
    facts = f"{work}/facts.json"

    def probe():
        with open(facts, "w") as file:
            file.write(run(f"{folder}/examples/local_facts"))
        return json.load(open(facts))

    cpu, rows_kept = probe()["cpu"], []
    print(f"{cpu['model']}, {cpu['logical']} processors, load {os.getloadavg()[0]:.1f}\n")
    print("| model | memory, GB/s | decode, tokens/s | planned | | prefill, tokens/s | planned | |\n"
          "|---|---|---|---|---|---|---|---|")
    held = {"decode": 0, "prefill": 0}
    for model in models:
        name, quant = model.split(":")
        path = f"{work}/{name}.{quant}.gguf"
        subprocess.run([f"{folder}/examples/reference_gguf", name, quant, path], check=True)
        memory = probe()["measured"]["memory_bandwidth_gb_s"]
        plan = json.loads(run(f"{folder}/agi-provision", "plan", "--model", path, "--facts", facts,
                              "--ctx", str(SLOT), "--slots", "1", "--format", "json"))
        flash = "1" if plan["workload"]["flash_attn"] else "0"
        # The slot is half full, as the plan counts it.
        rows = json.loads(run(bench, "-m", path, "-p", "0", "-n", str(ANSWER), "-d", str(SLOT // 2), "-fa", flash,
                              "-r", "2", "-o", "json"))
        rows += json.loads(run(bench, "-m", path, "-p", str(PROMPT), "-n", "0", "-fa", flash, "-r", "1", "-o", "json"))
        decode = max(row["avg_ts"] for row in rows if row["n_gen"])
        prefill = max(row["avg_ts"] for row in rows if row["n_prompt"])
        rows_kept.append({"model": name, "quant": quant, "memory_gb_s": memory, "slot_tokens": SLOT,
                          "decode_tok_s": round(decode, 2), "prefill_tok_s": round(prefill, 2)})
        cells = [name + " " + quant, f"{memory:.1f}"]
        for kind, speed in (("decode", decode), ("prefill", prefill)):
            interval = plan["speed"][f"{kind}_tok_s"]
            holds = inside(interval, speed)
            held[kind] += holds
            cells += [f"{speed:.2f}", f"{interval['low']:.1f}–{interval['high']:.1f}", "" if holds else "outside"]
        print("| " + " | ".join(cells) + " |", flush=True)
        os.remove(path)
    for kind, count in held.items():
        print(f"\n{kind}: {count} of {len(models)} inside")

if arguments.record:
    record = {"date": str(datetime.date.today()), "cpu": cpu["model"], "logical": cpu["logical"],
              "physical": cpu["physical"], "rows": rows_kept}
    with open(arguments.record, "w") as file:
        json.dump(record, file, indent=1)
        file.write("\n")
