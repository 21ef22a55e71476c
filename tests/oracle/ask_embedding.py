#!/usr/bin/env python3
"""Starts llama-server with --embedding for the models of embedders.rs and writes what it reports as JSON.

usage: ask_embedding.py LLAMA_SERVER REFERENCE_GGUF OUT.json
llama-fit-params knows no --embedding, so the server itself is asked. The files are header-only.
"""
import json, os, re, subprocess, sys, tempfile, time

server, writer, out = sys.argv[1:4]
shapes = open(os.path.join(os.path.dirname(__file__), "embedders.rs")).read()
models = re.findall(r'\("([^"]+)", +\d+, +\d+, +\d+, +\d+, +\d+, +(\d+), Pooling::(\w+)\)', shapes)
rows = []


def ask(name, path, pooling, chunk, fa, slots):
    context = slots * -(-chunk // 256) * 256
    command = [server, "-m", path, "--embedding", "--pooling", pooling, "-c", str(context), "-np", str(slots),
               "-b", str(chunk), "-ub", str(chunk), "-fa", fa, "--device", "none", "--fit", "off", "--no-warmup",
               "--cache-ram", "0", "--no-kv-unified", "--port", "18099", "-lv", "4", "--offline"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as run:
        text, deadline = "", time.time() + 120
        for line in run.stderr:
            text += line
            if "compute buffer size" in line or time.time() > deadline:
                break
        run.kill()
    size = lambda what: float(re.findall(what + r" buffer size = +([\d.]+) MiB", text)[-1])
    rows.append({"model": name, "chunk_tokens": chunk, "flash_attn": fa, "slots": slots,
                 "model_mib": size("model"), "compute_mib": size("compute"), "first_output_mib": size("output")})


with tempfile.TemporaryDirectory() as folder:
    for name, trained, pooling in models:
        path = f"{folder}/{name}.gguf"
        subprocess.run([writer, name, "Q8_0", path], check=True)
        for chunk in (100, 256, 512, 2048, 8192):
            if chunk <= int(trained):
                for fa in ("on", "off"):
                    for slots in (1, 4):
                        ask(name, path, pooling.lower(), chunk, fa, slots)
        os.remove(path)

with open(out, "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
print(len(rows), "rows")
