#!/usr/bin/env python3
"""Asks llama-fit-params of one build about the models of shapes.rs and writes the answers as JSON.

usage: ask.py LLAMA_FIT_PARAMS REFERENCE_GGUF OUT.json [models|newest|every|hybrids [NAME...]]
REFERENCE_GGUF is the built example of that name. The files are header-only, a few MB each. With `models`,
it asks fewer questions about the models of models.toml instead, or of another file of that form.
"""
import json, os, re, subprocess, sys, tempfile

tool, writer, out = sys.argv[1:4]
here = os.path.dirname(__file__)
if sys.argv[4:]:
    names = sys.argv[5:] or re.findall(r'^name = "([^"]+)"', open(os.path.join(here, sys.argv[4] + ".toml")).read(), re.M)
else:
    names = re.findall(r'Reference \{ name: "([^"]+)"', open(os.path.join(here, "shapes.rs")).read())
rows = []


def ask(name, path, n_ctx, fa, k, v, slots, ubatch=None):
    command = [tool, "-m", path, "-fitp", "on", "-c", str(n_ctx), "-fa", fa, "-ctk", k, "-ctv", v]
    command += ["-np", str(slots), "-lv", "5"] + (["-ub", str(ubatch)] if ubatch else [])
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=os.environ | {"GGML_NO_BACKTRACE": "1"})
    answer = re.search(r"^Host (\d+) (\d+) (\d+)", done.stdout, re.M)
    exact = re.findall(r"CPU compute buffer size = +([\d.]+) MiB", done.stderr)
    rows.append({
        "model": name, "n_ctx": n_ctx, "flash_attn": fa, "type_k": k, "type_v": v,
        "n_parallel": slots, **({"ubatch": ubatch} if ubatch else {}),
        "model_mib": int(answer[1]) if answer else None,
        "context_mib": int(answer[2]) if answer else None,
        "compute_mib": int(answer[3]) if answer else None,
        "compute_exact_mib": float(exact[-1]) if answer and exact else None,
        "error": None if answer else "refused",
    })


with tempfile.TemporaryDirectory() as folder:
    for name in names:
        path = f"{folder}/{name}.gguf"
        subprocess.run([writer, name, "F16", path], check=True)
        if sys.argv[4:]:
            for n_ctx, fa, slots in ((2048, "on", 1), (8192, "on", 1), (8192, "on", 4), (32768, "on", 4),
                                     (8192, "off", 1), (8192, "off", 4)):
                ask(name, path, n_ctx, fa, "f16", "f16", slots)
            if sys.argv[4] != "models":
                ask(name, path, 131072, "on", "f16", "f16", 1)
            ask(name, path, 8192, "on", "q8_0", "q8_0", 4)
            ask(name, path, 32768, "on", "q4_0", "f16", 2)
            # With batches of 16 tokens at most, its graph is another.
            for n_ctx, fa, slots, ubatch in (8192, "on", 1, 16), (8192, "off", 4, 15), (2048, "on", 1, 1), (8192, "on", 4, 17):
                if name == "glm-5.3-shared":
                    ask(name, path, n_ctx, fa, "f16", "f16", slots, ubatch)
            os.remove(path)
            continue
        for n_ctx in (2048, 8192, 32768):
            for fa in ("on", "off"):
                for slots in (1, 4):
                    ask(name, path, n_ctx, fa, "f16", "f16", slots)
            for k, v in (("q8_0", "q8_0"), ("q4_0", "q4_0"), ("q8_0", "f16"), ("f16", "q5_1")):
                ask(name, path, n_ctx, "on", k, v, 4)
        ask(name, path, 8192, "on", "bf16", "f32", 2)
        ask(name, path, 8192, "off", "q8_0", "f16", 1)
        os.remove(path)

with open(out, "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
print(len(rows), "rows,", sum(1 for row in rows if row["error"]), "refused")
