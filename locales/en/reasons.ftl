# Sentences of plans: what a verdict gives up, why nothing fits, what a host lacks. They are written to JSON in English, and
# found again by their text, so a value has a fixed text before the next one.

## Terms of the verdict

fits-short = { $device } is short of { $short }: it needs { $needs } and has { $has }{ $rag }
rag-part = ; the embedding server takes { $size } of it
disk-short = the disk holds { $has } and { $needs } are needed{ $rag }
disk-rag-part = , { $size } of them for the embedding model and its index
beyond-any-offer = no known offer is within the budget
below-two-bits = { $quant } is below 2 bits
slower-than-asked = decode may be as slow as { $speed } tokens/s, below the asked { $asked }
slot-too-small = a slot has only { $tokens } tokens of context
slot-below-comfort = a slot has { $tokens } tokens of context instead of { $comfort }
slot-beyond-trained = a slot has { $tokens } tokens of context, and the model was trained for { $trained }: answers to longer texts get worse
slots-below-comfort = { $slots } slot instead of { $comfort }: requests wait for each other
cache-below-comfort = the KV cache is { $cache } instead of f16: answers get a little worse
experts-on-host = the experts of { $experts } of { $layers } layers stay on the CPU: the GPU has no room for them
layers-on-host = { $host } of { $layers } layers stay on the CPU: the GPU has no room for them
below-four-bits = { $quant } is below 4 bits: answers get worse
little-free = { $device } has { $free } % of its memory free, less than { $least } %{ $rag }
slow-decode = decode may be as slow as { $speed } tokens/s; { $comfort } is comfortable
thin-slots = each of the { $slots } slots has { $tokens } tokens for question and answer, as they divide the context; --ctx { $ctx } gives each { $least }

## Beside the verdict

unchecked-architecture = the architecture { $name } is not one the ledger is checked for: sizes are estimates
split-tensor = every pair of cards has NVLink, so each takes a part of every matrix: --split-mode tensor, which llama.cpp { $build } calls experimental and which wants a build with CUDA and NCCL; --split-mode layer is the other
paged-estimates = weights and cache are exact by { $engine }'s rules; activations, graphs and the host's memory are estimates, and speeds are those of another engine
on-one-node = the server stays on one of { $nodes } NUMA nodes, with { $threads } threads: all cores of several sockets answer about half as fast
over-nodes = all cores work on it, although the host has { $nodes } NUMA nodes: it does not fit in the memory of one, and tokens are read from socket to socket
slower-node = all cores work on it, although the host has { $nodes } NUMA nodes: the memory of one gives less than passes between them
hidden-nodes = all cores work on it, although they are of { $sockets } sockets or more: the virtual machine lists one NUMA node, so that nothing can be kept on one socket
container-offer = the offer is a container without systemd: `apply` cannot use it
base-model = { $model } is a base model: it completes text and has no chat template
no-template = the file has no chat template and its family is not known: taken as a base model, which completes text
template-of-file = the model's file
template-of-registry = the registry, { $name }: the one of the model's card
template-of-family = its family, { $name }: the file has none

rag-assumption = { $dimensions } numbers of 4 bytes and { $tokens } tokens of { $bytes } bytes of text a chunk; --rag-chunks N says how many

## Nothing fits

beyond-budget = no known offer is within { $budget }; the cheapest that runs it is { $instance } at { $provider } for { $price } { $currency }/{ $period }
budget-limit = { $amount } { $currency }/{ $period }
budget-both = { $first } and { $second }
beyond-budget-converted = { $what }, { $price } { $currency }
beyond-budget-capped = { $what }, its monthly maximum
no-offer-runs = no known offer runs it at any price
nothing-runs = no known machine runs it as asked; a smaller --ctx, fewer --slots, or a smaller model would
nothing-runs-rag = no known machine runs it as asked; a smaller --ctx, fewer --slots, fewer --rag-chunks, or a smaller model would
nearest-in-comfort = the nearest that runs: --profile { $machine } --quant { $quant } ({ $model } in comfort)
nearest-compromise = the nearest that runs: --profile { $machine } --quant { $quant } ({ $model } as a compromise)

## A better machine for a little more

