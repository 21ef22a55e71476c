# Texts of `levels` and of hardware_agi_levels.md. profiles/levels.toml names the levels and claims.

levels-title = Hardware levels
levels-intro = What each level of hardware really runs, from laptop to cluster. Comfort: two requests side by side of up to 4096 tokens each, 16 % of every device free, 4 bits or more, no layers left on the CPU of a GPU machine, and 7 tokens/s at the low end. Compromise: it runs, with something given up. Everything here is computed by the planner, by the same rule and ledger as `agi-provision plan`; speeds are predicted intervals.
levels-memory-title = Memory of each model
levels-memory-intro = Weights, context and compute buffer of llama.cpp (build { $build }) on one device: from one slot of 2048 tokens to the comfort workload. GB are 10^9 bytes. The CUDA context and the system come on top.
levels-together-title = Several machines for { $model }
levels-together-intro = { $quant }, on machines of one class. Replicas each have the whole model: they give more answers side by side, and none faster. By RPC all have it together, over a network of { $latency } ms there and back and { $rate } Mbit/s: room for a model that none holds alone, and one answer at a time. Prices are those of the cheapest machine known that keeps a profile's promises, for all of them together; tokens are counted at the expected speed of all answers side by side.
levels-claims-title = What the document says runs where
levels-claims-intro = The document's own list, judged by the same rule: its model and quantisation on its hardware.
levels-comfort = In comfort
levels-compromise = A compromise
levels-impossible = Does not run
levels-nothing = nothing

## Column heads

levels-column-model = model
levels-column-verdict = verdict
levels-column-quant = quantisation
levels-column-context = slots × tokens
levels-column-speed = tokens/s
levels-column-reason = given up, or why not
levels-column-profile = hardware
levels-column-note = the document
levels-column-claimed = ours
levels-column-ours = ours, GB
levels-column-mission = the document's, GB
levels-column-why = why they differ
levels-column-machines = machines
levels-column-one-answer = tokens/s of one answer
levels-column-all-answers = of all side by side
levels-column-per-hour = price of an hour
levels-column-per-million = of 10^6 tokens
levels-replicas = { $count } × { $profile }, replicas
levels-rpc = { $count } × { $profile }, together by RPC

## Names of verdicts in the tables of levels

levels-verdict-comfort = comfort
levels-verdict-compromise = compromise
levels-verdict-impossible = does not run

## Why a range of the document lies where it does, by comparison with ours

levels-why-agrees = they agree, to the whole gigabytes that the document gives
levels-why-below = the document lies below the arithmetic: the weights alone, { $parameters } billion parameters, take { $weights } GB
levels-why-above = the document leaves room for a longer context: ours comes to its { $low } GB at { $tokens } tokens in one slot
levels-why-above-trained = the document lies above what can be used: ours comes to its { $low } GB at { $tokens } tokens in one slot, and the model was trained for { $trained }

## Levels

level-laptop = Laptop
level-cpu-server = CPU server
level-entry-card = Entry graphics card
level-medium-node = One 24 GB card, the medium node
level-cluster-node = Cluster node: two cards with NVLink, and beyond

## Profiles

profile-laptop-cpu-16gb = Laptop, 16 GB RAM, no GPU
profile-cpu-vps-32gb = CPU server, 8 vCPU, 32 GB RAM
profile-cpu-vps-64gb = CPU server, 16 vCPU, 64 GB RAM
profile-gpu-8gb = One 8 GB card (RTX 4060)
profile-gpu-16gb = One 16 GB card (RTX 4060 Ti)
profile-gpu-24gb = One 24 GB card (RTX 3090 or 4090)
profile-2x3090-nvlink = Two RTX 3090 with NVLink, 48 GB
profile-2xa100-nvlink = Two A100 80 GB SXM with NVLink
profile-h100-80gb = One H100 80 GB

## Claims of the document

claim-laptop = ideal for laptops without a GPU
claim-card-8gb = GPU 8 GB
claim-card-8gb-4-bits = GPU 8 GB; fits 4-bit inference
claim-16gb-4-bits = possible in 16 GB at 4 bits
claim-best-on-3090 = best on 3090 or 4090
claim-fp16-24gb = FP16 on 24 GB
claim-recursive-24gb = recursive prompting on 24 GB, here four slots
claim-tuning = needs careful tuning
claim-cpu-only = CPU only: slow but possible
claim-two-nvlink = two GPUs with NVLink
