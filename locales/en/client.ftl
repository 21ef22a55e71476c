# What the client says by itself: progress, outcomes, next commands and tables.

## A verification

verify-ok = ok
verify-warning = warning
verify-allowed = allowed
verify-later = with driver
verify-refused = REFUSED
verify-column-requirement = requirement
verify-column-needed = needed
verify-column-found = found
verify-memory = memory that the plan takes of this host
verify-refusal = { $id }: needed { $needed }, found { $found } ({ $why })
verify-broken-promise = { $id }: promised { $needed }, found { $found }

## Progress

show-connecting = connecting
show-checking = checking
show-waiting = waiting until another host on the same machine is done
show-warning = warning: { $text }
show-refused = refused: { $text }
show-restarting = the host restarts, { $why }; the apply goes on there by itself, and this command waits for it (Ctrl-C stops the waiting alone)
show-resumed = the host was restarted; the apply that began { $since } goes on
show-exposed = port { $port } is open to { $ranges }; a new connection confirms it within { $seconds } s
show-attached = this bundle is being applied since { $since } by { $by }; showing its progress
show-done = { $step }: done in { $seconds } s
show-failed = { $step }: failed after { $seconds } s
show-downloading = downloading
show-reading = read
show-sending = sending { $name }
show-bytes = { $what }: { $done } of { $total }
show-built = { $done } of { $total } commands of the build are done
show-built-left = { $done } of { $total } commands of the build are done, about { $minutes } min are left

## Outcomes

outcome-error = error
outcome-hint = hint
outcome-warning = warning
outcome-hosts = { $hosts } hosts: { $outcomes }
outcome-more = and { $more } more
outcome-failed = failed
outcome-rolled-back = rolled back
outcome-below = below the plan
outcome-key = with an unknown or changed key
outcome-held = held by another apply
outcome-changes = would change
outcome-usage = refused
outcome-done = done

## Next commands

next-here = next:
next-tunnel = next (the tunnel stays open; the rest in another terminal):
next-page = { $url } in a browser: the page for chats, which asks for the key
next-first = first:

## Status of a host

status-column = status
status-model = model
status-nothing = none installed
status-service = service
status-health = health
status-generation = generation
status-disk = disk
status-disk-used = { $models } of models, { $free } free
status-applied = applied
status-decode = decode
status-measured = { $speed } tokens/s when applied
status-measured-planned = { $speed } tokens/s when applied; planned { $range }
status-memory = memory, { $device }
status-buffers = { $reported } of buffers when it started; planned { $planned }
status-open-to = open to
status-this-host = this host only
status-open = { $ranges }, port { $port }, TLS
status-confirmed = , confirmed
status-unconfirmed = , not confirmed yet
status-not-confirmed = ; { $ranges } was not confirmed: apply again
status-expose-stopped = ; agi-provision-expose.service does not run
status-rules-gone = ; the firewall's rules are gone: apply again
status-without-tls = whoever reaches { $addresses }, without TLS: the server does not listen where the plan says
status-certificate = certificate
status-certificate-made = made on the host
status-certificate-own = your own
status-certificate-left = { $from }, { $days } days left, { $sha256 }
status-public-key = public key
status-worker = worker { $number }
status-worker-up = { $name }: there
status-worker-lost = { $name }: lost, { $why }
status-under-way = under way
status-waiting = for the next apply
status-first-boot = first boot
status-listens = listens
status-embedding = embedding
status-numbers = , { $numbers } numbers
status-unfinished = unfinished
status-cut-off = an apply was cut off; the same apply again finishes it
status-edited = edited
status-edited-file = { $path }: not as the plan makes it, applied with --trust-edits
status-drift = drift
status-no-drift = none
status-refused = refused
status-log = log
status-by = { " by " }{ $by }
status-since = { " since " }{ $since }

## What a host runs instead

instead-in-comfort = this host runs { $model } { $quant } with { $tokens } tokens in { $slots } { $slots ->
    [one] slot
   *[other] slots
  } in comfort: { $command }
instead-compromise = this host runs { $model } { $quant } with { $tokens } tokens in { $slots } { $slots ->
    [one] slot
   *[other] slots
  } as a compromise: { $command }
instead-none = this host runs no quantisation of { $model }
instead-unknown = what this host runs of { $model }: agi-provision plan --model FILE with --host or --facts
needed-or = { " or " }
this-machine = this machine

## doctor

doctor-warning = warning
doctor-failed = failed
doctor-do = do: { $advice }