near-faster = { $price } { $currency } a { $period } more: { $times } times as fast ({ $quant } on { $machine })
near-comfort = { $price } { $currency } a { $period } more: comfort ({ $quant } on { $machine })
near-better = { $price } { $currency } a { $period } more: a better verdict ({ $quant } on { $machine })
near-other-quant = { $quant } instead of { $chosen }

## Cards of a host that its plan leaves out

card-left-out = the plan leaves { $card } (GPU { $index }) out: { $why }
card-too-old = its compute capability is { $version }, llama.cpp's builds need { $version_least }
card-mig = MIG is on and has no instance: make one, or turn MIG off
card-mig-command = MIG is on and has no instance: make one (`{ $command }`), or turn MIG off
card-too-small = it has { $size } for a server, which is no room for a layer
card-below-cpu = the processor alone does better with this model
card-dwarf = beside the larger card it would slow every token down
card-shares-memory = { $card } has no memory but the host's, which counts once: { $size } of it stay the host's
card-alone = the plan uses { $card } alone: with the other cards it would be slower
card-without-driver = { $lacks }, so the plan leaves it out: install the driver ({ $command })
other-processor = the host is { $arch }, not { $usual }: its llama.cpp and agent are builds for that processor
unknown-processor = the host is { $arch }, which agi-provision and llama.cpp's releases have no build for
lacks-driver-for-kernel = { $card } has no driver: { $driver } is built for kernel { $others } and not for { $version }, which runs
lacks-driver = { $card } has no driver ({ $driver } is not loaded)
lacks-right-driver = { $card } has the driver { $other }, and llama.cpp needs { $driver }

## The release's archives for a host

runtime-none-is-right = no archive of the release is right for this host: give a build of your own (--runtime-archive or --runtime-path)
runtime-source-cpu = the host can compile it for its processor, in about { $minutes } min on { $cores } cores
runtime-source-cards = the host can compile it with CUDA for these cards, in about { $minutes } min on { $cores } cores
runtime-source-nccl = the host can compile it with CUDA and NCCL for these cards, in about { $minutes } min on { $cores } cores
runtime-not-published = llama.cpp's releases have none for { $processor }
runtime-glibc-old = it needs glibc { $version }, and the host has { $version_has }
runtime-glibc-other = it needs glibc { $version }, and the host's C library is another
runtime-cpu = the CPU computes, and this archive has code for each of its generations
runtime-cpu-only = it does not compute on cards
runtime-no-nccl = it is built without NCCL, which a part of every matrix on every card (--split-mode tensor) wants
runtime-compute-unknown = the compute capability of the card is not known
runtime-no-code = it has no code for compute capability { $version }
runtime-cuda-unknown = the newest CUDA that the driver runs is not known
runtime-cuda-old = the driver runs CUDA { $version_has }, and these cards need { $version }
runtime-machine-code = it has machine code for the card
runtime-ptx = the driver compiles its code for the card at the first start, which takes minutes
runtime-rocm = the host has ROCm { $version }, which it computes through
runtime-rocm-other = it needs the libraries of ROCm { $version }, and the host has { $version_has }
runtime-rocm-none = it needs the libraries of ROCm { $version } on the host
runtime-no-card = the host has no card
runtime-vulkan-tensor = llama.cpp promises nothing of a part of every matrix on every card through it
runtime-image = it comes as a container image, with everything but the driver in it
runtime-image-needs = the oldest cards that its image has code for ({ $source })
runtime-image-needs-bf16 = older cards do not compute with BF16 ({ $source })
runtime-image-cpu = llama.cpp's own image has everything in it: the host's C library does not matter
runtime-image-nccl = llama.cpp's own image is built with NCCL, which a part of every matrix on every card (--split-mode tensor) wants
runtime-image-vulkan = llama.cpp's own image has Mesa's drivers for Vulkan in it: the host's C library does not matter
runtime-image-rocm = it has code for some of AMD's cards, and which of them these are is not known
runtime-image-other-cards = it is for other cards
runtime-packages = they are the distribution's own packages, which apt installs and which stay on the host
runtime-packages-unknown = this host's distribution is not known to have them
runtime-vulkan = it runs with any driver that has Vulkan; that part may be a package of its own ({ $package })
