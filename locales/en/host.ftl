# What a verification and an apply say. An agent says it in English, and the client finds the message by its text.

## Why a plan relies on a fact

why-arch = the runtime and this tool are built for it
why-podman = the engine comes as a container, which is a unit of podman's Quadlet
why-cdi = podman gives a container the cards by the container device interface (`nvidia-ctk cdi generate`)
why-systemd = the service is a systemd unit
why-cpu-flags-x86-64 = llama.cpp's builds for x86-64 servers use them; without them decode is several times slower
why-cpu-cores = the profile's speed counts on them
why-ram = the host's ledger, with its reserve for the system
why-disk-index = the models, the runtime and the journal; and the index of --rag
why-disk = the model, the runtime and the journal
why-disk-speed = the time to load the model counts on it
why-network = the time to download the model counts on it
why-port = the server listens on it; it must be free
why-rag-port = the embedding server listens on it; it must be free
why-disk-kind = a model beside a card is read at every start
why-disk-size = models, indexes and documents of a medium node
why-gpu-count = the layers are split over this many
why-gpu-vram = the fullest GPU's ledger
why-gpu-model = the profile's speed counts on such a card
why-nvlink = the profile is two cards with NVLink between them

## What was needed, and what was found

needed-port = port { $version } free
needed-at-least = at least { $version }
found-no-podman = no podman
found-podman-apt = not there; apt installs { $version }
found-cdi = a specification for NVIDIA's cards
found-no-cdi = none for NVIDIA's cards in /etc/cdi and /var/run/cdi
found-yes = yes
found-no = no
found-cores = { $cores } cores
needed-gpus = { $cards } { $cards ->
    [one] GPU
   *[other] GPUs
  }
found-one-gpu = 1 GPU
found-no-gpu = no GPU
found-unknown-requirement = not known to this version
found-another-init = another init
found-unread = not to be read ({ $why })
found-no-flags = none of them
found-ram-limited = { $size } (cgroup limit of { $name }; the host has { $all })
found-read-only = { $path } is read-only
found-disk = { $size } free on { $path }
found-disk-held = { $size } free on { $path } and { $held } in place
found-disk-size = { $size } on { $path }
found-not-measured = not measured
found-disk-virtual = virtual, which may be any
found-not-known = not known
found-no-egress = none from { $site }: { $why }
found-network = { $speed } Mbit/s from { $site }
found-port-ours = used by our own service
found-port-free = free
found-port-taken = in use by { $name }
found-another-process = another process
found-gpu-free = { $free } free of { $size }
found-not-reported = not reported
found-linked = every pair is linked
found-no-nvlink = a pair without NVLink
needed-exec = programs may run
found-exec = they run
found-noexec = { $path } is mounted noexec
why-exec = the server runs from /var/lib/agi-provision, the agent from /usr/local/lib/agi-provision
why-libc = the server was built with it
why-libraries = the server does not start without them
needed-libraries = its libraries
needed-processor = a processor of { $processor }, which the archive is built for
found-other-processor = this host's is { $own }
found-libraries = they are there
found-libraries-apt = not there; apt installs { $packages }
found-libraries-none = not there, and nothing to install it with
found-library-old = an older { $library }, without it
needed-rest = the system is at rest
found-rest = at rest
why-rest = what it changes meanwhile may be what the server starts with
needed-no-restart = no restart pending
found-no-restart = none
found-restart = the system asks for one
found-restart-for = the system asks for one, for { $packages }
why-restart = until then the kernel and what runs are the old ones
why-egress = the host downloads from there

## Changes of an apply

change-key = make an API key
change-directory = create { $path } ({ $mode })
change-user = create the system user { $name }
change-group = add { $name } to the group { $groups }
change-model = put { $name } ({ $size }) in place
change-unpack = unpack { $name } to { $path }
change-build = build { $program } from { $name } for this host
change-use = use { $path }
change-pull = pull the image { $image }
change-load = load the image { $image } from { $name }
change-packages = install { $packages }, and use their program
change-libraries = install the libraries { $program } needs, if any is missing
change-library = install the package with { $library }
change-note-libraries = note the libraries in use
change-link = point { $path } at { $target }
change-unit = create { $path }
change-unit-again = change { $path }
change-generation = write generation { $number }
change-restore = restore { $path }, which was changed by hand
change-remove = remove { $unit }
change-start = start { $unit } (now { $state })
change-wait = wait for the model to load
change-wait-embedding = wait for the embedding model to load
change-nftables = install nftables
change-open = open port { $version } to { $ranges }, with TLS, once a new connection confirms it
change-open-again = open port { $version } to { $ranges } again
change-close = close the API to other hosts
change-restart = restart { $unit }
change-stop = stop { $unit }
because-change = { $what }, because the { $id } changes
because-changes = { $what }, because the { $ids } change
because-ids = { $first } and the { $last }
because-cut-off = { $what }, to finish an apply that was cut off
because-outgrown = { $what }, which takes more than is kept for it
because-made-room = { $what }, which was stopped to make room for the model

## How it ended

end-serves = { $model } { $quant } serves: { $tokens } tokens at { $speed } tokens/s{ $beside }
end-serves-unasked = { $model } { $quant } serves{ $beside }
end-vectors = ; { $model } gives vectors of { $numbers } numbers
end-port-stays = the port stays open
end-key = the key is new and the old one no longer works
end-old-generation = the old generation serves
why-cpu-flags-aarch64 = llama.cpp's builds for aarch64 use them; a prompt is read several times slower without dot products (asimddp)
end-one-unmet = the host does not meet the plan: 1 requirement is not met
end-unmet = the host does not meet the plan: { $count } requirements are not met
hint-port = stop what listens on that port, then apply again; nothing was changed
hint-larger = plan for what this host has (--profile, --quant, --ctx), or take a larger one; nothing was changed

## Words of systemd, and how a server is

state-active = active
state-inactive = inactive
state-failed = failed
state-activating = activating
state-deactivating = deactivating
state-enabled = enabled
state-disabled = disabled
state-ready = ready
state-loading = loading
state-active-and = active, { $health }
state-inactive-and = inactive, { $health }
state-failed-and = failed, { $health }
state-activating-and = activating, { $health }
