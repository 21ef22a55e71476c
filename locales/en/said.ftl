# Sentences of src/ that people read, as the code has them: errors, hints, warnings, what an agent says. They are found again
# by their text. Written by `AGI_PROVISION_GOLDEN=update cargo test --test errors`; the Russian ones are in locales/ru/said.ftl.

## agent::converge

said-checking-dae79 = checking { $v1 }
said-step-72347 = step { $name }
said-but-for-what-was-downloaded-the-host-40230 = but for what was downloaded, the host is as it was
said-the-host-is-as-it-was-but-for-671ea = the host is as it was, but for { $v1 }
said-the-host-is-as-it-was-946d2 = the host is as it was
said-taking-it-back-failed-too-94f86 = taking it back failed too: { $undoing }
said-apart-from-the-installed-packages-cb4a6 = { " " }(apart from the installed packages { $v1 })
said-taking-it-back-failed-too-640a7 = { $v1 }; taking it back failed too: { $v2 }
said-rolled-back-the-old-generation-c81e9 = { $v1 }; rolled back, the old generation serves again{ $stays }
said-the-old-generation-still-serves-a99ca = { $v1 }; the old generation still serves{ $stays }{ $v3 }
said-rolled-back-but-the-old-generation-7658f = { $v1 }; rolled back, but the old generation does not serve: { $old }
said-the-old-embedding-server-does-not-b2c9d = { $v1 }; the old embedding server does not serve: { $old }

## agent::converge::judged

said-the-driver-works-and-the-host-does-2063f = the driver works, and the host does not meet the plan: { $v1 }
said-plan-for-what-this-host-has-agi-33d1d = plan for what this host has: agi-provision plan --host; the driver stays

## agent::converge::kept

said-what-was-compiled-b3451 = what was compiled
said-stays-for-the-next-apply-ab896 = { $one } stays for the next apply
said-and-stay-for-the-next-apply-87c58 = { $v1 } and { $last } stay for the next apply

## agent::converge::remove

said-others-have-files-in-it-80080 = { $v1 } (others have files in it)
said-the-account-uid-another-one-s-7bb5b = the account { $name } (uid { $v2 }, another one's)
said-empty-a-disk-is-mounted-on-it-07306 = { $v1 } (empty; a disk is mounted on it)

## agent::expose

said-no-rules-are-confirmed-or-being-1605c = no rules are confirmed or being tried
said-loading-00387 = loading { $v1 }: { $v2 }
said-nft-check-file-on-the-host-shows-the-7c464 = `nft --check --file { $v1 }` on the host shows the line
said-arming-the-timer-ce4e9 = arming the timer: { $v1 }
said-journalctl-b-n-50-on-the-host-has-d0fe7 = `journalctl -b -n 50` on the host has more
said-did-not-start-bb95f = { $unit } did not start: { $v2 }
said-journalctl-u-on-the-host-has-more-cde4e = `journalctl -u { $unit }` on the host has more
said-the-plan-that-serves-lets-no-other-a7a4e = the plan that serves lets no other host in
said-apply-a-plan-with-expose-first-bb247 = apply a plan with --expose first
said-the-confirmation-came-too-late-the-d3b41 = the confirmation came too late: the port is closed again
said-apply-again-db6e3 = apply again
said-reading-the-plan-that-serves-9bc38 = reading the plan that serves
said-no-new-connection-confirmed-the-594b1 = no new connection confirmed the rules: back to { $earlier }
said-no-new-connection-confirmed-the-d72dc = no new connection confirmed the rules: closing the port

## agent::expose::certificate

said-no-certificate-in-the-file-626ff = no certificate in the file
said-reading-666d3 = reading { $v1 }
said-install-the-certificate-8ed4c = install the certificate
said-make-a-certificate-92fe3 = make a certificate
said-make-a-new-certificate-this-one-has-d94db = make a new certificate: this one has { $v1 } days left
said-make-a-new-certificate-the-clock-was-e974a = make a new certificate: the clock was ahead when this one was made
said-make-a-new-certificate-for-too-6614a = make a new certificate, for { $v1 } too
said-making-a-certificate-a293c = making a certificate
said-a-new-certificate-for-the-same-key-1b715 = a new certificate, for the same key: the old one had { $v1 } days left

## agent::expose::firewall

said-ufw-is-active-and-drops-what-it-was-3dc5a = ufw is active and drops what it was not told of; on the host: { $commands }
said-firewalld-is-active-and-drops-what-80862 = firewalld is active and drops what it was not told of; on the host: { $commands } && firewall-cmd --reload
said-the-nftables-chain-drops-what-no-ffe28 = the nftables chain `{ $chain }` drops what no rule of it accepts, whatever our table says. Unless it accepts this port already, on the host: { $commands }; and the same in the file it comes from

## agent::expose::front

said-no-plan-is-in-place-13aa1 = no plan is in place
said-no-other-host-may-come-in-e45f0 = no other host may come in
said-this-runs-as-a-part-of-its-unit-only-f5794 = this runs as a part of its unit only
said-reading-the-certificate-1b317 = reading the certificate
said-reading-the-certificate-s-key-d5982 = reading the certificate's key
said-preparing-tls-40b62 = preparing TLS
said-the-certificate-is-not-of-this-key-2465c = the certificate is not of this key
said-open-on-for-1fd79 = open on { $v1 } for { $v2 }
said-cannot-listen-on-a7684 = cannot listen on { $v1 }: { $error }
said-stopping-to-be-started-with-a-new-6f7aa = stopping, to be started with a new certificate

## agent::expose::front::pass

said-the-model-server-takes-no-connection-c99d1 = the model server takes no connection
said-the-model-server-takes-no-request-430ba = the model server takes no request
said-the-request-came-too-slowly-b9893 = the request came too slowly
said-the-model-server-ended-without-an-5714f = the model server ended without an answer

## agent::host::apt

said-holds-dpkg-s-lock-e7464 = { $holder } holds dpkg's lock:{ " " }
said-installing-df0b2 = installing { $v1 }: { $holder }{ $said }
said-then-apply-again-d3728 = { $doubt }: { $v2 }, then apply again
said-installing-803c6 = installing { $v1 }: { $v2 }
said-packages-that-were-begun-stay-dpkg-fe184 = packages that were begun stay (`dpkg --audit`)
said-can-the-host-reach-its-package-14f83 = can the host reach its package mirror? Or install the packages there by hand
said-another-package-run-holds-the-lock-c2f00 = another package run holds the lock; wait for it to finish, then apply again

## agent::host::clock

said-timedatectl-set-ntp-true-on-the-host-c5e76 = `timedatectl set-ntp true` on the host sets its clock, or `date -s` by hand
said-this-host-s-clock-says-and-the-71068 = this host's clock says { $v1 }, and the client's { $v2 }; with a wrong one no download over https is trusted: { $set_it }
said-by-this-host-s-clock-it-is-6c099 = by this host's clock it is { $v1 }

## agent::host::disk

said-free-some-space-on-the-host-df-h-var-533f0 = free some space on the host (`df -h /var/lib`, and `df -i` for inodes) or take a larger disk

## agent::host::egress

said-there-is-no-way-9ba69 = there is no way
said-it-has-no-address-db383 = it has no address
said-names-no-host-d9f98 = { $url } names no host
said-no-connection-to-445eb = no connection to { $host }: { $why }

## agent::host::lock

said-opening-2958f = opening { $v1 }

## agent::host::packages

said-cuda-s-libraries-are-an-archive-of-d4f55 = CUDA's libraries are an archive of their own in a release (cudart-…): give it too, with a second --runtime-archive
said-install-it-on-the-host-or-use-an-49e33 = install it on the host, or use an archive that brings its libraries
said-needs-and-no-package-is-known-to-11253 = { $program } needs { $library }, and no package is known to bring it
said-dnf-install-package-9a745 = `dnf install { $v1 }` (package { $v2 })
said-yum-install-package-fa832 = `yum install { $v1 }` (package { $v2 })
said-the-package-with-it-on-debian-and-3df6d = the package with it ({ $v1 } on Debian and Ubuntu, { $v2 } on Fedora, { $v3 } on Arch)
said-install-on-the-host-62db4 = install { $how } on the host
said-needs-and-this-host-has-no-apt-get-15ccf = { $program } needs { $v2 }, and this host has no apt-get to install it with
said-then-apply-again-bf040 = { $v1 }, then apply again

## agent::host::podman

said-the-podman-that-was-installed-makes-9a2bd = the podman that was installed makes no units of Quadlet's
said-podman-4-4-or-later-has-it-debian-13-33809 = podman 4.4 or later has it: Debian 13, Ubuntu 24.04, or a package of another source
said-podman-pulls-no-81beb = podman pulls no { $image }: { $v2 }
said-is-the-digest-that-of-the-registry-ac3c7 = is the digest that of the registry, and does the host reach it? --runtime-archive FILE sends the image from here (skopeo copy docker://NAME@sha256:DIGEST oci-archive:FILE)
said-the-archive-names-its-image-which-is-ab1cf = the archive names its image { $name }, which is another image on this host
said-write-the-archive-without-a-name-30fff = write the archive without a name: `skopeo copy … oci-archive:FILE`
said-podman-loads-no-from-the-archive-f061d = podman loads no { $image } from the archive: { $v2 }
said-is-the-archive-whole-podman-load-87343 = is the archive whole? `podman load --input FILE` tries it on any machine
said-the-image-74f16 = the image { $v1 } ({ $v2 })
said-it-says-nothing-d5ccd = it says nothing

## agent::host::private

said-creating-4ed26 = creating { $v1 }
said-is-not-a-folder-that-root-alone-can-67f27 = { $v1 } is not a folder that root alone can enter (it is of uid { $v2 }, mode { $v3 })
said-who-made-it-and-why-remove-it-then-3bf62 = who made it, and why? Remove it, then try again

## agent::host::restart

said-restarting-the-host-601b7 = restarting the host: { $v1 }
said-restart-it-by-hand-the-apply-goes-on-1e361 = restart it by hand; the apply goes on at the next boot

## agent::host::users

said-put-that-right-on-the-host-and-apply-494c2 = put that right on the host, and apply again

## agent::host::workshop

said-systemd-does-not-know-the-settings-519e7 = systemd does not know the settings of a build's unit
said-a-newer-systemd-does-or-give-a-build-783c2 = a newer systemd does; or give a build of your own with --runtime-archive

## agent::job

said-decoding-the-bundle-d85d1 = decoding the bundle
said-the-bundle-6c564 = the bundle
said-trust-edits-applies-it-as-it-is-as-9d1e9 = --trust-edits applies it as it is, as root, and only where you know who edited it
said-starting-the-job-fac2d = starting the job: { $v1 }
said-journalctl-b-n-50-on-the-host-has-01f97 = `journalctl -b -n 50` on the host has more; the same apply begins again
said-a-restart-of-the-host-would-end-this-b3430 = a restart of the host would end this job: { $error }
said-the-receipt-was-not-kept-755ce = the receipt was not kept: { $error }
said-old-generations-were-not-removed-85013 = old generations were not removed: { $error }
said-another-agent-594b5 = another agent
said-since-7b5d2 = { $v1 } (since { $v2 })
said-the-host-is-held-by-a4ca6 = the host is held by { $who }
said-wait-until-that-apply-has-ended-22dde = wait until that apply has ended; applying the same bundle again shows its progress
said-the-apply-is-no-longer-on-the-host-0edfe = the apply is no longer on the host, which was restarted for it
said-journalctl-u-agi-provision-resume-fa867 = `journalctl -u agi-provision-resume` there says how it ended; apply again to begin anew

## agent::job::follow

said-the-job-ended-without-saying-why-aeb3a = the job ended without saying why
said-journalctl-u-agi-provision-apply-on-6577b = `journalctl -u agi-provision-apply` on the host may know; apply again to carry on

## agent::rpc::door

said-this-key-opens-the-worker-and-687cb = this key opens the worker and nothing else
said-the-worker-does-not-run-here-1e377 = the worker does not run here

## agent::rpc::head

said-the-connections-to-the-workers-are-bd1de = the connections to the workers are not up
said-every-worker-is-there-the-server-f89b5 = every worker is there: the server starts
said-starting-the-server-4b0ad = starting the server
said-the-server-is-stopped-until-it-is-c2a98 = the server is stopped until it is back: { $why }
said-the-server-ended-and-a-worker-is-a2bbc = the server ended ({ $status }), and a worker is lost: { $why }
said-the-server-ended-7c15b = the server ended: { $status }
said-waiting-for-2515f = waiting for { $why }
said-waiting-for-the-server-59157 = waiting for the server
said-stopping-the-server-f89fd = stopping the server

## agent::rpc::link

said-the-unit-has-no-key-3af22 = the unit has no key
said-has-workers-and-the-plan-8f475 = { $v1 } has { $found } workers, and the plan { $planned }
said-apply-the-plan-again-agi-provision-2c353 = apply the plan again: `agi-provision apply --hosts`
said-the-user-is-not-there-699e2 = the user { $v1 } is not there
said-listening-on-port-21026 = listening on port { $port }
said-warning-was-not-written-7ea1a = warning: { $v1 } was not written: { $error }
said-a-connection-was-given-up-1e861 = a connection was given up
said-worker-is-there-ec03e = worker { $v1 } ({ $name }) is there
said-worker-is-lost-92188 = worker { $v1 } ({ $name }) is lost: { $why }
said-starting-the-ssh-client-87f8f = starting the SSH client
said-it-stands-still-no-word-of-it-for-s-e365a = it stands still: no word of it for { $v1 } s
said-its-end-of-the-connection-was-closed-d5b39 = its end of the connection was closed
said-the-ssh-client-of-its-connection-is-ed171 = the SSH client of its connection is stopped (SIGSTOP)
said-its-program-is-stopped-sigstop-735c6 = its program is stopped (SIGSTOP)
said-gone-already-faf16 = gone already
said-warning-a-user-of-this-host-was-kept-5ed82 = warning: a user of this host ({ $who }) was kept from worker { $v2 }
said-warning-worker-e065f = warning: worker { $v1 }: { $error }
said-its-connection-has-ended-f401b = its connection has ended

## agent::rpc::relay

said-apply-the-plan-of-all-its-hosts-f47c4 = apply the plan of all its hosts again: `agi-provision apply --hosts`
said-starting-b03a1 = starting { $v1 }
said-waiting-for-it-602d0 = waiting for it
said-ended-a0cf3 = { $v1 } ended: { $status }
said-the-worker-s-program-ended-d2552 = the worker's program ended: { $status }
said-the-worker-s-program-does-not-listen-da057 = the worker's program does not listen on port { $port }
said-listening-on-9cb4f = listening on { $v1 }
said-warning-a-user-of-this-host-uid-was-fa75d = warning: a user of this host (uid { $uid }) was kept from the worker
said-the-worker-s-program-goes-on-6f51b = the worker's program goes on
said-the-worker-s-program-is-stopped-cdddd = the worker's program is stopped (SIGSTOP)
said-telling-systemd-that-the-worker-is-e3504 = telling systemd that the worker is ready

## agent::rpc::state

said-not-asked-yet-baac4 = not asked yet
said-the-unit-that-keeps-the-connections-a7a5b = the unit that keeps the connections to the workers stands still

## agent::servers::api

said-nothing-listens-yet-e6a70 = nothing listens yet
said-port-belongs-to-a1387 = port { $port } belongs to { $who }
said-it-answers-764e3 = it answers { $other }
said-it-has-not-answered-f2474 = it has not answered
said-reading-the-model-s-answer-c15af = reading the model's answer
said-the-model-answered-without-a-single-30cac = the model answered without a single token
said-the-embedding-server-answered-c0580 = the embedding server answered without a vector, or with an empty one

## agent::servers::ask

said-the-model-came-no-further-for-s-b7058 = the model came no further for { $v1 } s
said-start-timeout-seconds-waits-longer-a93d2 = --start-timeout SECONDS waits longer; the server's last lines show what it does
said-the-server-refused-34813 = the server refused { $path }: { $status } { $short }
said-the-server-answers-with-a-line-that-4ec41 = the server answers with a line that does not end
said-asking-the-model-b56c8 = asking the model

## agent::servers::beside

said-the-embedding-server-gives-vectors-8d2d0 = the embedding server gives vectors of { $v1 } numbers; the plan says { $v2 }
said-is-the-file-another-model-than-the-fa9c0 = is the file another model than the one planned for?

## agent::servers::closed

said-asking-the-kernel-where-listens-7ceb1 = asking the kernel where { $unit } listens
said-the-kernel-knows-no-address-that-02f0a = the kernel knows no address that { $unit } listens on
said-listens-on-by-the-plan-it-listens-on-c4b98 = { $unit } listens on { $address }; by the plan it listens on port { $port }{ $v4 } of this host only
said-and-da6e8 = { " " }and { $behind }
said-its-does-not-do-what-its-arguments-a781b = its { $v1 } does not do what its arguments say: { $v2 }
said-take-s-own-release-1644d = take { $v1 }'s own release
said-with-a-wrong-key-b6ccc = with a wrong key
said-without-the-key-7b5f7 = without the key
said-answers-to-on-and-not-401-anyone-who-ba1ee = { $unit } answers { $said } to { $path } on { $address } { $with }, and not 401: anyone who reaches it could use it
said-its-does-not-ask-for-the-key-d7af5 = its { $v1 } does not ask for the key: { $v2 }

## agent::servers::form

said-the-bundle-has-no-unit-of-the-server-ebbd2 = the bundle has no unit of the server

## agent::servers::front

said-no-folder-above-has-and-2f1c6 = no folder above { $v1 } has { $v2 } and { $v3 }
said-it-ended-f5682 = it ended: { $status }
said-its-is-not-running-93c1d = its { $called } is not running

## agent::servers::gate

said-is-refused-7deed = { $v1 } is refused: { $error }
said-warning-promised-found-a530a = warning: { $v1 }: promised { $v2 }, found { $v3 }
said-this-container-meets-the-plan-0a82c = this container meets the plan

## agent::servers::owner

said-another-process-48571 = another process

## agent::servers::proof

said-the-server-says-nothing-of-offloaded-da6cb = the server says nothing of offloaded layers, so it runs on the CPU; the plan puts { $wanted } on GPUs
said-layers-are-on-gpus-the-plan-puts-6f58c = { $n } layers are on GPUs; the plan puts { $wanted } there
said-no-weights-are-on-d394a = no weights are on { $v1 }
said-the-server-s-process-holds-less-48294 = the server's process holds less memory on { $v1 } than its weights take
said-the-server-took-mib-more-than-the-e4602 = { $v1 }: the server took { $v2 } MiB more than the ledger says
said-the-weights-take-mib-more-than-the-2cc90 = { $v1 }: the weights take { $v2 } MiB more than the ledger says
said-the-process-holds-mib-more-than-the-9b35f = { $v1 }: the process holds { $v2 } MiB more than the ledger says
said-the-server-took-mib-on-a-device-that-a122e = { $buffer }: the server took { $v2 } MiB on a device that the plan does not use

## agent::servers::readiness

said-plan-for-the-memory-that-this-host-a408d = plan for the memory that this host has: a smaller --ctx, --slots or --quant, or a larger host; `journalctl -k` there shows who had how much
said-the-server-s-last-lines-above-say-710dc = the server's last lines above say why
said-the-server-is-not-ready-after-s-and-c5e3a = the server is not ready after { $v1 } s, and came no further for { $v2 } s: { $v3 }
said-it-is-still-loading-the-model-ef2dc = it is still loading the model
said-the-server-s-last-lines-above-show-b98d3 = the server's last lines above show how far it came; --start-timeout SECONDS waits longer
said-the-service-00ac7 = the service
said-the-embedding-service-64006 = the embedding service
said-the-worker-f57fa = the worker
said-the-kernel-killed-it-for-lack-of-40585 = the kernel killed it for lack of memory
said-this-host-does-not-meet-the-plan-d61e8 = this host does not meet the plan
said-it-ended-by-itself-b0688 = it ended by itself
said-exit-status-56d3b = { $result }, exit status { $status }

## agent::servers::serve

said-embedding-server-b24f1 = embedding server
said-has-no-10ae6 = { $v1 } has no { $what } { $name }
said-waiting-up-to-s-for-gpu-s-seen-229aa = waiting up to { $v1 } s for { $gpus } GPU(s); { $v3 } seen
said-the-gpu-came-late-starting-again-so-80a78 = the GPU came late: starting again, so that its device is open to the service
said-allowed-needed-found-7ad30 = allowed: { $v1 }: needed { $v2 }, found { $v3 }
said-this-host-meets-the-plan-checked-in-1934e = this host meets the plan (checked in { $v1 } ms)
said-runtime-is-not-the-one-that-was-ed22c = { $refusal }runtime: { $program } is not the one that was applied: { $v3 }
said-its-note-is-gone-95230 = its note is gone
said-apply-its-plan-again-with-the-c2812 = apply its plan again, with the --runtime-archive or --runtime-path that it had; `agi-provision rollback` goes back to the generation before
said-not-starting-as-this-host-no-longer-86cec = not starting, as this host no longer meets the plan:{ " " }
said-the-log-and-the-cache-d30f2 = the log and the cache
said-the-embedding-model-s-layers-are-on-097e0 = the embedding model's layers are on it
said-model-needed-found-nothing-there-e5d52 = { $refusal }model: needed { $v2 }, found nothing there

## agent::session

said-reading-the-request-9c601 = reading the request
said-the-client-speaks-version-this-agent-fbf3f = the client speaks version { $other }, this agent { $version }
said-the-host-meets-the-plan-20ea4 = the host meets the plan
said-no-address-was-given-43c6a = no address was given
said-nothing-would-change-4b159 = nothing would change
said-the-host-differs-from-the-bundle-c650a = the host differs from the bundle
said-nothing-to-do-serves-c49a2 = nothing to do: { $v1 } serves
said-is-no-longer-on-the-host-as-it-was-87a8f = { $v1 } is no longer on the host as it was recorded
said-give-it-again-with-model-file-7cb0f = give it again with --model-file, --runtime-archive or --runtime-path

## agent::session::boot

said-or-agent-boot-trust-edits-c6551 = or `agent boot --trust-edits`
said-what-the-bundle-carries-cannot-be-6b375 = what the bundle carries cannot be read: { $v1 }
said-is-the-seed-still-attached-and-whole-c4f9c = is the seed still attached, and whole? Make it anew with `agi-provision bundle --seed-iso`
said-the-bundle-s-files-are-not-on-this-018e5 = the bundle's files are not on this host: { $v1 }
said-bring-them-over-ssh-from-the-machine-e52f2 = bring them over SSH, from the machine that has them: agi-provision apply --bundle DIR --model-file FILE --runtime-archive FILE --host root@THIS_HOST
said-moving-d75df = moving { $v1 }

## agent::session::deep

said-on-the-host-rm-r-then-apply-again-it-e3382 = on the host, `rm -r { $v1 }`, then apply again: it puts back what is missing; and look whether the disk fails (dmesg)
said-podman-keeps-it-and-its-files-were-76bed = podman keeps it, and its files were not read again
said-unpacked-by-a-version-that-kept-no-1597e = unpacked by a version that kept no hashes
said-read-again-e3012 = read { $name } again ({ $v2 })
said-files-as-they-were-unpacked-1b6ae = { $v1 } files as they were unpacked
said-every-byte-of-is-as-it-was-put-there-8ad7b = every byte of { $name } ({ $v2 }) is as it was put there
said-would-not-be-what-was-planned-8f379 = { $name } would not be what was planned
said-not-on-this-host-6c30d = not on this host
said-nothing-of-it-was-read-a6f03 = nothing of it was read
said-leads-to-what-a4a85 = leads to what
said-is-a-file-that-c0221 = is a file that
said-did-not-come-with-it-8c154 = { $v1 } { $what } did not come with it

## agent::session::first_boot

said-it-has-not-started-or-was-cut-off-2f369 = it has not started, or was cut off

## agent::session::ground

said-waiting-for-that-s-at-most-bb47a = { $v1 }; waiting for that, { $v2 } s at most

## agent::session::identity

said-is-no-public-key-35696 = { $v1 } is no public key
said-remove-it-and-the-key-beside-it-and-ab7b1 = remove it and the key beside it, and apply again
said-this-host-has-no-ssh-host-key-in-etc-edc3e = this host has no SSH host key in /etc/ssh
said-make-them-there-ssh-keygen-a-a6c85 = make them there: `ssh-keygen -A`
said-the-head-has-no-ssh-client-d18b6 = the head has no SSH client
said-install-the-package-openssh-client-07d5a = install the package openssh-client there, and apply again
said-making-the-key-ce190 = making the key
said-look-at-the-disk-of-the-head-df-h-ada13 = look at the disk of the head: `df -h /etc`

## agent::session::inspect

said-yet-325ad = { $nothing } yet: { $v2 }
said-agi-provision-apply-of-the-same-54e9f = `agi-provision apply` of the same bundle shows its progress
said-at-its-first-boot-4d947 = { $nothing }; at its first boot: { $v2 }
said-on-the-host-has-all-of-it-agi-2af13 = { $v1 } on the host has all of it; `agi-provision apply --bundle DIR --host HOST` does the same from here
said-an-apply-was-cut-off-24c1e = an apply was cut off
said-that-an-apply-brought-wait-for-the-60800 = { $v1 } that an apply brought wait for the next one
said-but-e62da = { $nothing }, but { $left }
said-the-same-apply-again-takes-what-is-7b859 = the same apply again takes what is there; `agi-provision remove` takes it away
said-the-worker-is-05572 = the worker is { $v1 }
said-worker-is-lost-b27ac = ; worker { $v1 } is lost: { $v2 }
said-agi-provision-logs-shows-what-the-8e36c = `agi-provision logs` shows what the server said last
said-nothing-of-agi-provision-was-cf7e5 = nothing of agi-provision was installed
said-removed-the-models-stay-in-var-lib-08048 = removed; the models stay in /var/lib/agi-provision/models
said-removed-service-unit-files-and-user-8c3b7 = removed: service, unit, files and user
said-the-packages-that-were-installed-d3177 = ; the packages that were installed stay: { $v1 }
said-left-as-it-is-a6e74 = ; left as it is: { $v1 }

## agent::session::judging

said-install-the-card-s-driver-then-apply-5c5d2 = install the card's driver ({ $v1 }), then apply again; nothing was changed

## agent::session::rollback

said-this-host-is-one-of-that-serve-one-508b3 = this host is one of { $v1 } that serve one model together
said-agi-provision-rollback-takes-all-of-2c6e5 = `agi-provision rollback{ $names }` takes all of them back together
said-generation-serves-already-020a1 = generation { $v1 } serves already
said-from-generation-to-69942 = from generation { $v1 } to { $v2 }
said-generation-serves-again-855aa = { $v1 }; generation { $v2 } serves again
said-going-back-to-generation-failed-too-c36eb = { $v1 }; going back to generation { $v2 } failed too: { $back }
said-there-is-no-generation-before-which-dacbc = there is no generation before { $v1 }, which serves
said-apply-the-plan-you-want-instead-only-b1d1f = apply the plan you want instead; only the generation before the one that serves is kept
said-generation-is-no-longer-whole-730e8 = generation { $v1 } is no longer whole: { $why }
said-apply-its-plan-again-5ccb4 = apply its plan again
said-its-record-is-gone-96331 = its record is gone
said-its-runtime-is-gone-9e532 = its runtime, { $v1 }, is gone
said-its-model-file-was-removed-or-57208 = its model file { $v1 } was removed or changed
said-switching-the-generation-c8d1a = switching the generation
said-generation-computes-for-the-head-of-9c26c = generation { $v1 } computes for the head of { $v2 }
said-generation-serves-tokens-at-tokens-s-1c20c = generation { $v1 } serves: { $v2 } { $v3 }, { $v4 } tokens at { $v5 } tokens/s{ $beside }

## agent::session::rotate

said-make-a-new-api-key-and-start-the-2c492 = make a new API key and start the servers with it
said-start-the-servers-with-the-old-api-cd5b1 = start the servers with the old API key
said-the-old-key-works-again-615c7 = { $v1 }; the old key works again
said-going-back-to-the-old-key-failed-too-42608 = { $v1 }; going back to the old key failed too: { $back }
said-the-server-e8f17 = the server
said-the-embedding-server-78de0 = the embedding server
said-still-takes-the-key-that-was-to-go-40ff7 = still takes the key that was to go (status { $old })
said-answers-without-a-key-status-0a831 = answers without a key (status { $none })
said-does-not-take-its-key-status-8a06a = does not take its key (status { $new })

## agent::session::shelf

said-a-file-was-asked-for-that-is-not-65d38 = a file was asked for that is not carried
said-from-c978c = { $v1 } ({ $v2 }) from { $v3 }

## agent::session::under_way

said-now-at-step-c493e = , now at step { $step }
said-runs-since-06161 = `{ $v1 }`{ $by } runs since { $v3 }{ $step }

## agent::steps::arrival

said-did-not-arrive-and-the-plan-pins-no-5396e = { $v1 } did not arrive and the plan pins no download of it
said-give-it-with-model-file-or-runtime-91fac = give it with --model-file or --runtime-archive, or pin it with `agi-provision plan --resolve`
said-downloading-29c5f = downloading { $name }
said-downloading-stopped-and-70103 = downloading { $name } stopped, and { $v2 }
said-if-that-is-not-the-time-set-it-and-765cf = if that is not the time, set it and apply again ({ $v1 }); if it is, --mirror FROM=TO names another place
said-downloading-the-token-is-not-69aa7 = downloading { $name }: the token is not accepted
said-is-it-valid-and-were-the-model-s-fbcb8 = is it valid, and were the model's terms accepted at its site? Then apply again
said-downloading-needs-a-token-bbb74 = downloading { $name } needs a token
said-put-it-into-the-environment-variable-4ece8 = put it into the environment variable HF_TOKEN and apply again; it is sent on stdin and kept nowhere
said-downloading-stopped-16a16 = downloading { $name } stopped
said-apply-again-to-go-on-where-it-6b79a = apply again to go on where it stopped; --mirror FROM=TO names another place, --model-file sends it from here

## agent::steps::config

said-restore-the-link-a6dfd = restore the link { $v1 }/{ $v2 }
said-is-another-84a66 = { $name } is another
said-plan-for-the-build-that-is-there-8257e = plan for the build that is there (--llama-build), or give that build's --runtime-archive
said-the-runtime-is-not-in-place-44593 = the runtime is not in place

## agent::steps::config_changes

said-embedding-model-f41e3 = embedding model
said-model-of-c7487 = model of { $other }
said-no-other-host-34f76 = no other host
said-open-to-aff66 = open to
said-allowed-requirements-17f3d = allowed requirements
said-has-another-sha-256-e42a6 = { $v1 }: { $v2 } has another SHA-256
said-another-sha-256-0bb8a = { $v1 }: another SHA-256
said-server-ebc42 = server { $other }
said-chat-template-another-3a584 = chat template: another
said-adds-f827d = { $server }: adds { $v2 } { $new }
said-drops-7e905 = { $server }: drops { $v2 } { $old }

## agent::steps::driver

said-write-081dc = write { $path }
said-rewrite-70417 = rewrite { $path }
said-install-3309e = install { $v1 }: { $v2 }
said-load-it-with-a-restart-of-the-host-48ea6 = load it, with a restart of the host if it takes one
said-to-load-66ed0 = to load { $v1 }
said-holds-dpkg-s-lock-waiting-for-it-s-0e375 = { $holder } holds dpkg's lock; waiting for it, { $lock_seconds } s at most
said-is-not-to-be-had-a-new-kernel-will-86589 = { $v1 } is not to be had: a new kernel will have no driver until it is installed for it
said-update-initramfs-failed-if-another-1bcba = update-initramfs failed: if another driver takes the card at boot, look at its output
said-is-installed-and-has-no-module-for-a17b2 = { $v1 } is installed, and has no module for kernel { $kernel }, which runs
said-dkms-autoinstall-on-the-host-says-7dc97 = `dkms autoinstall` on the host says why, and so does /var/lib/dkms/nvidia*/*/build/make.log
said-built-and-installed-26b74 = built and installed
said-installed-with-a-module-45336 = installed, with a module
said-the-card-does-not-answer-9aa8c = the card does not answer
said-of-cards-do-not-answer-c3f71 = { $v1 } of { $cards } cards do not answer
said-is-for-kernel-and-also-after-a-75933 = { $v1 } is { $built } for kernel { $kernel }, and { $silent }, also after a restart of the host{ $said }
said-lspci-k-on-the-host-shows-the-card-3c799 = `lspci -k` on the host shows the card, `dmesg | grep -i nvrm` what the driver found. Has the card power, does it sit firmly, is it passed on to this machine whole, and does this driver know it? --driver nvidia takes a newer one

## agent::steps::expose

said-the-host-has-no-nftables-and-no-apt-eb2cf = the host has no nftables, and no apt-get to install it
said-install-the-package-nftables-there-cd671 = install the package nftables there, then apply again
said-the-firewall-7b22c = the firewall
said-the-generation-has-no-rules-01faa = the generation has no rules
said-the-certificate-is-gone-56720 = the certificate is gone
said-the-certificate-is-good-for-more-b75ad = the certificate is good for { $v1 } more days
said-the-host-has-no-address-that-others-a4562 = the host has no address that others reach
said-answers-with-another-certificate-4edf8 = { $address } answers { $v2 } with another certificate
said-the-api-does-not-answer-over-tls-0a639 = the API does not answer over TLS: { $last }
said-journalctl-u-on-the-host-says-why-is-a7d61 = `journalctl -u { $unit }` on the host says why; is port { $port } taken there?

## agent::steps::loading

said-it-must-be-a-linux-executable-for-706fc = it must be a Linux { $v1 } executable for this host's C library
said-does-not-start-here-31535 = { $name } does not start here: { $why }
said-does-not-load-here-f210f = { $library } does not load here: { $why }
said-has-no-backend-for-the-processor-88c94 = { $name } has no backend for the processor: { $first }
said-cannot-use-the-plan-s-cards-dc6de = { $name } cannot use the plan's cards: { $first }
said-agi-provision-plan-host-says-which-32ee8 = `agi-provision plan --host` says which of the release's archives is right for a host
said-it-needs-and-this-host-s-goes-up-to-11496 = it needs { $version }, and this host's { $library } goes up to { $newest }
said-it-needs-which-this-host-s-lacks-0c780 = it needs { $version }, which this host's { $library } lacks
said-it-is-for-and-this-host-is-acb2a = it is for { $v1 }, and this host is { $v2 }
said-its-loader-is-not-on-this-host-a7b88 = its loader { $loader } is not on this host

## agent::steps::packages

said-still-lacks-after-installing-8cdea = { $v1 } still lacks { $v2 } after installing { $v3 }
said-install-what-has-them-on-the-host-842f9 = install what has them on the host, and apply again
said-lacks-fd075 = { $v1 } lacks { $lacking }
said-the-runtime-s-note-is-gone-dbd91 = the runtime's note is gone
said-the-runtime-is-not-unpacked-6e27c = the runtime is not unpacked
said-the-archive-s-02dac = the archive's { $v1 }
said-the-runtime-computes-through-vulkan-e84e2 = the runtime computes through Vulkan, and no { $v1 }*.json in { $v2 } names the card's driver
said-install-58d18 = { $lacks }: install { $v2 }
said-a-driver-for-vulkan-9f350 = a driver for Vulkan

## agent::steps::path

said-this-host-serves-a-model-by-itself-f6eff = this host serves a model by itself, and is to be a worker of another
said-agi-provision-remove-keep-models-b7db2 = `agi-provision remove --keep-models` takes the server away first
said-the-head-is-not-told-where-its-e3a04 = the head is not told where its workers are
said-agi-provision-apply-hosts-brings-all-35860 = `agi-provision apply --hosts` brings all hosts of the plan up together
said-the-user-is-there-and-was-not-made-32a25 = the user { $v1 } is there, and was not made here
said-userdel-removes-it-or-give-it-7d80a = `userdel { $v1 }` removes it, or give it another name

## agent::steps::repositories

said-is-there-and-it-is-not-agi-provision-10491 = { $path } is there, and it is not agi-provision's
said-move-it-away-then-apply-again-a9aaa = move it away, then apply again
said-there-is-nothing-at-39aef = there is nothing at { $v1 }
said-install-the-driver-by-hand-restart-993cc = install the driver by hand, restart the host, and apply without --driver
said-is-another-file-than-the-one-that-is-15567 = { $v1 } is another file than the one that is known: its SHA-256 is { $found }, not { $v3 }
said-install-it-by-hand-where-you-trust-f2c8d = install it by hand where you trust it, then apply again; or --driver distribution
said-apt-knows-no-package-839ab = apt knows no package { $v1 }
said-the-running-kernel-is-older-than-c73d2 = the running kernel is older than those in the archive: `apt full-upgrade`, restart the host, then apply again
said-can-the-host-reach-its-package-f76f6 = can the host reach its package mirror, and has that all parts of the archive?

## agent::steps::runtime

said-no-way-is-known-of-bringing-this-aab42 = no way is known of bringing this runtime onto a host

## agent::steps::runtime::archives

said-give-s-portable-release-archive-for-73317 = give { $v1 }'s portable release archive for this host
said-give-s-release-archive-for-linux-or-8ef51 = give { $v1 }'s release archive for Linux { $v2 }, or a .tar.gz of build/bin
said-unpacking-0144d = unpacking { $v1 }
said-has-no-in-it-d2f2a = { $v1 } has no { $program } in it
said-has-no-with-9867e = { $v1 } has no { $v2 } with { $v3 }
said-the-host-s-disk-is-full-24548 = the host's disk is full

## agent::steps::runtime::archives::beside

said-give-one-archive-with-the-program-86756 = give one archive with the program, and beside it one with libraries only
said-each-of-the-archives-has-a-af436 = each of the archives has a { $program }
said-the-archives-have-two-files-856f2 = the archives have two files { $v1 }

## agent::steps::runtime::image

said-the-plan-pins-no-image-95389 = the plan pins no image
said-podman-had-already-it-is-used-and-e71f1 = podman had { $image } already; it is used, and `remove` will leave it
said-podman-read-nothing-of-for-s-ca8f8 = podman read nothing of { $image } for { $seconds } s
said-does-the-registry-still-answer-3f243 = does the registry still answer? --runtime-archive FILE sends the image from here

## agent::steps::runtime::installed

said-no-program-of-the-host-was-named-8cb1e = no program of the host was named

## agent::steps::runtime::source

said-no-source-was-given-36e1f = no source was given
said-the-engine-is-not-built-from-source-bc8d6 = the engine is not built from source
said-a-build-was-begun-here-before-it-3c605 = a build was begun here before; it goes on where it stopped
said-what-was-built-cannot-be-put-in-91e61 = what was built cannot be put in place: { $error }
said-the-build-made-no-fe030 = the build made no { $program }
said-is-it-the-source-of-the-planned-b1b82 = is it the source of the planned build? Apply again with another --runtime-source
said-a-build-from-source-takes-about-of-d7ce0 = a build from source takes about { $v1 } of the disk, and { $v2 } are free
said-asking-for-the-room-on-the-disk-4462a = asking for the room on the disk
said-a-compiler-needs-1-gib-of-free-1b80e = a compiler needs 1 GiB of free memory, and this host has { $v1 }
said-stop-what-takes-it-or-give-a-build-b2ec4 = stop what takes it, or give a build of your own with --runtime-archive
said-the-disk-is-full-41e74 = the disk is full
said-a-compiler-had-too-little-memory-b3a8d = a compiler had too little memory
said-stop-what-takes-the-host-s-memory-or-9871e = stop what takes the host's memory, or add swap, then apply again: it goes on where it stopped
said-it-does-not-compile-6f5a5 = it does not compile
said-it-was-stopped-26054 = it was stopped
said-apply-again-it-goes-on-where-it-057dc = apply again: it goes on where it stopped
said-the-build-from-source-stopped-30aea = the build from source stopped, { $what }: { $last }

## agent::steps::runtime::source::place

said-is-no-file-92902 = { $v1 } is no file
said-the-note-of-the-build-is-gone-f2bd1 = the note of the build is gone
said-the-service-s-user-is-not-there-f88ab = the service's user is not there
said-handing-over-d30e2 = handing over { $v1 }
said-unpacking-the-source-d4013 = unpacking the source: { $why }
said-the-archive-has-no-folder-with-2f5a9 = the archive has no folder with { $v1 }
said-writing-to-the-disk-6086c = writing { $v1 } to the disk
said-noting-what-was-compiled-52d50 = noting what was compiled
said-give-the-source-of-the-planned-build-eaff3 = give the source of the planned build as a .tar.gz: a tag's archive of its repository, or a package of its source

## agent::steps::runtime::source::tools

said-install-them-on-the-host-then-apply-2c7f8 = install them on the host, then apply again; or give a build of your own with --runtime-archive
said-a-build-needs-and-this-host-has-no-75203 = a build needs { $names }, and this host has no apt-get to install them with

## agent::steps::start

said-the-plan-has-no-7085e = the plan has no { $v1 }
said-not-installed-1200c = not installed

## agent::steps::start_chat

said-the-speed-was-measured-by-one-short-4060c = the speed was measured by one short answer alone: { $error }
said-the-server-did-not-report-its-f64b2 = the server did not report its buffers: memory is not proved
said-the-model-does-not-run-on-the-gpu-as-7d4de = the model does not run on the GPU as planned: { $why }
said-is-the-runtime-built-for-this-gpu-aa79e = is the runtime built for this GPU, and the driver loaded before the service?
said-reached-tokens-s-the-plan-expected-c8367 = { $what } reached { $measured } tokens/s; the plan expected { $v3 } to { $v4 }
said-the-plan-has-split-mode-tensor-which-2ddb4 = the plan has --split-mode tensor, which not every build of { $v1 } can: plan again with --split-mode layer

## agent::steps::start_embedding

said-the-embedding-server-took-mib-more-1a9a7 = the embedding server took { $v1 } MiB more than the ledger says

## agent::steps::unit

said-the-bundle-wants-to-write-62337 = the bundle wants to write { $path }

## agent::steps::user

said-create-the-system-user-anew-which-is-79dec = create the system user { $v1 } anew, which is there in part

## agent::store::desired

said-its-sha-256-is-not-pinned-so-this-1ce1a = its SHA-256 is not pinned, so this host downloads nothing: `agi-provision plan --resolve` pins it; or give --model-file PATH/{ $name }
said-give-model-file-path-ddf18 = give --model-file PATH/{ $name }
said-the-model-file-is-not-on-the-host-218e2 = the model file { $name } is not on the host and was not given
said-has-sha-256-but-the-plan-pins-b23ca = { $v1 } has SHA-256 { $v2 }, but the plan pins { $wanted }
said-this-is-another-file-than-the-one-4b67b = this is another file than the one planned for

## agent::store::findings

said-this-host-has-under-names-of-agi-9801c = this host has, under names of agi-provision, what agi-provision did not make: { $v1 }
said-then-apply-again-nothing-was-changed-46ab7 = { $v1 }. Then apply again; nothing was changed

## agent::store::handover

said-reading-the-token-40b55 = reading the token
said-the-certificate-that-was-given-is-e6569 = the certificate that was given is gone: it is kept in memory only, until the host restarts
said-apply-again-with-tls-cert-and-tls-63ad3 = apply again with --tls-cert and --tls-key

## agent::store::installed

said-is-not-taken-comes-as-a-container-18457 = is not taken: { $v1 } comes as a container image
said-give-runtime-image-and-with-runtime-c890d = give --runtime-image, and with --runtime-archive the image's file where the host reaches no registry
said-is-not-taken-is-served-from-an-8496d = is not taken: { $v1 } is served from an archive, whose every file is checked
said-give-its-portable-release-with-2837d = give its portable release with --runtime-archive
said-is-not-an-absolute-path-71623 = is not an absolute path
said-give-its-path-on-the-host-such-as-9e8a2 = give its path on the host, such as /usr/bin/{ $program }
said-is-not-on-the-host-9a8f4 = is not on the host
said-command-v-there-tells-where-it-is-or-7d7c7 = `command -v { $program }` there tells where it is; or give --runtime-archive
said-is-not-an-executable-for-that-every-3ebb3 = is not an executable for { $v1 } that every user may run
said-a-script-cannot-stand-in-for-name-116e4 = a script cannot stand in for { $program }; name the program that it starts
said-can-be-changed-by-others-than-root-b3a27 = can be changed by others than root
said-chown-it-to-root-and-chmod-755-or-1c6d8 = chown it to root and chmod 755, or install it under /usr/local or /opt
said-lies-in-a-folder-that-others-than-dbb03 = lies in a folder that others than root can change
said-install-it-under-usr-local-or-opt-in-df18f = install it under /usr/local or /opt, in folders of root's that nobody else can write to
said-lies-in-which-the-service-does-not-c1be1 = lies in { $folder }, which the service does not see
said-install-it-under-usr-local-or-opt-c6271 = install it under /usr/local or /opt
said-is-build-and-the-plan-is-for-1c7a5 = { $program } is build { $found }, and the plan is for { $planned }: arguments and memory were settled for that one
said-does-not-say-which-build-it-is-the-ee3fc = { $program } does not say which build it is; the plan is for { $planned }

## agent::store::key

said-no-randomness-bc46c = no randomness: { $error }

## agent::store::look

said-it-is-used-and-remove-will-leave-it-9ba1b = { $v1 }: { $what }; it is used, and `remove` will leave it
said-this-host-was-set-up-by-an-earlier-e8035 = this host was set up by an earlier version, which kept no record: { $earlier } things are shown by their content to be agi-provision's, and are recorded in { $record }

## agent::store::made

said-the-record-of-what-was-made-on-this-056f3 = { $record }, the record of what was made on this host: { $why }
said-a-newer-agi-provision-may-have-4d73a = a newer agi-provision may have written it; use that one, or restore the file
said-its-schema-is-ba3ec = its schema is { $v1 }
said-making-bd8d8 = making { $v1 }
said-removing-6b386 = removing { $v1 }

## agent::store::packaged

said-debian-forky-and-sid-have-it-72c02 = Debian forky and sid have it; elsewhere plan without --runtime-packages, for an archive of a release
said-this-host-has-no-apt-which-would-f0642 = this host has no apt, which would install { $v1 }
said-apt-on-this-host-has-no-61432 = apt on this host has no { $v1 }

## agent::store::preflight

said-the-nftables-table-369e9 = the nftables table { $v1 } { $v2 }
said-nft-delete-table-and-take-it-out-of-beda4 = `nft delete table { $v1 } { $v2 }`, and take it out of the file that loads it
said-a-disk-is-mounted-on-it-d7de1 = a disk is mounted on it
said-a-file-that-584ff = a file that
said-a-folder-mode-that-6de93 = a folder (mode { $v1 }) that
said-a-link-to-that-8cfc6 = a link to { $v1 } that
said-a-device-or-socket-that-49f1d = a device or socket that
said-belongs-to-db692 = { $v1 }, { $what } belongs to { $v3 }
said-agi-provision-s-record-is-missing-is-5261d = agi-provision's record { $v1 } is missing: is the disk not mounted that belongs there? If it is lost, move { $v2 } away
said-move-away-or-remove-it-if-nobody-c5ad6 = move { $v1 } away, or remove it if nobody needs it
said-belongs-to-mode-so-that-others-could-4fade = { $v1 } belongs to { $v2 } (mode { $v3 }), so that others could replace what lies below it
said-chown-root-and-chmod-o-w-0214b = `chown root: { $v1 }` and `chmod o-w { $v2 }`
said-in-the-groups-85a5f = , in the groups { $v1 }
said-the-account-uid-home-shell-6ff39 = the account { $v1 } (uid { $v2 }, home { $v3 }, shell { $v4 }{ $groups })
said-usermod-login-other-gives-the-bac9f = `usermod --login OTHER { $v1 }` gives the account another name, `userdel { $v2 }` removes it
said-the-one-that-was-made-here-had-uid-0bc8f = { $what }; the one that was made here had uid { $uid }
said-with-in-it-df989 = , with { $v1 } in it
said-the-group-gid-ec20a = the group { $v1 } (gid { $v2 }{ $members })
said-groupmod-new-name-other-gives-the-8ddae = `groupmod --new-name OTHER { $v1 }` gives the group another name, `groupdel { $v2 }` removes it
said-the-one-that-was-made-here-had-gid-2d991 = { $what }; the one that was made here had gid { $gid }
said-a-link-to-8e903 = { $v1 }, a link to { $v2 }
said-to-have-it-on-another-disk-make-it-a-3fb1c = to have it on another disk, make it a folder and mount that there: `rm { $v1 } && mkdir { $v2 } && mount --bind { $v3 } { $v4 }`, and the same in /etc/fstab
said-a-folder-mode-that-belongs-to-in-1b835 = { $v1 }, a folder (mode { $v2 }) that belongs to { $v3 }, in which others could replace what lies there
said-chown-root-and-chmod-go-w-if-it-is-e4849 = `chown root: { $v1 }` and `chmod go-w { $v2 }` if it is meant for this, or move it away
said-a-folder-that-the-service-could-not-cb041 = { $v1 }, a folder that the service could not enter (mode { $v2 })
said-it-was-there-before-e8bd6 = it was there before
said-an-administrator-s-changes-the-487cc = an administrator's { $v1 } changes the service
said-which-has-no-note-of-what-it-is-3333b = { $v1 }, which has no note of what it is
said-which-is-no-file-of-an-apply-22408 = { $v1 }/{ $name }, which is no file of an apply
said-move-away-97997 = move { $v1 }/{ $name } away

## agent::store::prune

said-image-cfa6a = image { $image }
said-arrived-file-4a62c = arrived file
said-agent-7ebf6 = agent { $name }

## agent::store::receive

said-a-piece-does-not-fit-into-it-6846a = { $v1 }: a piece does not fit into it
said-not-known-f44f5 = not known
said-arrived-damaged-its-sha-256-is-not-d45a8 = { $v1 } arrived damaged: its SHA-256 is { $sha256 }, not { $v3 }
said-did-the-file-change-while-it-was-dac01 = did the file change while it was sent? Apply again
said-the-connection-ended-while-was-being-fc5a0 = the connection ended while { $name } was being sent; the next apply continues there
said-the-host-s-disk-is-full-bytes-does-ed149 = the host's disk is full: { $v1 } ({ $v2 } bytes) does not fit under { $v3 }
said-free-some-space-there-or-take-a-483dd = free some space there or take a larger disk; nothing was kept
said-writing-e8c87 = writing { $v1 }

## agent::store::runtime

said-podman-has-no-any-more-25102 = podman has no { $v1 } any more
said-was-changed-a0e6a = { $v1 } was changed
said-is-gone-e21b4 = { $gone } is gone
said-can-be-changed-by-others-than-root-dc36f = { $v1 } can be changed by others than root

## agent::store::sourced

said-is-not-built-from-source-8bd4d = { $v1 } is not built from source
said-leave-runtime-source-out-docs-1cd79 = leave --runtime-source out; docs/engines.md says how it comes
said-a-build-from-source-is-for-the-cpu-02ba9 = a build from source is for the CPU or for NVIDIA's cards
said-for-other-cards-the-release-s-vulkan-398ef = for other cards the release's Vulkan archive is right: --runtime-archive
said-the-compute-capability-of-is-not-b9e34 = the compute capability of { $name } is not known
said-install-the-driver-first-which-tells-8dcfd = install the driver first, which tells it: --driver distribution

## agent::store::staged

said-finding-this-executable-6ad66 = finding this executable
said-locking-53a2e = locking { $v1 }
said-is-about-to-be-removed-by-another-b35d4 = { $v1 } is about to be removed by another session
said-try-again-in-a-moment-fuser-on-the-a28d1 = try again in a moment; `fuser` on the host names who has it

## agent::store::thing

said-is-no-place-of-agi-provision-s-d42b3 = { $v1 } is no place of agi-provision's

## agent::store::turn

said-the-client-sends-a-file-that-nobody-f1f50 = the client sends a file that nobody asked for

## apply::attempt

said-waiting-for-the-agent-to-start-70906 = waiting for the agent to start
said-what-it-was-sent-5f799 = what it was sent
said-the-agent-did-not-start-on-the-host-704db = the agent did not start on the host{ $why }
said-is-usr-local-mounted-noexec-or-the-b0621 = is /usr/local mounted noexec, or the host not Linux on { $processor }?
said-and-nothing-says-why-dcbb7 = , and nothing says why
said-which-said-instead-0b2c3 = , which said { $noise }{ $also } instead
said-does-sshd-force-another-command-on-7373c = does sshd force another command on this user (ForceCommand, or command= in authorized_keys), or does the user's .bashrc there end every session?

## apply::blobs

said-is-a-directory-f556d = { $v1 } is a directory
said-name-the-file-itself-711dc = name the file itself

## apply::carry

said-in-the-bundle-is-not-what-its-b2e60 = { $v1 } in the bundle { $v2 } is not what its manifest says; it was changed
said-make-the-bundle-anew-with-runtime-38f79 = make the bundle anew, with --runtime-archive and --model-file
said-changed-while-it-was-copied-c6c86 = { $v1 } changed while it was copied
said-run-the-same-command-again-248b4 = run the same command again

## apply::confirm

said-not-for-the-new-range-bab4d = not for the new range
said-lets-in-again-as-before-9818d = lets { $earlier } in again, as before
said-on-the-host-alone-133c8 = on the host alone
said-closed-it-again-4de3e = closed it again
said-but-no-new-connection-could-confirm-c5864 = { $v1 }, but { $alone }: no new connection could confirm the open port within { $v3 } s ({ $error }), so the host { $back }
said-see-why-the-host-takes-no-new-a26a9 = see why the host takes no new connection, then apply again

## apply::executable

said-is-built-for-and-the-machine-is-4c9e7 = { $path } is built for { $v2 }, and the machine is { $processor }
said-give-agent-file-the-agi-provision-5dfa2 = give --agent FILE: the agi-provision executable for Linux on { $processor }; without --agent the one beside this program is taken ({ $v2 })
said-the-host-is-for-which-there-is-no-29f53 = the host is { $uname }, for which there is no build of agi-provision
said-take-a-machine-that-is-2764f = take a machine that is { $known }
said-scripts-build-agent-in-the-project-s-a8a0e = `scripts/build-agent { $v1 }` in the project's source builds it and puts it there; --agent FILE names one elsewhere: the agi-provision executable for Linux on { $processor }, of the same version
said-the-machine-is-this-program-is-for-4bdae = the machine is { $processor }, this program is for { $v2 }, and there is no { $v3 }
said-is-built-for-not-for-9e514 = { $v1 } is built for { $v2 }, not for { $processor }

## apply::fleet

said-starting-the-runtime-13bf2 = starting the runtime
said-the-worker-failed-6d2e7 = the worker failed: { $error }
said-the-worker-ended-early-809d5 = the worker ended early

## apply::host

said-this-machine-abc70 = this machine

## apply::inventory

said-reading-the-inventory-on-stdin-41b03 = reading the inventory on stdin
said-it-has-more-than-bytes-fef37 = it has more than { $v1 } bytes
said-it-names-no-host-d6797 = it names no host
said-is-no-name-for-a-host-bf07b = { $v1 } is no name for a host
said-secrets-in-the-inventory-are-not-fc9ba = secrets in the inventory { $v1 } are not read ({ $v2 } of { $v3 }, { $v4 } hosts in all): give passwords with --password-stdin and --sudo-password-stdin
said-it-is-not-text-5139c = it is not text
said-lies-beside-it-install-ansible-whose-15c58 = { $beside } lies beside it: install Ansible, whose ansible-inventory is asked then
said-it-is-install-ansible-whose-ansible-fbb59 = it is { $what }: install Ansible, whose ansible-inventory is asked then
said-ansible-inventory-printed-something-53539 = ansible-inventory printed something else than a list
said-the-inventory-cannot-be-used-6d87d = the inventory { $v1 } cannot be used: { $why }
said-it-is-toml-with-host-tables-ansible-9c3ab = it is TOML with [[host]] tables, Ansible's inventory, a list of hosts or JSON (docs/inventory.md)

## apply::inventory::ask

said-ansible-inventory-prints-more-than-41ebd = ansible-inventory prints more than { $most } bytes
said-ansible-inventory-says-4b168 = ansible-inventory says: { $v1 }

## apply::inventory::entry

said-host-77367 = host { $v1 }

## apply::inventory::ini

said-line-79ef7 = line { $v1 }: { $why }
said-a-section-of-645ec = a section of { $v1 }
said-no-host-a4998 = no host
said-sets-nothing-e0605 = { $v1 } sets nothing
said-a-quotation-mark-is-not-closed-ea024 = a quotation mark is not closed

## apply::inventory::json

said-group-0c872 = group { $v1 }: { $why }
said-none-of-its-outputs-is-called-8422e = none of its outputs is called inventory, hosts or host; there are { $v1 }
said-the-output-33fc9 = the output { $v1 }: { $why }
said-it-has-more-than-hosts-e1bef = it has more than { $most_hosts } hosts
said-is-neither-an-address-nor-a-table-d2571 = { $v1 } is neither an address nor a table
said-is-no-text-d33cb = { $v1 }: { $key } is no text
said-its-port-is-none-bdd96 = { $v1 }: its port is none
said-has-which-is-not-known-fccfa = { $v1 } has { $v2 }, which is not known

## apply::inventory::ours

said-host-is-there-twice-95ea3 = host { $v1 } is there twice
said-host-a-plan-file-leaves-nothing-else-1e733 = host { $v1 }: a plan file leaves nothing else to choose

## apply::inventory::tree

said-the-variables-of-its-hosts-have-more-50c18 = the variables of its hosts have more than { $most_vars } bytes
said-its-groups-contain-each-other-or-are-7ed52 = its groups contain each other, or are nested more than { $deepest } deep
said-its-hosts-are-in-more-than-groups-9aa74 = its hosts are in more than { $most_memberships } groups, added up over all hosts
said-has-more-than-bytes-2126c = { $v1 } has more than { $longest_name } bytes
said-stands-for-more-than-hosts-37840 = { $v1 } stands for more than { $most_hosts } hosts
said-is-no-range-of-hosts-092a5 = { $v1 } is no range of hosts
said-has-a-number-of-more-than-20-digits-0fe82 = { $v1 } has a number of more than 20 digits

## apply::inventory::vars

said-install-ansible-whose-ansible-e672c = : install Ansible, whose ansible-inventory is asked then
said-is-not-supported-00baa = { $name } is not supported{ $way }
said-is-a-template-which-only-ansible-78d2a = { $name } is a template, which only Ansible fills in
said-the-host-is-reached-by-not-by-ssh-b9a35 = the host is reached by { $v1 }, not by ssh
said-the-method-to-become-root-is-sudo-b4586 = the method to become root is { $v1 }: sudo and doas are supported
said-ansible-become-user-is-everything-is-7f294 = ansible_become_user is { $v1 }: everything is done as root
said-the-port-is-d2155 = the port is { $v1 }

## apply::inventory::yaml

said-the-file-b8a02 = the file
said-group-is-nested-more-than-deep-6d9eb = group { $v1 } is nested more than { $deepest } deep
said-hosts-of-df825 = hosts of { $v1 }
said-children-of-8527f = children of { $v1 }
said-group-has-expected-hosts-vars-or-55af2 = group { $name } has { $other }; expected hosts, vars or children
said-a-name-that-is-not-text-353b8 = { $what }: a name that is not text
said-expected-names-with-what-belongs-to-dc91a = { $what }: expected names with what belongs to them

## apply::local

said-local-changes-this-machine-which-38d78 = --local changes this machine, which needs root
said-run-it-again-with-sudo-fb24e = run it again with sudo
said-is-not-a-folder-of-root-s-alone-da407 = { $v1 } is not a folder of root's alone
said-staging-2ef76 = staging { $v1 }
said-reading-the-file-to-send-4fa9f = reading the file to send

## apply::needs

said-there-is-no-home-f831d = there is no home
said-it-has-no-0d8ef = it has no { $program }

## apply::remote

said-refused-it-and-it-is-not-tried-again-2c067 = { $v1 } refused it, and it is not tried again
said-password-of-ba73b = { $program } password of { $peer }:{ " " }
said-give-it-with-sudo-password-stdin-or-9b657 = give it with --sudo-password-stdin or in AGI_PROVISION_SUDO_PASSWORD, connect as root, or allow the user { $program } without a password ({ $v2 })
said-the-host-s-login-shell-prints-7b540 = the host's login shell prints without end
said-look-at-the-user-s-bashrc-there-f79fc = look at the user's .bashrc there
said-the-agent-could-not-be-put-under-aa6ad = the agent could not be put under { $v1 }: { $v2 }
said-the-host-s-disk-is-full-or-has-no-7f6ab = the host's disk is full, or has no inodes left (`df -i`); nothing was kept there
said-is-usr-local-mounted-noexec-there-or-e22e7 = is /usr/local mounted noexec there, or the host not Linux on { $processor }?
said-is-the-host-s-usr-local-writable-238a2 = is the host's /usr/local writable?
said-the-agent-runs-as-root-from-move-3c14f = the agent runs as root from { $v1 }: move what is there away; nothing was changed
said-is-mounted-noexec-and-the-agent-runs-69cc2 = { $place } is mounted noexec, and the agent runs from { $v2 }
said-mount-o-remount-exec-there-and-78d44 = `mount -o remount,exec { $place }` there, and without noexec in /etc/fstab; nothing was changed

## apply::retry

said-nothing-is-known-of-an-earlier-run-1be40 = nothing is known of an earlier run with { $v1 }
said-retry-failed-repeats-what-failed-501d7 = --retry-failed repeats what failed; leave it out the first time
said-creating-the-folder-of-01998 = creating the folder of { $v1 }

## apply::root

said-the-user-may-not-become-root-with-03fd9 = the user may not become root with doas: { $v1 }
said-allow-it-in-doas-conf-permit-user-as-2d559 = allow it in doas.conf (`permit USER as root`; with `nopass` no password is asked for), or connect as root
said-take-defaults-requiretty-out-of-the-0be20 = take `Defaults requiretty` out of the host's sudoers, or connect as root
said-connect-as-root-or-allow-the-user-f75b9 = connect as root, or allow the user sudo, without a password (NOPASSWD) or with
said-doas-did-not-take-the-password-bd571 = doas did not take the password

## apply::session

said-only-an-apply-restarts-a-host-60245 = only an apply restarts a host
said-the-host-was-not-back-minutes-after-76322 = the host was not back { $v1 } minutes after it was restarted: { $error }
said-the-agent-was-staged-but-is-not-8fbae = the agent was staged but is not found on the host
said-does-something-there-clear-usr-local-afdaf = does something there clear /usr/local/lib/agi-provision?
said-the-agent-ended-without-its-last-73cb7 = the agent ended without its last word: { $v1 }
said-reading-the-agent-s-answer-c5bcb = reading the agent's answer
said-the-host-says-more-than-mib-f32ae = the host says more than { $v1 } MiB
said-is-the-agent-there-the-one-that-was-65a62 = is the agent there the one that was staged? `remove` and apply again
said-is-done-7727b = is done
said-the-same-command-again-carries-on-3755e = the same command again carries on where it stopped

## apply::show_json

said-another-host-on-the-same-machine-b492b = another host on the same machine

## apply::upload

said-the-host-asks-for-which-was-not-11abf = the host asks for { $v1 }, which was not offered
said-the-host-asks-for-bytes-that-has-not-40ccc = the host asks for bytes that { $v1 } has not
said-became-shorter-while-it-was-sent-cb728 = { $v1 } became shorter while it was sent
said-apply-again-when-nothing-writes-to-3aa2c = apply again when nothing writes to that file

## checked::checksum

said-that-is-64-lower-case-hex-digits-50e4f = that is 64 lower-case hex digits

## checked::endpoint

said-an-address-of-a-server-61e5f = an address of a server
said-its-bracket-does-not-end-19c26 = its bracket does not end
said-is-no-ipv6-address-e7815 = { $host } is no IPv6 address
said-what-follows-the-bracket-is-no-port-31158 = what follows the bracket is no port
said-an-ipv6-address-is-written-in-4cb4e = an IPv6 address is written in brackets: [2001:db8::7]:8080
said-is-no-port-e43df = { $port } is no port
said-is-no-address-and-no-name-of-a-host-52da3 = { $name } is no address and no name of a host

## checked::names

said-a-plain-file-name-2eab9 = a plain file name
said-the-name-of-a-unit-94973 = the name of a unit
said-a-model-s-name-3fad2 = a model's name
said-an-image-pinned-by-its-digest-5003a = an image pinned by its digest
said-a-name-for-a-balanced-server-ebd98 = a name for a balanced server
said-it-does-not-end-in-sha256-and-the-a2e37 = it does not end in @sha256: and the digest
said-its-digest-is-not-64-lower-case-hex-028e7 = its digest is not 64 lower-case hex digits
said-it-has-the-character-6f6fc = it has the character { $odd }
said-a-part-of-its-name-is-empty-or-5136d = a part of its name is empty or begins with a sign
said-it-has-a-slash-or-a-backslash-850f8 = it has a slash or a backslash
said-it-does-not-end-in-c07b2 = it does not end in .{ $v1 }
said-it-begins-with-9bd42 = it begins with { $first }

## checked::numbers

said-a-mode-for-a-bundle-s-file-8d45f = a mode for a bundle's file
said-it-has-more-than-permission-bits-780dd = it has more than permission bits
said-others-could-write-the-file-6e983 = others could write the file
said-that-is-four-octal-digits-a0c87 = that is four octal digits
said-those-are-1-to-65535-8c654 = those are 1 to 65535

## checked::places

said-an-absolute-path-of-a-host-15e3e = an absolute path of a host
said-a-relative-path-that-stays-in-its-c2d79 = a relative path that stays in its folder
said-a-target-for-a-bundle-s-link-3fb4f = a target for a bundle's link
said-it-does-not-begin-with-a-slash-fbe7d = it does not begin with a slash
said-it-does-not-lie-below-c8db7 = it does not lie below { $v1 }
said-it-has-an-empty-part-3e9e3 = it has an empty part
said-it-has-the-part-df340 = it has the part { $part }
said-it-has-a-backslash-8f423 = it has a backslash
said-a-part-of-it-has-more-than-bytes-44aec = a part of it has more than { $longest_part } bytes

## checked::text

said-is-not-081d6 = { $v1 } is not { $v2 }: { $v3 }
said-it-has-the-character-u-09ab8 = it has the character U+{ $v1 }
said-it-is-empty-05609 = it is empty
said-it-has-bytes-and-are-the-most-9aa4c = it has { $found } bytes, and { $most } are the most
said-it-is-not-utf-8-394a9 = it is not UTF-8

## checked::url

said-an-address-for-downloads-0c948 = an address for downloads
said-an-address-of-a-proxy-aabcc = an address of a proxy
said-is-not-http-or-https-c7fa4 = { $v1 } is not http or https
said-it-has-a-user-s-name-or-a-password-6c1ed = it has a user's name or a password, which belongs into the host's /etc/environment
said-it-is-more-than-a-host-and-a-port-fad53 = it is more than a host and a port, such as http://10.0.0.1:3128
said-http-is-for-addresses-of-a-private-6cdd8 = http is for addresses of a private network; give https
said-it-does-not-begin-with-https-and-a-15a52 = it does not begin with https:// and a host
said-is-not-https-2b511 = { $other } is not https
said-it-has-a-user-s-name-or-a-password-705fc = it has a user's name or a password
said-it-has-a-fragment-e2b09 = it has a fragment

## cli::apply

said-expected-two-addresses-such-as-https-e505e = expected two addresses, such as https://huggingface.co/=https://mirror.example/
said-tls-cert-is-for-an-api-that-is-open-04b30 = --tls-cert is for an API that is open to others
said-add-expose-cidr-1733c = add --expose CIDR
said-what-has-begun-on-a-host-goes-on-640bd = what has begun on a host goes on there; the same command again shows its progress
said-was-looked-at-and-is-planned-for-as-b1b2a = { $name } was looked at and is planned for as it is; --profile or --budget make a promise of it:
said-nothing-to-apply-8f827 = nothing to apply: { $v1 }
said-agi-provision-plan-with-the-same-95237 = `agi-provision plan` with the same flags for model and machine shows the ledger
said-the-plan-pins-the-container-image-84a94 = { $given }: the plan pins the container image { $image }
said-leave-it-out-or-plan-without-runtime-d6505 = leave it out, or plan without --runtime-image
said-apply-asks-before-it-changes-a-host-c8859 = apply asks before it changes a host
said-add-yes-or-check-to-see-what-would-deb91 = add --yes, or --check to see what would change

## cli::apply_hosts

said-what-has-begun-on-a-host-goes-on-87871 = what has begun on a host goes on there; the same command again brings all of them together
said-tls-cert-is-for-an-api-that-is-open-fd013 = --tls-cert is for an API that is open to others, which one over several hosts is not
said-leave-tls-cert-and-tls-key-out-b53a0 = leave --tls-cert and --tls-key out
said-the-host-tells-nothing-of-itself-61edf = the host tells nothing of itself
said-name-the-worker-by-an-address-that-bbeac = name the worker by an address that the head reaches it by: `--hosts head,10.0.0.2`
said-not-begun-as-a-worker-failed-the-59c51 = not begun, as a worker failed; the host is as it was
said-taken-back-as-another-host-failed-f69af = { $name }: taken back, as another host failed
said-is-no-generation-601d2 = { $generation } is no generation
said-the-same-generation-serves-as-before-d8f2b = the same generation serves as before
said-rolled-back-as-another-host-failed-188af = rolled back, as another host failed; the old generation serves again
said-taken-away-again-as-another-host-9794a = taken away again, as another host failed; nothing served here before

## cli::bundle

said-nothing-to-bundle-d7099 = nothing to bundle: { $v1 }
said-agi-provision-plan-with-the-same-86d81 = `agi-provision plan` with the same flags shows the ledger
said-the-plan-uses-no-cards-no-driver-is-8d2c6 = the plan uses no cards: no driver is installed for it
said-leave-driver-out-or-plan-for-a-bfdf0 = leave --driver out, or plan for a profile with cards
said-is-as-it-should-be-nothing-changed-da1f0 = { $v1 } is as it should be; nothing changed
said-wrote-files-to-8c9aa = wrote { $count } files to { $v2 }
said-the-seed-does-not-carry-and-no-a4be1 = the seed does not carry { $unpinned }, and no download is pinned: the machine's image must have it
said-give-model-file-and-runtime-archive-71e3e = give --model-file and --runtime-archive here
said-not-pinned-and-not-carried-ff5d0 = not pinned and not carried: { $unpinned }
said-give-the-files-here-or-to-apply-with-2dec0 = give the files here or to `apply`, with --model-file and --runtime-archive
said-the-seed-does-not-carry-the-machine-a7dbd = the seed does not carry { $downloaded }: the machine downloads it at its first boot
said-model-file-and-runtime-archive-put-1ad62 = --model-file and --runtime-archive put it on the seed

## cli::bundle_hosts

said-the-hosts-of-one-model-have-to-know-52dda = the hosts of one model have to know each other, which no first boot brings about
said-agi-provision-apply-hosts-brings-e11be = `agi-provision apply --hosts` brings them up together; leave the seed, the cloud, the driver and the targets out

## cli::config

said-project-file-d8a62 = project file: { $v1 }
said-user-s-configuration-51804 = user's configuration: { $v1 }

## cli::doctor

said-nothing-was-changed-6b88b = nothing was changed
said-ssh-v-to-the-same-host-shows-more-aa83b = `ssh -v` to the same host shows more
said-logged-in-and-the-agent-runs-fdb91 = logged in, and the agent runs

## cli::doctor::here

said-runs-on-linux-hosts-73319 = { $path } runs on Linux hosts
said-others-may-read-32809 = others may read { $path }
said-check-the-spelling-etc-resolv-conf-434e0 = check the spelling, /etc/resolv.conf and the network; hosts can be given by address, and plans need no network
said-with-a-passphrase-06aad = { " " }(with a passphrase)
said-no-key-file-ssh-agent-holds-one-be3c2 = no key file; ssh-agent holds one
said-no-private-key-that-can-be-used-and-f5b53 = no private key that can be used, and none in ssh-agent: hosts are asked for a password
said-ssh-keygen-t-ed25519-makes-one-ssh-13c3b = `ssh-keygen -t ed25519` makes one, `ssh-copy-id USER@HOST` puts it on a host; or name yours with --identity
said-it-holds-no-key-c48ee = it holds no key
said-ssh-add-gives-it-yours-2de6e = `ssh-add` gives it yours
said-it-does-not-answer-23370 = it does not answer: { $why }
said-start-one-eval-ssh-agent-or-unset-b9d65 = start one (`eval $(ssh-agent)`), or unset SSH_AUTH_SOCK
said-is-known-by-cfee3 = { $name } is known by { $v2 }
said-known-hosts-there-is-no-such-file-cc523 = known_hosts (there is no such file yet)
said-is-not-in-10fdf = { $name } is not in { $files }
said-compare-the-fingerprint-that-is-ebc50 = compare the fingerprint that is shown with the one that your provider shows, then give --accept-new-host-key once, or --host-key SHA256:…
said-its-state-may-not-be-read-as-in-a-60bbe = its state may not be read, as in a container
said-kept-right-by-a-time-service-37b87 = kept right by a time service
said-no-time-service-keeps-it-right-18853 = no time service keeps it right; certificates of downloads are checked by it
said-timedatectl-set-ntp-true-sets-it-94cfa = `timedatectl set-ntp true` sets it

## cli::doctor::host

said-held-by-6583b = held by { $holder }
said-wait-until-it-ends-apply-waits-too-da85e = wait until it ends; apply waits too
said-the-plan-needs-found-96a12 = the plan needs { $v1 }, found { $v2 }
said-agi-provision-verify-says-what-would-8d606 = { $v1 }; `agi-provision verify` says what would fit
said-promised-found-0f5ea = promised { $v1 }, found { $v2 }
said-it-is-less-than-what-was-paid-for-022aa = it is less than what was paid for; --strict refuses it
said-logged-in-as-root-5a15a = logged in as root
said-sudo-without-a-password-68b7c = sudo without a password
said-sudo-asks-for-a-password-5068b = sudo asks for a password
said-it-is-asked-for-once-scripts-give-6dcb8 = it is asked for once; scripts give --sudo-password-stdin or AGI_PROVISION_SUDO_PASSWORD
said-no-way-to-become-root-a4c7d = no way to become root
said-log-in-as-root-or-put-the-user-into-747f9 = log in as root, or put the user into the group sudo
said-the-host-is-not-run-by-systemd-b1280 = the host is not run by systemd
said-take-a-virtual-machine-instead-of-a-84272 = take a virtual machine instead of a container
said-install-the-maker-s-driver-docs-gpu-beb52 = install the maker's driver (docs/gpu.md); until then models run on the CPU there
said-no-graphics-card-to-drive-models-run-92b37 = no graphics card to drive: models run on the CPU
said-llama-cpp-for-759e1 = { $version }; llama.cpp { $build } for { $kind }
said-free-of-on-3e355 = { $v1 } free of { $v2 } on { $v3 }
said-mount-o-remount-rw-dmesg-says-why-it-88cd4 = mount -o remount,rw { $v1 }; `dmesg` says why it is read-only
said-give-the-files-here-model-file-and-a4fe1 = give the files here: --model-file and --runtime-archive; or --mirror FROM=TO
said-answers-after-s-3734b = { $v1 } answers after { $seconds } s
said-does-not-answer-29d8d = { $v1 } does not answer
said-not-asked-the-plan-pins-no-address-f314c = not asked: the plan pins no address (--resolve)

## cli::exposed

said-the-certificate-was-not-kept-here-25225 = the certificate was not kept here: { $error }
said-its-public-key-which-stays-5f905 = ; its public key, which stays: { $pin }
said-no-home-030c1 = no HOME

## cli::first_boot

said-agent-url-has-an-address-twice-or-ed466 = --agent-url has an address twice, or more than { $most_urls }
said-give-each-address-once-they-are-bfa46 = give each address once; they are tried in the order given
said-give-agent-file-the-agi-provision-293e9 = give --agent FILE: the agi-provision executable of a release for the machine, or --agent-sha256 and --agent-size of the one at the address
said-is-no-program-for-linux-d5e5d = is no program for Linux: { $error }
said-is-not-linked-statically-it-needs-60ac9 = is not linked statically (it needs { $loader }): another system may not start it
said-give-the-bytes-of-as-base64-fileb-af762 = give { $v1 } the bytes of { $file }, as Base64 (`fileb://`, `filebase64()`): it is compressed, and cloud-init unpacks it
said-give-the-text-of-0dba3 = give { $v1 } the text of { $file }
said-at-its-first-boot-the-machine-a9f35 = at its first boot the machine fetches the program of { $v1 } bytes, SHA-256 { $v2 }, from { $v3 }
said-user-data-bytes-of-030d4 = user-data: { $counted } bytes, of { $v2 }; { $hand_over }
said-cloud-init-does-not-bring-this-fae7d = cloud-init/{ $user_data } does not bring this program: the machine's image must carry it as { $v2 }, or the first boot fails
said-agent-url-names-where-the-machine-0e5fe = --agent-url names where the machine fetches it; `agi-provision apply` over SSH needs neither
said-publishes-no-limit-on-user-data-7ae28 = { $v1 } publishes no limit on user-data (looked on { $v2 } in { $v3 })
said-if-it-refuses-the-file-start-the-82db8 = if it refuses the file, start the machine without and use `agi-provision apply --host`
said-user-data-brings-no-files-of-this-6793b = user-data brings no files of this size, and no download of { $v1 } is pinned: the machine's image must have it, or the first boot fails
said-plan-resolve-out-file-pins-what-is-0e2b1 = `plan --resolve --out FILE` pins what is published; then `bundle --plan FILE`

## cli::hosts

said-expected-a-number-from-1-to-512-b5167 = expected a number from 1 to 512
said-no-host-is-named-f13e5 = no host is named
said-give-host-user-name-port-inventory-44d2f = give --host [user@]name[:port], --inventory FILE, or --local
said-the-line-is-empty-52747 = the line is empty
said-there-is-no-line-2d810 = there is no line
said-nothing-failed-last-time-93eba = nothing failed last time
said-no-host-is-left-bc521 = no host is left
said-of-589a0 = { $why } of { $v2 }
said-look-at-limit-and-retry-failed-7d0e7 = look at --limit and --retry-failed
said-what-failed-was-not-noted-for-retry-809a3 = what failed was not noted for --retry-failed: { $error }
said-reads-a-line-on-stdin-21b52 = { $flag } reads a line on stdin: { $why }
said-one-line-each-in-this-order-key-add26 = one line each, in this order: key passphrase, login password, sudo password

## cli::init

said-is-there-already-and-nothing-was-10e23 = { $v1 } is there already, and nothing was written
said-agi-provision-config-show-says-what-ac6de = `agi-provision config show` says what holds here; --out FILE writes elsewhere
said-init-needs-a-model-and-there-is-no-425d1 = init needs a model, and there is no terminal to ask on
said-give-model-agi-provision-models-use-033a3 = give --model; `agi-provision models --use chat` lists names
said-is-there-a-host-already-user-name-or-3375a = Is there a host already? [user@]name, or nothing where one is still to be rented:
said-what-may-it-cost-at-most-300-month-0-80fa3 = What may it cost at most? 300/month, 0.6/hour, or nothing for no limit:
said-hint-d61f6 = hint: { $hint }
said-chat-code-or-russian-a4996 = chat, code or russian
said-which-model-a-name-hf-owner-3aee4 = Which model? A name, hf:owner/repository, a .gguf file, or a use ({ $words }) for a list:
said-a-model-is-needed-ctrl-c-ends-this-55aa8 = a model is needed; Ctrl-C ends this
said-and-older-ones-agi-provision-models-3e608 = { "  " }and { $more } older ones: `agi-provision models`
said-there-is-no-file-a2764 = there is no file { $text }
said-give-the-path-of-a-gguf-file-a51af = give the path of a .gguf file
said-is-no-budget-ca5fd = { $text } is no budget: { $why }
said-such-as-300-month-0-6-hour-250eur-49a91 = such as 300/month, 0.6/hour, 250EUR/month or 5000RUB/month
said-agi-provision-plan-which-machine-is-810d3 = { "  " }agi-provision plan        which machine is enough, with which settings

## cli::inspect

said-the-plan-has-no-requirement-38635 = the plan has no requirement { $id }
said-its-requirements-f9747 = its requirements: { $v1 }
said-follow-follows-one-host-08d4e = --follow follows one host
said-name-one-with-host-or-leave-follow-cca93 = name one with --host, or leave --follow out
said-error-writing-to-stdout-69b8d = error: writing to stdout: { $error }
said-make-a-new-api-key-on-the-servers-a5cd8 = Make a new API key on { $v1 }? The servers restart, and clients with the old key are cut off.
said-key-rotate-asks-before-it-cuts-b4521 = key rotate asks before it cuts clients off
said-what-has-begun-on-a-host-goes-on-50f94 = what has begun on a host goes on there; `key show` tells the key
said-remove-the-server-its-models-and-its-ee9b0 = Remove the server, its models and its key from { $v1 }?
said-remove-asks-before-it-deletes-28b61 = remove asks before it deletes
said-a-host-may-be-half-removed-the-same-827d7 = a host may be half removed; the same command again finishes

## cli::model_arg

said-is-a-name-of-ollama-s-taken-as-whose-f9caf = { $name } is a name of ollama's: taken as { $id }, whose files are { $repository }'s on Hugging Face
said-is-an-embedding-model-it-gives-b9f2d = { $id } is an embedding model: it gives vectors, not answers
said-rag-rag-model-puts-it-beside-a-model-a4e72 = --rag --rag-model { $id } puts it beside a model that answers
said-is-a-reranker-it-gives-scores-not-b8a58 = { $id } is a reranker: it gives scores, not answers
said-agi-provision-models-use-chat-lists-03d36 = `agi-provision models --use chat` lists the models that answer
said-is-named-with-and-quant-asks-for-117f1 = { $id } is named with { $tagged }, and --quant asks for { $quant }
said-a-published-quantisation-b354e = a published quantisation
said-reading-of-5a91c = reading { $quant } of { $repository }
said-has-none-of-the-files-known-for-8d694 = { $repository } has none of the files known for { $v2 }
said-name-the-repository-and-one-of-its-1fc1f = name the repository and one of its quantisations: hf:owner/repository:quant
said-has-no-file-at-afe11 = { $repository } has no file { $path } at { $v3 }
said-model-hf-takes-one-that-it-has-928a2 = --model hf:{ $repository } takes one that it has
said-has-its-models-cut-in-pieces-53d87 = { $repository } has its models cut in pieces: { $v2 }
said-download-the-pieces-join-them-in-2f531 = download the pieces, join them in their order with cat, and give the file: --model ./model.gguf
said-has-no-gguf-file-but-safetensors-f3ea3 = { $repository } has no GGUF file, but safetensors
said-engine-serves-it-or-look-for-a-a3c75 = --engine { $v1 } serves it; or look for a repository of the model whose name ends in GGUF
said-has-no-gguf-file-0b5bf = { $repository } has no GGUF file
said-look-for-a-repository-of-the-model-a42de = look for a repository of the model whose name ends in GGUF
said-any-quantisation-8e30b = any quantisation
said-has-no-file-of-31925 = { $repository } has no file of { $asked }
said-it-has-973e8 = it has { $v1 }
said-and-more-53a76 = { " " }(and { $v1 } more)
said-has-models-that-could-be-meant-f4ec5 = { $repository } has { $v2 } models that could be meant
said-name-one-016d0 = name one: { $v1 }{ $more }
said-of-the-split-model-is-missing-in-the-536d2 = { $name } of the split model is missing in the repository
said-name-another-quantisation-or-64901 = name another quantisation or repository: the model's page lists its files
said-give-the-file-another-name-it-eb8ec = give the file another name: it becomes a name on the host
said-is-not-63656 = { $v1 } is { $v2 }, not { $asked }
said-leave-quant-out-a-file-has-one-782d0 = leave --quant out: a file has one quantisation
said-a-directory-c424f = a directory
said-not-a-regular-file-2737d = not a regular file
said-is-d6815 = { $v1 } is { $what }
said-name-a-gguf-file-aa4e8 = name a .gguf file
said-download-it-again-or-compare-its-bc7d5 = download it again, or compare its size and SHA-256 with the publisher's
said-name-a-gguf-file-of-this-model-many-bb659 = name a GGUF file of this model: many are published, and convert_hf_to_gguf.py of llama.cpp makes one from the model's folder
said-the-file-is-which-this-engine-does-1212c = the file is { $format }, which this engine does not serve
said-engine-serves-it-or-e944e = --engine { $v1 } serves it; or { $make }
said-the-file-is-which-no-engine-here-e7962 = the file is { $format }, which no engine here serves

## cli::model_parts

said-the-file-is-part-of-but-are-named-7b34c = the file is part of { $declared }, but { $count } are named
said-the-first-part-is-not-part-1-of-the-5bdac = the first part is not part 1 of the model: its parts are in the wrong order
said-part-of-the-model-says-that-it-is-5f237 = part { $number } of the model says that it is another: its parts are in the wrong order
said-the-parts-hold-tensors-of-one-is-of-84d6b = the parts hold { $found } tensors of { $expected }: one is of another model, or named twice
said-keep-the-publisher-s-names-name-caf47 = keep the publisher's names, NAME-00001-of-00003.gguf and so on, with all parts in one folder
said-is-not-a-part-of-1ba51 = { $name } is not a part of { $count }
said-parts-are-called-name-00001-of-00003-3db34 = parts are called NAME-00001-of-00003.gguf and so on, as llama.cpp's gguf-split names them
said-of-the-split-model-is-missing-3783a = { $v1 } of the split model is missing
said-all-parts-must-lie-in-one-directory-803df = all parts must lie in one directory

## cli::models

said-no-model-of-the-registry-is-all-of-6f5c3 = no model of the registry is all of that
said-beside-a-model-that-answers-8a9b5 = beside a model that answers
said-codes-are-those-of-iso-639-1-such-as-ae4ef = codes are those of ISO 639-1, such as ru, en or de
said-agi-provision-models-lists-them-328db = `agi-provision models` lists them
said-known-c1572 = known: { $v1 }
said-did-you-mean-3f8e7 = did you mean { $v1 }?
said-no-model-of-the-registry-has-the-75a45 = no model of the registry has the { $what } { $asked }
said-not-seen-6bc85 = not seen
said-also-called-60b8b = also called
said-chat-template-7f817 = chat template
said-for-a-token-267ea = , { $v1 } for a token
said-trained-for-420cf = trained for
said-layers-of-heads-on-of-vocabulary-0ada9 = { $v1 }: { $v2 } layers of { $v3 }, { $v4 } heads on { $v5 } of { $v6 }, vocabulary { $v7 }
said-of-experts-c09ad = , { $v1 } of { $v2 } experts
said-in-the-published-file-b2977 = in the published file
said-of-the-model-s-card-c9e3c = { $name }, of the model's card
said-none-a-base-model-which-completes-49ebc = none: a base model, which completes text

## cli::offers

said-the-sources-are-and-for-currencies-b486d = the sources are { $v1 }, and { $rates } for currencies
said-no-known-offer-is-all-of-that-a3490 = no known offer is all of that
said-the-cheapest-of-profile-provider-and-4c1f4 = the cheapest { $shown } of { $count }; --profile, --provider and --vm choose, --format json has all
said-known-agi-provision-offers-update-b52e2 = known: { $v1 }; `agi-provision offers update` reads more
said-no-offer-is-of-a-provider-called-b5618 = no offer is of a provider called { $name }
said-up-to-9c50b = up to{ " " }
said-days-old-985d4 = { " " }({ $most }{ $days } days old)
said-nothing-there-1c0f9 = { $v1 } (nothing there)
said-offers-in-78391 = { $v1 } offers in { $v2 }
said-what-was-known-of-them-is-kept-0dd58 = what was known of them is kept
said-failed-83ceb = failed: { $v1 }; { $kept }
said-the-same-command-again-tries-all-9470a = the same command again tries all; --source and --from name a source and where it is
said-warning-nothing-is-at-4e08b = warning: { $name }: nothing is at { $address }
said-offers-in-rows-40822 = { $name }: { $offers } offers in { $rows } rows{ $unused }
said-line-is-not-used-cd84d = { $address }: line { $v2 }: { $v3 } is not used: { $v4 }
said-warning-this-row-is-left-out-04cd9 = warning: { $address }: { $row }; this row is left out
said-warning-more-rows-are-left-out-15ffc = warning: { $address }: { $v2 } more rows are left out
said-warning-it-is-not-in-the-catalogue-c3f79 = warning: { $name }: it is not in the catalogue any more

## cli::output

said-writing-to-stdout-91d6f = writing to stdout
said-and-there-is-no-terminal-to-ask-on-8922a = { $unasked }, and there is no terminal to ask on
said-not-confirmed-nothing-was-done-dcec4 = not confirmed; nothing was done
said-asking-on-stderr-ea1f1 = asking on stderr
said-reading-the-answer-eb8ea = reading the answer
said-there-was-no-answer-nothing-was-done-9653c = there was no answer; nothing was done

## cli::over_hosts

said-hosts-is-given-with-link-d5c71 = --hosts is given with --link
said-agi-provision-plan-with-the-same-3661d = `agi-provision plan` with the same flags shows the ledger of every host
said-these-hosts-do-not-hold-the-model-73b3a = these hosts do not hold the model: { $v1 }
said-hosts-names-the-hosts-already-12bfa = --hosts names the hosts already
said-leave-host-and-local-out-inventory-44747 = leave --host and --local out; --inventory has hosts and groups that --hosts may name
said-is-no-host-and-no-group-of-3699a = { $v1 } is no host and no group of { $v2 }
said-hosts-names-the-head-first-and-then-e231b = --hosts names the head first and then its workers, or a group of which the first host is the head
said-is-this-machine-which-workers-and-8f3b8 = { $name } is this machine, which workers and head do not reach each other by
said-give-the-inventory-an-address-of-it-d4d9f = give the inventory an address of it and a way in by SSH
said-has-a-plan-of-its-own-and-is-to-be-a-8bf17 = { $name } has a plan of its own, and is to be a part of one over several hosts
said-take-plan-out-of-its-entry-3b826 = take `plan` out of its entry

## cli::plan

said-use-on-or-off-a5f2f = use on or off
said-skopeo-inspect-format-name-digest-5e13c = `skopeo inspect --format '{ "{" }.Name{ "}" }@{ "{" }.Digest{ "}" }' docker://IMAGE` tells it
said-a-tag-alone-may-be-another-image-305d9 = { $refused }: a tag alone may be another image tomorrow; { $pin }
said-it-names-no-registry-docker-io-is-36cc9 = it names no registry: docker.io/{ $text } is one of Docker Hub's
said-expected-tokens-s-such-as-7-or-0-5-d605f = expected tokens/s, such as 7 or 0.5
said-did-you-mean-0a145 = did you mean { $v1 }?{ " " }
said-no-machine-on-offer-is-called-6984f = no machine on offer is called { $profile }
said-agi-provision-offers-lists-provider-2578d = { $lead }`agi-provision offers` lists provider and instance
said-cannot-be-planned-for-830f4 = { $profile } cannot be planned for: { $why }
said-agi-provision-offers-lists-other-d9900 = `agi-provision offers` lists other machines
said-expose-lets-nearly-everyone-try-the-4d861 = --expose { $range } lets (nearly) everyone try the API's key
said-name-the-addresses-that-need-it-or-d20e1 = name the addresses that need it, or add --expose-everyone
said-resolve-reads-one-model-s-repository-5b189 = --resolve reads one model's repository, and no model is named
said-leave-it-out-and-give-it-with-the-ce61a = leave it out, and give it with the --model of the list
said-the-models-of-the-list-are-gguf-cf598 = the models of the list are GGUF files, which { $v1 } does not serve
said-leave-engine-out-or-name-a-model-c99ff = leave --engine out, or name a model: --model hf:owner/repository
said-runtime-image-comes-as-an-archive-79339 = --runtime-image: { $v1 } comes as an archive
said-runtime-archive-gives-one-docs-20e3d = --runtime-archive gives one; docs/engines.md says which engine comes as an image
said-runtime-image-does-not-start-21f97 = --runtime-image: { $tag } does not start { $v2 }
said-the-image-that-does-has-the-tag-f08ac = the image that does has the tag { $server }
said-runtime-image-is-of-build-and-the-bf839 = --runtime-image is of build { $build }, and the plan for { $v2 }: arguments and memory are settled for that one
said-take-the-image-of-or-plan-with-llama-b1cf7 = take the image of { $v1 }, or plan with --llama-build { $build }
said-runtime-packages-no-distribution-fed5b = --runtime-packages: no distribution packages { $v1 }
said-leave-it-out-or-plan-with-engine-c3f8b = leave it out, or plan with --engine { $v1 }
said-llama-build-the-distribution-s-63c13 = --llama-build { $named }: the distribution's packages have { $packaged }
said-leave-llama-build-out-or-runtime-2dfc9 = leave --llama-build out, or --runtime-packages
said-no-model-is-named-5e204 = no model is named
said-give-model-name-or-model-file-gguf-af464 = give --model NAME or --model FILE.gguf; `agi-provision models` lists names, and `agi-provision plan` with --budget, --profile or --host alone the best few for that

## cli::plan_command

said-format-html-is-for-the-plan-of-one-a58fe = --format html is for the plan of one machine
said-with-hosts-format-text-or-json-a48c3 = with --hosts: --format text or json
said-format-html-explain-and-out-are-for-1df5a = --format html, --explain and --out are for the plan of one model
said-name-it-with-model-without-these-the-640c0 = name it with --model; without these the best few models are listed

## cli::plan_hosts

said-more-than-hosts-are-named-c2db3 = more than { $most } hosts are named
said-one-server-spreads-layers-over-16-f53f6 = one server spreads layers over 16 devices
said-is-no-number-of-machines-db2c4 = { $name } is no number of machines
said-from-1-to-of-one-3x-gpu-24gb-40b78 = from 1 to { $most } of one: 3x(gpu-24gb)
said-is-no-file-of-facts-and-no-class-of-51e5d = { $name } is no file of facts and no class of machines
said-a-bundle-is-made-without-a-network-b1538 = a bundle is made without a network: `agi-provision probe --host { $name } --format json >{ $name }.json`

## cli::project

said-in-the-environment-8adfc = { $name } in the environment
said-a-command-that-was-found-deb4b = a command that was found
said-the-command-apply-2dc29 = the command apply
said-and-exclude-each-other-a7273 = { $v1 } and { $v2 } exclude each other
said-leave-one-of-them-out-66d29 = leave one of them out
said-there-is-no-project-file-c7377 = there is no project file { $v1 }
said-agi-provision-init-writes-one-d44f6 = `agi-provision init` writes one
said-finding-the-working-folder-dddc6 = finding the working folder
said-it-takes-what-takes-agi-provision-6c29b = it takes what --{ $v1 } takes; `agi-provision apply --help` says what
said-it-takes-what-takes-5280c = it takes what --{ $v1 } takes
said-it-is-neither-true-nor-false-bfa15 = it is neither true nor false

## cli::project::file

said-it-is-not-toml-007df = it is not TOML: { $v1 }
said-a-value-in-quotes-after-a-key-and-faba5 = a value in quotes after a key and =, one on each line: model = "saiga-8b"
said-is-a-table-309fa = { $table } is a table
said-write-on-a-line-of-its-own-and-its-e2f41 = write [{ $table }] on a line of its own, and its keys below
said-did-you-mean-1f765 = did you mean [{ $near }]?
said-the-tables-are-6c423 = the tables are { $v1 }
said-unknown-table-f8605 = unknown table { $v1 }
said-would-be-a-secret-and-this-file-is-7afcf = { $v1 } would be a secret, and this file is kept and shared
said-give-it-when-it-is-asked-for-with-981e6 = give it when it is asked for, with --password-stdin and the like, or in the environment: AGI_PROVISION_PASSWORD, AGI_PROVISION_SUDO_PASSWORD, AGI_PROVISION_PASSPHRASE, HF_TOKEN
said-above-the-first-table-c7805 = { $v1 } above the first [table]
said-it-is-8a0f8 = it is { $v1 }
said-known-here-docs-project-md-has-all-d9332 = known here: { $v1 }; docs/project.md has all
said-or-58c68 = , or{ " " }
said-unknown-key-15256 = unknown key { $v1 }{ $within }
said-a-project-s-file-may-not-set-979b3 = a project's file may not set { $v1 }: { $why }
said-give-or-the-same-key-in-config-agi-47598 = give --{ $v1 }, { $v2 } or the same key in ~/.config/agi-provision/config.toml
said-it-takes-34f90 = it takes { $v1 }
said-the-list-is-empty-fa4d5 = the list is empty
said-has-a-character-that-nobody-sees-8d1ed = { $v1 } has a character that nobody sees

## cli::project::find

said-it-was-found-above-the-working-35a8a = it was found above the working folder, but another user owns it or may write to it
said-project-takes-it-all-the-same-a415a = --project { $v1 } takes it all the same, --project /dev/null none

## cli::project::setting

said-a-string-in-quotes-2b041 = a string in quotes
said-a-whole-number-without-quotes-3ba9d = a whole number, without quotes
said-a-number-without-quotes-51894 = a number, without quotes
said-true-or-false-f18f9 = true or false
said-on-or-off-bf2e0 = "on" or "off"
said-a-path-in-quotes-7f203 = a path in quotes
said-a-path-in-quotes-or-a-list-of-them-15f36 = a path in quotes, or a list of them
said-a-model-s-name-or-the-path-of-a-gguf-0b87a = a model's name or the path of a .gguf file, in quotes
said-a-string-in-quotes-or-a-list-of-them-6a0c4 = a string in quotes, or a list of them
said-a-host-such-as-root-203-0-113-7-or-a-ac4b7 = a host such as "root@203.0.113.7", or a list of them
said-an-ssh-configuration-can-start-2c3b3 = an SSH configuration can start programs on this machine
said-it-is-run-as-root-on-every-host-3be65 = it is run as root on every host

## cli::rag_arg

said-rag-model-wants-a-model-that-gives-209da = --rag-model wants a model that gives vectors; bge-m3 is known by name
said-has-no-file-e0354 = { $repository } has no file { $v2 }
said-name-another-embedding-model-rag-e27a8 = name another embedding model: --rag-model hf:owner/repository:quant

## cli::reconcile

said-agi-provision-probe-format-json-7e27b = `agi-provision probe --format json` writes them
said-has-no-facts-4fa09 = { $v1 } has no facts: { $why }
said-its-schema-is-not-b0899 = its schema is { $v1 }, not { $schema }
said-a-plan-is-for-one-host-9d9ec = a plan is for one host
said-plan-for-each-host-apart-46aea = plan for each host apart
said-the-host-sent-no-facts-bfecc = the host sent no facts

## cli::resolve

said-the-chosen-quantisation-is-one-of-aa197 = the chosen quantisation is one of the request's
said-the-plan-s-machine-is-one-of-the-7f485 = the plan's machine is one of the request's
said-the-runtime-stays-unpinned-comes-as-91609 = the runtime stays unpinned: { $v1 } comes as a container image, whose registry is not asked, and none is given
said-hint-runtime-image-repository-sha256-ffca6 = hint: --runtime-image REPOSITORY@sha256:DIGEST pins one; the registry's page, or `skopeo inspect`, has the digest
said-the-runtime-stays-unpinned-no-759d0 = the runtime stays unpinned: no archive of { $v1 } is known to be right for this machine
said-hint-download-the-one-for-it-and-4db64 = hint: download the one for it, and give it to `apply` with --runtime-archive
said-the-runtime-stays-unpinned-aed53 = the runtime stays unpinned: { $v1 }
said-note-is-right-fe391 = note: { $v1 } is right: { $v2 }
said-note-is-pinned-b33ab = note: { $v1 } is pinned: { $v2 }
said-hint-the-release-s-archives-for-cuda-f9dc6 = hint: the release's archives for CUDA are a pair for a driver and a C library that are new enough; `plan --host` with --resolve pins it where a host's are

## cli::rollback

said-go-back-to-the-previous-generation-37603 = Go back to the previous generation on { $v1 }?
said-rollback-asks-before-it-restarts-a-a8a13 = rollback asks before it restarts a server
said-what-has-begun-on-a-host-goes-on-53782 = what has begun on a host goes on there; `status` shows what serves

## cli::rollback_hosts

said-the-generation-that-serves-is-of-e63c4 = the generation that serves is of that plan already
said-as-before-as-another-host-failed-0cf5a = as before, as another host failed: { $v1 }
said-apply-the-plan-you-want-to-all-of-70a5f = apply the plan you want to all of them: `agi-provision apply --hosts`; every host is as it was
said-the-head-has-no-generation-before-c4537 = the head has no generation before { $serves }, which serves
said-the-head-had-no-plan-over-several-621bd = the head had no plan over several hosts before
said-has-no-generation-of-the-plan-that-57bcf = { $name } has no generation of the plan that the head had before

## cli::safetensors_arg

said-names-one-quantisation-or-file-and-b4b63 = { $name } names one quantisation or file ({ $file }), and { $v3 } reads a whole repository
said-is-known-by-its-gguf-files-which-7af15 = { $v1 } is known by its GGUF files, which { $v2 } does not serve
said-is-neither-a-folder-with-nor-a-72567 = { $model } is neither a folder with { $v2 } nor a repository
said-model-folder-or-model-hf-owner-95c1a = --model FOLDER or --model hf:owner/repository
said-is-which-does-not-serve-c2891 = { $v1 } is { $format }, which { $v3 } does not serve
said-is-no-file-of-a-model-f1c01 = { $v1 } is no file of a model
said-name-the-model-s-folder-which-has-319e1 = name the model's folder, which has config.json in it
said-a-file-lies-in-a-folder-f0551 = a file lies in a folder
said-engine-serves-it-bb4f4 = --engine { $v1 } serves it
said-no-engine-here-serves-it-look-for-48505 = no engine here serves it: look for the model's GGUF or safetensors files
said-known-are-in-16-bits-gptq-of-4-and-8-a61c3 = known are { $v1 }, in 16 bits, GPTQ of 4 and 8 bits, and AWQ of 4
said-download-it-again-from-the-model-s-a35e1 = download it again from the model's page
said-of-the-split-model-is-missing-in-874b9 = { $part } of the split model is missing in { $v2 }
said-the-files-of-one-model-belong-into-1693a = the files of one model belong into one folder
said-download-the-model-s-files-again-all-e6e01 = download the model's files again: all of one revision
said-leave-quant-out-such-a-model-has-one-ed8b6 = leave --quant out: such a model has one quantisation
said-give-the-folder-another-name-a0589 = give the folder another name
said-has-no-and-of-a-model-a9bca = { $v1 } has no { $v2 } and { $v3 } of a model
said-reads-a-model-s-folder-as-its-b4d05 = { $v1 } reads a model's folder as its publisher has it
said-is-not-a-regular-file-69107 = { $v1 } is not a regular file
said-name-the-folder-of-a-model-s-files-2a86f = name the folder of a model's files

## cli::self_update

said-looking-for-this-program-s-own-file-1b8b5 = looking for this program's own file

## cli::shell

said-has-no-completions-f72e1 = { $name } has no completions
said-writing-manual-pages-to-1b5d8 = writing manual pages to { $v1 }
said-wrote-the-manual-pages-to-cafea = wrote the manual pages to { $v1 }

## cli::source

said-agent-url-cloud-driver-and-the-cecfb = --agent-url, --cloud, --driver and the targets make
said-the-inventory-changes-a-part-of-the-88f78 = the inventory changes a part of the plan, but the plan is made already
said-give-model-and-flags-instead-of-plan-ace34 = give --model and flags instead of --plan or --bundle, or name plan files in the inventory
said-show-edits-prints-what-differs-and-312ae = --show-edits prints what differs, and --trust-edits takes it all the same, as root: only where you know who edited it
said-is-not-what-its-plan-makes-and-is-e2746 = { $v1 } is not what its plan makes, and is trusted: { $v2 }
said-as-root-or-in-its-place-00808 = as root or in its place: { $command }
said-note-this-plan-s-price-is-a-ffed5 = note: this plan's price is a container's; only a host with systemd can be applied to
said-the-bundle-anew-and-what-was-edited-a9cd0 = { $flags } the bundle anew, and what was edited in it would be lost
said-leave-out-or-make-the-bundle-anew-a174f = leave { $these } out, or make the bundle anew without the edits
said-reading-it-as-text-050f3 = reading it as text
said-is-not-a-plan-e9b8c = { $v1 } is not a plan: { $error }
said-agi-provision-plan-out-file-writes-109f9 = `agi-provision plan --out FILE` writes one
said-is-not-a-file-of-76a78 = { $name } is not a file of { $v2 }
said-its-files-64c98 = its files: { $v1 }
said-has-parameters-but-the-plan-is-for-9b47b = { $v1 } has { $found } parameters, but the plan is for { $v3 } with { $wanted }
said-plan-for-this-file-itself-model-634e7 = plan for this file itself: --model { $v1 }
said-this-is-another-file-than-the-one-8f135 = this is another file than the one planned for; download it again
said-the-plan-takes-llama-cpp-from-the-e1629 = { $given }: the plan takes llama.cpp from the distribution's packages
said-leave-it-out-or-plan-without-runtime-095e1 = leave it out, or plan without --runtime-packages
said-runtime-archive-is-there-several-ee529 = --runtime-archive is there several times, and an image is one file
said-give-the-oci-archive-of-the-image-4d63e = give the OCI archive of the image that --runtime-image names
said-give-the-archive-with-llama-server-19dbc = give the archive with llama-server and, for CUDA, the one with its libraries (cudart-…)
said-runtime-archive-is-there-times-7acf6 = --runtime-archive is there { $v1 } times
said-runtime-archive-have-the-same-name-71dd4 = --runtime-archive: { $both } have the same name or content

## cli::targets

said-kubernetes-or-target-skypilot-7ea16 = kubernetes or --target skypilot
said-balance-has-twice-9d131 = --balance has { $v1 } twice
said-give-each-server-once-name-host-port-30c40 = give each server once; NAME=HOST:PORT tells apart servers of one host
said-balance-has-more-than-servers-4557d = --balance has more than { $most } servers
said-put-a-balancer-in-front-of-each-part-61e7f = put a balancer in front of each part of them
said-is-for-target-ca565 = { $flag } is for --target { $target }
said-add-target-or-leave-out-aa9cd = add --target { $target }, or leave { $flag } out
said-target-kubernetes-needs-image-name-3ac5e = --target kubernetes needs --image NAME@sha256:…: no image is compiled in, as no digest was read
said-skopeo-inspect-format-name-digest-b1387 = `skopeo inspect --format '{ "{" }{ "{" }.Name{ "}" }{ "}" }@{ "{" }{ "{" }.Digest{ "}" }{ "}" }' docker://ghcr.io/ggml-org/llama.cpp:server-{ $v1 }` prints one; with cards it is server-cuda12-…, server-cuda13-…, server-rocm-… or server-vulkan-…

## cli::tunnel

said-tunnel-leads-to-one-host-aefa1 = tunnel leads to one host
said-give-one-host-user-name-port-for-367dc = give one --host [user@]name[:port]; for several, start several with --port
said-port-of-this-machine-cannot-be-used-89971 = port { $wanted } of this machine cannot be used: { $error }
said-name-another-with-port-n-port-0-24b39 = name another with --port N; --port 0 takes any that is free
said-connecting-again-a8f12 = { $v1 }; connecting again
said-connected-again-c11dc = connected again
said-another-program-has-its-port-c60e9 = another program has its port
said-it-is-not-our-server-that-listens-e2909 = it is not our server that listens there: { $who }
said-stop-that-program-on-the-host-then-c37e9 = stop that program on the host, then apply again
said-this-host-has-no-embedding-server-01668 = this host has no embedding server
said-apply-a-plan-with-rag-without-d0f12 = apply a plan with --rag; without --embedding the tunnel leads to the model
said-this-host-has-no-server-ccae7 = this host has no server { $wanted }
said-agi-provision-status-lists-those-a27f8 = `agi-provision status` lists those that it has
said-the-host-does-not-say-where-it-41683 = the host does not say where it listens
said-agi-provision-status-shows-what-53298 = `agi-provision status` shows what serves there
said-connecting-to-again-66bb0 = connecting to { $target } again

## elf::bytes

said-it-refers-to-more-than-any-program-fb1c7 = it refers to more than any program does
said-it-refers-to-what-lies-behind-its-0558c = it refers to what lies behind its end
said-a-name-in-it-is-not-text-1bd9f = a name in it is not text
said-a-name-in-it-has-no-end-645cf = a name in it has no end

## elf::failure

said-is-not-an-elf-file-for-a-64-bit-90734 = { $v1 } is not an ELF file for a 64-bit processor
said-is-damaged-0fe44 = { $v1 } is damaged: { $why }

## elf::image

said-another-processor-elf-machine-2ea97 = another processor (ELF machine { $number })
said-it-has-too-many-program-headers-d6c2f = it has too many program headers
said-it-refers-to-what-it-does-not-load-88643 = it refers to what it does not load

## engine

said-no-engine-is-called-f9ded = no engine is called { $name }: { $v2 }

## engine::arguments

said-texts-and-no-plan-has-more-than-de082 = { $texts } texts, and no plan has more than { $most }
said-is-not-one-that-a-plan-may-give-86505 = { $v1 } is not one that a plan may give
said-is-there-twice-5883b = { $name } is there twice
said-has-no-value-1e7fb = { $name } has no value
said-and-contradict-each-other-1373a = { $v1 } and { $v2 } contradict each other
said-is-not-a-whole-number-between-and-82d18 = is not a whole number between { $least } and { $most }
said-is-none-of-fc1b6 = is none of { $v1 }
said-is-not-a-row-of-at-most-whole-41339 = is not a row of at most { $cards } whole numbers
said-is-not-a-share-between-0-01-and-1-00-301b5 = is not a share between 0.01 and 1.00, with two digits
said-is-not-one-line-of-at-most-bytes-c4810 = is not one line of at most { $text } bytes
said-is-none-that-a-plan-may-give-16b22 = is none that a plan may give
said-is-missing-a4b35 = { $v1 } is missing
said-is-not-for-a-plan-to-choose-it-is-1d662 = is not for a plan to choose: it is { $right }

## engine::llama_cpp::build

said-is-no-argument-of-llama-cpp-9795e = { $v1 } is no argument of llama.cpp { $v2 }
said-llama-cpp-build-is-not-supported-6047c = llama.cpp build { $id } is not supported
said-supported-b7631 = supported: { $v1 }

## engine::server

said-no-server-is-called-names-are-llama-1bfe1 = no server is called { $text }: names are llama, embed, embed-2 to embed-{ $most }, rpc-worker

## engine::split

said-is-neither-layer-nor-tensor-343d1 = { $text } is neither layer nor tensor

## engine::streamed

said-the-server-gave-up-answering-a93db = the server gave up answering: { $short }
said-it-has-not-begun-6a2a8 = it has not begun
said-it-has-read-of-tokens-of-the-86f8b = it has read { $read } of { $total } tokens of the question
said-it-has-given-tokens-91855 = it has given { $pieces } tokens

## engine::text_generation_webui

said-is-no-argument-of-4d23c = { $v1 } is no argument of { $v2 } { $v3 }

## engine::text_generation_webui::compose

said-s-own-page-asks-for-no-key-and-is-7a39a = { $name }'s own page asks for no key, and is not served
said-leave-webui-out-with-engine-llama-3762c = leave --webui out; with --engine llama.cpp it gives a page that asks for the key

## engine::vllm::compose

said-has-no-page-for-chats-be2f5 = { $name } has no page for chats
said-leave-webui-out-any-client-of-openai-105dd = leave --webui out; any client of OpenAI's API can ask it
said-computes-on-graphics-cards-alone-d1359 = { $name } computes on graphics cards alone
said-the-default-engine-serves-a-gguf-b8e78 = the default engine serves a GGUF file of the model on a CPU

## fetch

said-reserving-bytes-for-f2a70 = reserving { $v1 } bytes for { $v2 }
said-arrived-damaged-or-is-another-file-83144 = { $name } arrived damaged or is another file: its SHA-256 is { $found }, not { $v3 }
said-the-publisher-may-have-replaced-it-35189 = the publisher may have replaced it: `agi-provision plan --resolve` pins the file of today

## fetch::answer

said-it-is-larger-than-mib-b98ce = it is larger than { $v1 } MiB
said-the-file-there-has-bytes-not-88490 = the file there has { $found } bytes, not { $size }
said-it-sent-bytes-to-when-asked-for-to-94822 = it sent bytes { $from } to { $to } when asked for { $start } to { $end }
said-its-answer-has-no-sound-content-99d56 = its answer has no sound Content-Range
said-it-wants-a-token-fc4f6 = it wants a token ({ $v1 })
said-there-is-no-such-file-68f7a = there is no such file ({ $v1 })
said-the-file-there-has-bytes-not-416-af626 = the file there has { $total } bytes, not { $size } (416)
said-the-file-there-is-shorter-than-the-34cc7 = the file there is shorter than the planned one (416)
said-it-answered-d7d03 = it answered { $v1 }

## fetch::api

said-is-not-a-url-1b6ea = { $what } { $base } is not a URL
said-give-an-address-that-begins-with-d8e61 = give an address that begins with https://

## fetch::ask

said-of-bytes-came-83fb7 = { $v1 } of { $v2 } bytes came
said-only-bytes-came-in-s-36de0 = only { $came } bytes came in { $v2 } s
said-tried-times-is-reachable-from-here-060f8 = tried { $tries } times; is { $v2 } reachable from here?
said-is-the-right-address-a20a1 = is { $v1 } the right address?

## fetch::client

said-preparing-downloads-1cec6 = preparing downloads
said-the-proxy-answers-4283f = the proxy answers { $status }
said-it-redirects-from-https-to-http-42e39 = it redirects from https to http
said-it-redirects-in-circles-78105 = it redirects in circles
said-no-answer-within-s-fa752 = no answer within { $v1 } s
said-not-an-address-ae861 = not an address: { $cause }
said-no-connection-d2630 = no connection: { $cause }
said-nothing-came-for-s-088aa = nothing came for { $v1 } s
said-it-was-cut-670fd = it was cut: { $cause }
said-reading-a-bundled-authority-959e9 = reading a bundled authority

## fetch::page

said-it-needs-permission-d30f3 = it needs permission ({ $status })
said-this-address-gives-it-to-nobody-4146d = this address gives it to nobody without a key; name another with --from
said-try-again-in-some-minutes-88636 = try again in some minutes
said-is-this-the-right-address-1d53f = is this the right address?

## fetch::rate

said-reading-from-it-09e26 = reading from it
said-bytes-are-too-few-to-measure-with-7d1f9 = { $v1 } bytes are too few to measure with

## fetch::release

said-the-release-of-has-no-f0205 = the release { $build } of { $repository } has no { $name }
said-github-gives-no-sha-256-of-28736 = GitHub gives no SHA-256 of { $name }
said-looking-up-9cabb = looking up { $name }
said-looking-up-7f793 = looking up { $project } { $build }
said-did-not-answer-as-github-does-99241 = { $v1 }: { $v2 } did not answer as GitHub does
said-the-token-is-refused-1d933 = the token is refused
said-unset-github-token-or-set-one-that-e6ecf = unset GITHUB_TOKEN, or set one that is valid
said-there-is-no-release-of-7ae84 = there is no release { $build } of { $v2 }
said-asks-to-slow-down-1e4c8 = { $v1 } asks to slow down ({ $status })
said-github-token-raises-the-limit-of-60-5a69a = GITHUB_TOKEN raises the limit of 60 questions an hour
said-try-again-later-2cc60 = try again later
said-give-the-archive-to-apply-with-761bb = give the archive to `apply` with --runtime-archive

## fetch::route

said-through-the-proxy-of-the-environment-c7b54 = through the proxy of the environment
said-apt-s-configuration-d4c6c = apt's configuration
said-reading-the-host-s-proxy-d086c = reading the host's proxy

## fetch::source

said-of-bytes-are-there-and-stay-for-the-504ee = ; { $have } of { $total } bytes are there and stay for the next try
said-free-some-space-there-or-take-a-c7dda = free some space there or take a larger disk
said-the-disk-is-full-bytes-do-not-fit-44a36 = the disk is full: { $v1 } bytes do not fit under { $v2 }

## fetch::state

said-the-file-there-changes-all-the-time-6be82 = the file there changes all the time
said-tries-249df = { $v1 } ({ $v2 } tries)

## fetch::work

said-the-hashing-thread-failed-23e51 = the hashing thread failed
said-reading-back-fe8e6 = reading { $v1 } back
said-it-refuses-the-token-27810 = it refuses the token ({ $v1 })
said-it-ended-the-connection-bytes-early-55251 = it ended the connection { $v1 } bytes early
said-it-sends-next-to-nothing-3e374 = it sends next to nothing
said-writing-at-f3fc8 = writing { $v1 } at { $at }

## files

said-linking-to-0c0ac = linking { $v1 } to { $v2 }
said-flushing-4a01b = flushing { $v1 }

## hardware::cards

said-a-card-has-no-figure-8f2f3 = a card has no figure { $other }

## hardware::facts

said-has-no-memory-of-its-own-so-models-e6aaf = { $card } has no memory of its own, so models run on the CPU
said-does-not-exist-ad57a = { $path } does not exist

## hardware::facts::gpu

said-a-card-of-device-at-72c41 = a card of { $v1 } (device { $v2 }) at { $v3 }
said-pcie-and-the-link-between-cpus-7f043 = PCIe and the link between CPUs
said-pcie-and-the-cpu-s-own-links-fac75 = PCIe and the CPU's own links
said-pcie-through-the-cpu-s-host-bridge-6aee3 = PCIe through the CPU's host bridge
said-several-pcie-switches-ad262 = several PCIe switches
said-one-pcie-switch-d3e62 = one PCIe switch

## hardware::facts::upkeep

said-cloud-init-is-at-work-6cf70 = cloud-init is at work ({ $v1 })
said-upgrades-packages-a26e5 = { $v1 } upgrades packages

## hardware::generation

said-no-generation-is-called-b2671 = no generation is called { $name }

## hardware::offers::banks

said-it-is-no-feed-of-rates-30165 = it is no feed of rates: { $error }
said-is-not-a-day-09b69 = { $v1 } is not a day
said-its-day-is-still-to-come-417d0 = its day { $as_of } is still to come
said-it-has-no-cube-with-a-time-3c798 = it has no Cube with a time
said-it-has-no-rate-of-usd-87988 = it has no rate of USD
said-it-has-no-date-b2009 = it has no Date
said-its-rate-of-usd-has-no-value-5cff0 = its rate of USD has no Value
said-is-no-rate-637e6 = { $v1 } is no rate

## hardware::offers::budget

said-expected-an-amount-and-a-period-such-16804 = expected an amount and a period, such as 300/month, 0.6/hour or 250EUR/month
said-has-no-period-month-or-hour-5f502 = { $text } has no period: { $text }/month or { $text }/hour
said-is-not-a-period-use-hour-day-or-84dc1 = { $other } is not a period; use hour, day or month
said-a-budget-is-an-amount-above-zero-13063 = a budget is an amount above zero
said-is-not-one-number-c9e25 = { $text } is not one number
said-may-be-or-write-one-of-them-6ffd4 = { $text } may be { $thousands } or { $point }: write one of them

## hardware::offers::currency

said-is-not-a-currency-known-here-use-usd-32895 = { $text } is not a currency known here; use USD, EUR or RUB

## hardware::offers::file

said-is-not-above-0-1b869 = { $v1 } is not above 0
said-is-not-a-price-one-can-believe-d5528 = { $v1 } { $amount } is not a price one can believe
said-per-hour-is-empty-d1520 = per_hour is empty
said-gpu-count-is-a-share-of-a-card-which-bd2b0 = gpu_count { $count } is a share of a card, which no plan is made for
said-gpu-is-empty-but-gpu-count-is-not-b6a80 = gpu is empty, but gpu_count is not
said-vram-mib-is-empty-but-gpu-count-is-87527 = vram_mib is empty, but gpu_count is not
said-vram-mib-is-less-than-any-card-has-b7c1f = vram_mib { $vram } is less than any card has; if it counts GB, write { $mib }
said-processor-is-none-that-llama-cpp-s-3e911 = processor { $name } is none that llama.cpp's releases are built for: { $v2 }
said-is-empty-75cc4 = { $v1 } is empty
said-as-of-is-not-a-date-such-as-2026-10-77868 = as_of { $as_of } is not a date such as 2026-10-01
said-as-of-is-still-to-come-53630 = as_of { $as_of } is still to come

## hardware::offers::machine

said-it-has-less-than-1-gib-of-ram-cf766 = it has less than 1 GiB of RAM
said-its-card-is-not-known-profiles-cards-f0488 = its card { $v1 } is not known (profiles/cards.csv)
said-sits-on-a-processor-that-offers-are-220b8 = { $v1 } sits on a processor that offers are not planned for
said-cards-are-more-than-llama-cpp-takes-20fa8 = { $v1 } cards are more than llama.cpp takes
said-a-container-without-systemd-apply-162e6 = a container without systemd: `apply` needs a virtual machine

## hardware::offers::offer

said-or-later-8783e = { $day } or later

## hardware::offers::rates

said-as-of-is-not-a-date-07ee5 = as_of is not a date
said-source-is-empty-918b1 = source is empty
said-is-no-exchange-rate-d4459 = { $per_usd } is no exchange rate

## hardware::offers::sources::csv

said-it-is-no-table-of-prices-6643a = it is no table of prices

## hardware::offers::sources::gpuhunt

said-version-is-no-version-7aef3 = { $id }/version is no version
said-opening-it-as-a-zip-archive-4ae5e = opening it as a zip archive
said-looking-for-c2b0d = looking for { $name }
said-is-larger-than-mib-3c477 = { $name } is larger than { $v2 } MiB
said-instance-name-is-empty-a9ecd = instance_name is empty
said-spot-is-neither-true-nor-false-f3abc = spot { $other } is neither True nor False
said-price-is-0-793d2 = price is 0

## hardware::offers::sources::source

said-no-on-demand-price-c3008 = no on-demand price
said-a-part-of-a-machine-8e048 = a part of a machine
said-several-machines-at-once-3bc11 = several machines at once
said-another-processor-6fb58 = another processor
said-its-cards-are-priced-apart-bbb6d = its cards are priced apart
said-cards-that-are-not-known-or-a-share-71675 = cards that are not known, or a share of one

## hardware::offers::store

said-finding-the-data-folder-7ae91 = finding the data folder
said-is-no-offers-file-4af07 = { $v1 } is no offers file: { $why }
said-its-first-line-is-b8cc5 = its first line is { $v1 }
said-it-has-no-rows-ca5c6 = : it has no rows
said-has-no-offer-that-can-be-used-2c9b3 = { $v1 } has no offer that can be used{ $first }
said-docs-offers-md-says-what-stands-in-da468 = docs/offers.md says what stands in each column
said-is-no-offers-file-the-prices-5d189 = { $path } is no offers file ({ $why }); the prices compiled in are used
said-this-row-is-left-out-48061 = { $v1 }: { $row }; this row is left out
said-more-rows-are-left-out-6dc94 = { $v1 }: { $v2 } more rows are left out
said-there-is-no-data-folder-for-the-40145 = there is no data folder for the offers
said-set-home-or-xdg-data-home-89e03 = set HOME or XDG_DATA_HOME
said-opening-offers-lock-0c813 = opening offers.lock
said-another-offers-update-is-under-way-3fe79 = another `offers update` is under way
said-wait-until-it-has-ended-52ee5 = wait until it has ended

## hardware::offers::update

said-none-of-its-rows-is-an-offer-74086 = none of its { $v1 } rows is an offer{ $first }

## hardware::probe

said-only-with-measure-8ae37 = only with --measure

## hardware::probe::cpu

said-proc-cpuinfo-names-no-cores-37aae = /proc/cpuinfo names no cores
said-the-kernel-does-not-tell-threads-d5101 = the kernel does not tell threads from cores
said-the-kernel-lists-no-numa-nodes-4beaf = the kernel lists no NUMA nodes
said-proc-cpuinfo-has-no-frequency-1792c = /proc/cpuinfo has no frequency
said-the-kernel-does-not-set-the-a552d = the kernel does not set the frequency here, as in most virtual machines
said-proc-stat-has-no-steal-time-f0cb4 = /proc/stat has no steal time

## hardware::probe::disk

said-does-not-lie-on-one-block-device-b6739 = { $v1 } does not lie on one block device
said-this-file-system-makes-inodes-as-d0ce4 = this file system makes inodes as they are needed

## hardware::probe::gpu

said-no-graphics-card-of-a-maker-that-is-a9197 = no graphics card of a maker that is known here
said-not-between-these-cards-c2f92 = not between these cards

## hardware::probe::measure

said-it-does-not-lie-on-one-block-device-1b574 = it does not lie on one block device
said-no-model-of-64-mib-and-no-block-f1590 = no model of 64 MiB and no block device to read
said-nothing-to-read-49399 = nothing to read

## hardware::probe::memory

said-proc-meminfo-does-not-count-them-883b3 = /proc/meminfo does not count them
said-proc-meminfo-could-not-be-read-6acbf = /proc/meminfo could not be read

## hardware::probe::os

said-no-systemctl-here-1c8ea = no systemctl here
said-getconf-does-not-name-a-glibc-303d0 = getconf does not name a glibc
said-no-systemd-detect-virt-here-3c545 = no systemd-detect-virt here
said-no-podman-here-486cf = no podman here
said-the-host-was-not-booted-by-efi-or-b9d0e = the host was not booted by EFI, or its variables are hidden
said-bytes-that-are-none-of-its-values-edfb0 = { $v1 } bytes that are none of its values

## hardware::probe::upkeep

said-between-two-stages-6ec84 = between two stages

## hardware::profiles

said-no-hardware-profile-is-called-0bfba = no hardware profile is called { $id }
said-agi-provision-profiles-lists-them-b1bad = { $lead }`agi-provision profiles` lists them

## hardware::rows

said-its-first-line-is-not-text-ed51f = its first line is not text
said-it-has-no-column-its-first-line-is-5ac82 = it has no column { $name }; its first line is { $seen }
said-a-quote-is-not-closed-b58bf = a quote is not closed
said-too-many-quotes-are-not-closed-the-dfcdc = too many quotes are not closed: the rest is not read
said-of-fields-e6c6d = { $v1 } of { $v2 } fields
said-write-it-as-0-5-or-1234-5-fa985 = ; write it as 0.5 or 1234.5
said-is-not-a-number-of-at-least-0-deebd = { $column } { $text } is not a number of at least 0{ $form }
said-is-bytes-long-0fce8 = { $column } is { $v2 } bytes long
said-has-a-control-character-c7c6e = { $column } { $v2 } has a control character

## hardware::vendor::amd

said-debian-and-ubuntu-apt-install-299ad = Debian and Ubuntu: `apt install firmware-amd-graphics mesa-vulkan-drivers` (Ubuntu: linux-firmware), then restart the host
said-amd-s-driver-amdgpu-ls-sys-bus-pci-bed28 = AMD's driver amdgpu: `ls /sys/bus/pci/drivers/amdgpu` lists { $cards } card{ $v2 }

## hardware::vendor::intel

said-a-kernel-of-6-2-or-newer-has-it-d3ca4 = a kernel of 6.2 or newer has it; Debian and Ubuntu: `apt install mesa-vulkan-drivers`, then restart the host
said-intel-s-driver-ls-sys-bus-pci-fd46e = Intel's driver: `ls /sys/bus/pci/drivers/xe /sys/bus/pci/drivers/i915` lists { $cards } card{ $v2 }

## hardware::vendor::kernel

said-its-driver-does-not-tell-its-memory-0da33 = { $card }: its driver does not tell its memory
said-the-kernel-does-not-show-it-for-this-e5afc = the kernel does not show it for this card

## hardware::vendor::maker

said-the-driver-of-s-cards-is-part-of-the-b64a4 = the driver of { $v1 }'s cards is part of the kernel
said-install-what-it-lacks-restart-the-9f4ab = install what it lacks ({ $v1 }), restart the host, and apply without --driver
said-no-compiler-for-s-cards-is-installed-abe2a = no compiler for { $v1 }'s cards is installed by this program
said-the-release-s-vulkan-archive-is-for-eac92 = the release's Vulkan archive is for all cards: give it with --runtime-archive

## hardware::vendor::nvidia

said-apply-driver-distribution-or-by-hand-0b8a8 = `apply --driver distribution`; or by hand, Debian: `apt install nvidia-driver nvidia-smi` from non-free, Ubuntu: `ubuntu-drivers install --gpgpu`, then restart the host
said-an-nvidia-driver-nvidia-smi-lists-b7e71 = an NVIDIA driver: `nvidia-smi` lists { $cards } GPU{ $v2 }
said-nvidia-vulkan-icd-on-debian-cf4cb = nvidia-vulkan-icd on Debian, libnvidia-gl of the driver's version on Ubuntu
said-the-oldest-driver-that-runs-cuda-12-6cb65 = the oldest driver that runs CUDA 12 programs
said-llama-cpp-built-with-cuda-12-has-no-8f183 = llama.cpp built with CUDA 12 has no code for older cards
said-it-disappeared-while-the-facts-were-ec2ae = it disappeared while the facts were read
said-nvidia-smi-does-not-report-it-for-da02e = nvidia-smi does not report it for this card
said-nvidia-smi-topo-m-shows-no-matrix-of-4d564 = nvidia-smi topo -m shows no matrix of { $count } GPUs
said-nvidia-smi-is-not-installed-but-the-60387 = nvidia-smi is not installed, but the NVIDIA driver is loaded

## hardware::vendor::nvidia::driver

said-this-host-is-a-container-which-has-2e4d8 = this host is a container ({ $virtualization }), which has no kernel of its own
said-install-the-driver-on-the-machine-c72c7 = install the driver on the machine that runs it, and give the container its devices
said-is-given-to-a-virtual-machine-4e8eb = { $card } is given to a virtual machine ({ $given })
said-take-it-back-from-the-virtual-2fc41 = take it back from the virtual machine, or apply to that machine
said-works-from-driver-on-16c38 = { $v1 } works from driver { $v2 } on
said-the-plan-s-runtime-works-from-driver-af956 = the plan's runtime works from driver { $wanted } on
said-has-driver-and-eb038 = { $v1 } has driver { $v2 }, and { $why }
said-driver-nvidia-takes-it-from-nvidia-s-cb4b0 = --driver nvidia takes it from NVIDIA's repository
said-plan-for-another-runtime-runtime-6cb3a = plan for another runtime (--runtime-archive), or for fewer cards
said-ubuntu-s-own-modules-are-signed-46040 = Ubuntu's own modules are signed: --driver distribution. Or{ " " }
said-secure-boot-is-on-the-kernel-loads-662d7 = Secure Boot is on: the kernel loads signed modules only, and this driver's would be built on the host and signed with a key that the firmware does not know
said-enrol-the-key-of-dkms-apt-install-4131a = { $other }enrol the key of DKMS: `apt install dkms mokutil openssl`, `dkms generate_mok`, `mokutil --import /var/lib/dkms/mok.pub`, restart the host and confirm the key on its console; or turn Secure Boot off in the firmware. Then apply again

## hardware::vendor::nvidia::driver::chips

said-no-driver-works-all-cards-of-this-a0873 = no driver works all cards of this host: some need the open kernel modules, others the closed ones
said-take-the-older-cards-out-of-the-host-4b4fe = take the older cards out of the host, or leave them out with a plan for the others alone
said-install-a-driver-for-it-by-hand-d1616 = install a driver for it by hand, restart the host, and apply without --driver
said-is-too-old-no-driver-for-it-runs-d6c4f = { $card } is too old: no driver for it runs CUDA 12
said-plan-for-the-cpu-a-profile-without-a-e3ce4 = plan for the CPU (a profile without a GPU), or take another machine
said-is-not-known-to-this-version-nor-9e5cf = { $card } is not known to this version, nor which kernel modules it works with

## hardware::vendor::nvidia::driver::debian

said-the-distribution-22766 = the distribution

## hardware::vendor::nvidia::driver::parts

said-the-packages-of-nvidia-s-driver-are-7f4e1 = the packages of NVIDIA's driver are known for Debian 12 and 13, Ubuntu 22.04 and 24.04, and this host is { $v1 } { $v2 }
said-install-the-driver-as-that-1dff5 = install the driver as that distribution says, restart the host, and apply without --driver
said-nvidia-s-driver-from-for-with-the-98f9e = NVIDIA's driver { $branch } from { $from } for { $v3 }, with the { $modules } kernel modules

## hardware::vendor::nvidia::driver::repository

said-the-newest-driver-for-these-cards-is-e4ebd = the newest driver for these cards is { $last }, and the plan's runtime works from { $least } on
said-plan-for-another-runtime-runtime-36546 = plan for another runtime (--runtime-archive), or for the newer cards alone
said-the-package-that-makes-nvidia-s-74139 = the package that makes NVIDIA's repository known has no digest here for { $v1 } on { $arch }
said-install-the-driver-by-hand-docs-f0f33 = install the driver by hand (docs.nvidia.com/datacenter/tesla/driver-installation-guide), restart the host, and apply without --driver

## hardware::vendor::nvidia::smi

said-nvidia-smi-printed-instead-of-9a7e9 = nvidia-smi printed { $line } instead of { $query }
said-nvidia-smi-q-x-printed-another-8cbcf = nvidia-smi -q -x printed another document

## hardware::vendor::nvidia::toolkit

said-cuda-has-no-code-for-compute-b79a2 = CUDA { $name } has no code for compute capability { $v2 }
said-the-driver-runs-cuda-not-8f94c = the driver runs CUDA { $v1 }, not { $name }
said-cuda-of-the-distribution-has-no-nccl-8ba28 = CUDA { $name } of the distribution has no NCCL beside it
said-the-packages-of-a-compiler-for-cuda-5a71c = the packages of a compiler for CUDA are known for Debian 12 and 13, Ubuntu 22.04 and 24.04, and this host is { $v1 } { $v2 }
said-build-it-elsewhere-and-give-it-with-7f188 = build it elsewhere, and give it with --runtime-archive
said-no-compiler-for-cuda-is-right-for-b2c15 = no compiler for CUDA is right for these cards on { $v1 }: { $v2 }
said-driver-nvidia-installs-a-newer-437c7 = --driver nvidia installs a newer driver; or build it elsewhere, and give it with --runtime-archive
said-cuda-of-nvidia-s-repository-7cd58 = CUDA { $name } of NVIDIA's repository

## model::embedder

said-it-is-a-reranker-it-gives-a-score-c15e0 = it is a reranker: it gives a score, not a vector
said-it-is-no-embedding-model-its-header-d37c8 = it is no embedding model: its header ({ $v1 }) does not say how it pools

## model::fits

said-is-of-experts-14e73 = { $v1 } is { $used } of { $count } experts
said-is-and-the-model-has-no-experts-59e82 = { $v1 } is { $used }, and the model has no experts
said-has-entries-for-layers-2e35a = { $v1 } has { $length } entries for { $layers } layers
said-is-and-a-head-has-elements-d680e = { $key } is { $turned }, and a head has { $head } elements
said-the-tensor-is-one-too-many-by-the-aa90e = the tensor { $v1 } is one too many by the header's settings
said-the-tensor-has-elements-and-the-40cbb = the tensor { $v1 } has { $there } elements, and the header's settings say { $said }

## model::gguf

said-not-a-gguf-file-it-begins-with-41201 = not a GGUF file: it begins with { $v1 }
said-gguf-version-is-not-supported-2-and-20108 = GGUF version { $v1 } is not supported (2 and 3 are)
said-the-file-is-big-endian-llama-cpp-e52c5 = the file is big-endian; llama.cpp needs it converted
said-the-file-ends-in-the-middle-of-it-is-71858 = the file ends in the middle of { $v1 }: it is truncated or still downloading
said-tensor-reaches-byte-but-the-file-has-9941d = tensor { $name } reaches byte { $end } but the file has { $size }: it is truncated or still downloading
said-corrupt-header-bdbcf = corrupt header: { $v1 }
said-reading-the-file-f7596 = reading the file
said-the-header-ca191 = the header
said-tensor-count-0b273 = tensor count
said-metadata-count-bf0af = metadata count
said-a-metadata-key-4549a = a metadata key
said-a-key-has-no-name-d0b75 = a key has no name
said-the-metadata-8a821 = the metadata
said-the-key-is-there-twice-6521f = the key { $v1 } is there twice
said-the-tensor-is-there-twice-74d6d = the tensor { $v1 } is there twice
said-tensor-has-offset-0ffb7 = tensor { $v1 } has offset { $v2 }
said-is-beyond-3a2d4 = { $what } { $value } is beyond { $most }
said-the-header-it-is-empty-8a64c = the header (it is empty)
said-header-length-5425c = header length
said-metadata-kept-1fad0 = metadata kept
said-a-metadata-text-e2404 = a metadata text
said-a-metadata-array-71658 = a metadata array
said-array-of-f07ab = array of { $length }
said-the-tensor-table-586c9 = the tensor table
said-a-tensor-name-211c4 = a tensor name
said-has-dimensions-fb6fc = has { $n_dims } dimensions
said-has-unknown-type-08a4f = has unknown type { $id }
said-has-impossible-dimensions-3ba99 = has impossible dimensions { $dims }
said-metadata-type-e0ee8 = metadata type { $kind }

## model::hub::name

said-the-form-is-hf-owner-repository-71251 = the form is hf:owner/repository[@revision][:quant]; a page's or a file's address works too
said-names-no-revision-after-eec71 = { $text } names no revision after @
said-is-no-gguf-file-of-a-repository-65f55 = { $file } is no .gguf file of a repository
said-is-no-address-of-hugging-face-a84ff = { $text } is no address of Hugging Face
said-download-the-file-and-give-its-path-c1103 = download the file, and give its path: --model ./model.gguf
said-it-is-no-gguf-file-94a2e = it is no .gguf file
said-it-is-no-page-of-a-model-and-no-file-ec4d2 = it is no page of a model, and no file of one
said-is-not-a-hugging-face-repository-cebef = { $name } is not a Hugging Face repository
said-is-no-revision-of-a-repository-c04c7 = { $revision } is no revision of a repository
said-a-revision-is-a-branch-a-tag-or-a-b9303 = a revision is a branch, a tag or a commit: hf:owner/repository@main

## model::huggingface

said-where-of-is-downloaded-from-0dc40 = where { $path } of { $name } is downloaded from
said-has-no-paths-fc866 = { $v1 } has no paths
said-listing-49f97 = listing { $repository }
said-did-not-answer-as-hugging-face-does-55eee = { $what }: { $v2 } did not answer as Hugging Face does: { $error }
said-hf-endpoint-is-to-name-a-server-with-8b1b9 = HF_ENDPOINT is to name a server with Hugging Face's API
said-reading-the-header-of-in-f0ab1 = reading the header of { $path } in { $repository }
said-reading-in-fc37a = reading { $path } in { $v2 }
said-hf-token-is-set-but-does-not-give-abdf8 = HF_TOKEN is set, but does not give access: accept the model's terms on its page
said-set-hf-token-to-a-read-token-and-740d8 = set HF_TOKEN to a read token, and accept the model's terms on its page
said-needs-permission-978b6 = { $repository } needs permission ({ $status })
said-has-no-such-repository-or-file-8938d = { $repository } has no such repository or file ({ $status })
said-the-form-is-hf-owner-repository-b527d = the form is hf:owner/repository[:quant]; compare it with the model's page
said-wait-some-minutes-hf-token-raises-dbd63 = wait some minutes; HF_TOKEN raises the limit
said-the-form-is-hf-owner-repository-c5591 = the form is hf:owner/repository[:quant]

## model::keys

said-the-header-has-no-f2ac0 = the header has no { $v1 }
said-the-header-s-is-which-no-model-has-09f4c = the header's { $key } is { $value }, which no model has

## model::loads

said-download-it-again-or-make-it-again-a86a9 = download it again, or make it again with the convert_hf_to_gguf.py of a current llama.cpp
said-name-the-model-that-it-belongs-to-9815b = name the model that it belongs to with --model; llama-server takes this file beside it, with { $flag }
said-an-importance-matrix-imatrix-llama-d6a7e = an importance matrix (imatrix): llama-quantize reads it, no server does
said-name-the-gguf-file-of-the-model-that-c1b5b = name the GGUF file of the model that it was made from
said-a-lora-adapter-it-changes-a-model-38c43 = a LoRA adapter: it changes a model and is none itself
said-a-projector-mmproj-it-turns-pictures-7eb4b = a projector (mmproj): it turns pictures or sound into what a model reads
said-a-control-vector-it-steers-a-model-24a29 = a control vector: it steers a model and is none itself
said-a-draft-model-it-guesses-what-a-a6bb5 = a draft model ({ $architecture }): it guesses what a larger model will say
said-a-speech-model-it-gives-sound-not-80524 = a speech model ({ $architecture }): it gives sound, not answers
said-llama-tts-of-llama-cpp-runs-such-6cfea = llama-tts of llama.cpp runs such models; name a model that answers
said-an-encoder-decoder-llama-server-b0f02 = an encoder-decoder ({ $architecture }): llama-server serves decoders only
said-llama-completion-of-llama-cpp-runs-73e55 = llama-completion of llama.cpp runs T5; name a decoder such as llama, qwen3 or gemma3
said-a-diffusion-model-it-writes-all-of-94088 = a diffusion model ({ $architecture }): it writes all of its text at once, which llama-server cannot
said-llama-diffusion-cli-of-llama-cpp-6fbd7 = llama-diffusion-cli of llama.cpp runs it; name a model that writes word by word
said-a-model-that-decides-between-answers-f96f8 = a model that decides between answers (clef), and gives none
said-name-a-model-that-answers-26e42 = name a model that answers
said-an-image-model-llama-cpp-makes-text-ccffb = an image model ({ $architecture }): llama.cpp makes text only
said-stable-diffusion-cpp-or-comfyui-run-9f682 = stable-diffusion.cpp or ComfyUI run it; name a language model
said-a-reranker-it-scores-texts-and-gives-49e13 = a reranker: it scores texts and gives no answers
said-name-a-model-that-answers-with-model-503d9 = name a model that answers with --model; llama-server serves a reranker by itself, with --rerank
said-an-embedding-model-it-gives-vectors-f5043 = an embedding model: it gives vectors, not answers
said-rag-rag-model-file-puts-it-beside-a-fc2d6 = --rag --rag-model FILE puts it beside a model that answers
said-the-file-is-eb8fa = the file is { $what }
said-the-file-is-a-later-part-of-a-split-0fa91 = the file is a later part of a split model: its parts are named in the wrong order
said-the-header-has-no-general-b7ad3 = the header has no general.architecture: it is of no model
said-no-llama-cpp-knows-the-architecture-0b71a = no llama.cpp knows the architecture { $architecture }
said-is-no-whole-number-b5a20 = { $key } is no whole number
said-is-not-an-unsigned-number-of-32-bits-e809b = { $key } is not an unsigned number of 32 bits, which llama.cpp asks for
said-is-no-number-with-a-fraction-30b8e = { $v1 } is no number with a fraction
said-its-model-has-layers-14942 = its model has { $all } layers
said-it-is-not-named-so-a76de = it is not named so
said-a-has-none-7478e = a { $v1 } has none
said-the-tensor-is-one-too-many-for-llama-f2ec1 = the tensor { $v1 } is one too many for llama.cpp: { $why }
said-the-tensor-token-embd-weight-is-58513 = the tensor token_embd.weight is missing
said-token-embd-weight-has-rows-for-the-54913 = token_embd.weight has { $rows } rows for the tokenizer's { $tokens } tokens
said-the-tensor-is-missing-d46cb = the tensor { $name } is missing
said-the-tensor-blk-is-missing-85552 = the tensor blk.{ $index }.{ $name }{ $suffix } is missing
said-the-tensor-blk-bias-is-one-too-many-f4ce0 = the tensor "blk.{ $index }.{ $name }.bias" is one too many for llama.cpp: there is no { $name }

## model::registry::entry

said-no-quantisation-of-is-known-9ed0e = no quantisation { $asked } of { $v2 } is known
said-published-also-f16-or-bits-such-as-4-39da4 = published: { $v1 }; also F16, or bits such as 4-bit
said-no-published-file-of-is-known-0ffce = no published file of { $v1 } is known
said-name-a-quantisation-that-you-will-18cf6 = name a quantisation that you will make (--quant Q4_K_M), or a repository: --model hf:owner/repository:quant

## model::registry::find

said-a-name-of-ollama-s-is-known-where-65da9 = a name of ollama's is known where its model is (`agi-provision models`); else give the publisher's repository: --model hf:owner/repository:quant

## model::safetensors::checkpoint

said-the-tensor-is-in-two-of-the-files-7aab1 = the tensor { $v1 } is in two of the files
said-has-no-tensor-which-the-index-says-8eea7 = { $file } has no tensor { $name }, which the index says is in it
said-config-json-and-the-tensors-are-not-646b0 = config.json and the tensors are not of one model: { $v1 }
said-has-rows-and-the-vocabulary-tokens-68078 = { $v1 } has { $rows } rows, and the vocabulary { $vocabulary } tokens
said-cannot-be-shared-evenly-by-cards-2748f = { $number } { $what } cannot be shared evenly by { $cards } cards
said-attention-heads-ff836 = attention heads
said-heads-of-keys-and-values-d26b4 = heads of keys and values
said-cards-cannot-share-heads-of-keys-and-3539c = { $cards } cards cannot share { $heads_kv } heads of keys and values evenly
said-columns-of-the-feed-forward-14b7e = columns of the feed-forward
said-rows-of-a-matrix-on-each-of-cards-3d12f = { $rows } rows of a matrix on each of { $cards } cards are no groups of { $group }
said-rows-of-the-vocabulary-67f8a = rows of the vocabulary
said-a-tensor-of-layer-and-there-are-440a2 = a tensor of layer { $layer }, and there are { $layers } layers
said-no-tensor-of-layer-811d5 = no tensor of layer { $empty }
said-no-embedding-3224b = no embedding

## model::safetensors::config

said-config-json-cannot-be-read-3cfe7 = config.json cannot be read: { $v1 }
said-config-json-has-no-7ce58 = config.json has no { $v1 }
said-config-json-says-which-no-model-has-827f9 = config.json says { $key } = { $value }, which no model has
said-the-architecture-is-not-one-whose-89218 = the architecture { $v1 } is not one whose memory is known here
said-the-quantisation-is-not-one-that-is-f2a91 = the quantisation { $v1 } is not one that is known here
said-of-bits-11488 = { $v1 } of { $bits } bits

## model::safetensors::header

said-not-a-safetensors-file-its-header-0dcda = not a safetensors file: its header would have { $v1 } bytes, and { $most } is the most
said-corrupt-header-the-tensor-is-there-d5dbd = corrupt header: the tensor { $v1 } is there twice
said-the-tensor-is-of-the-type-which-is-dfd1c = the tensor { $name } is of the type { $dtype }, which is not known
said-the-tensors-end-at-byte-but-the-file-da3de = the tensors end at byte { $end } but the file has { $size }: it is truncated or still downloading
said-the-header-s-length-1ab01 = the header's length
said-overlaps-the-one-before-it-f2856 = overlaps the one before it
said-leaves-a-gap-before-it-b878a = leaves a gap before it
said-the-tensor-7c99d = the tensor { $v1 } { $how }
said-the-tensors-have-no-end-0b66a = the tensors have no end
said-the-tensor-ends-before-it-begins-95401 = the tensor { $name } ends before it begins
said-the-tensor-has-bytes-and-its-shape-67f44 = the tensor { $name } has { $bytes } bytes, and its shape takes { $bits } bits
said-the-tensor-is-larger-than-any-file-9d32f = the tensor { $name } is larger than any file
said-more-than-tensors-or-a-name-of-more-3e724 = more than { $max_tensors } tensors, or a name of more than { $max_name } bytes
said-has-more-than-dimensions-50c18 = { $name } has more than { $max_dims } dimensions

## model::safetensors::index

said-it-names-which-is-no-safetensors-118f3 = it names { $name }, which is no safetensors file
said-it-names-more-than-files-be87b = it names more than { $max_files } files
said-it-names-no-file-1428b = it names no file

## model::vocab

said-the-file-has-no-tokenizer-tokenizer-43c6c = the file has no tokenizer (tokenizer.ggml.model)
said-no-server-knows-the-tokenizer-92a85 = no server knows the tokenizer { $kind } (tokenizer.ggml.model)
said-the-file-s-tokenizer-has-no-tokens-d4727 = the file's tokenizer has no tokens (tokenizer.ggml.tokens)
said-has-entries-for-the-tokenizer-s-2773a = { $key } has { $length } entries for the tokenizer's { $tokens } tokens
said-the-file-s-tokenizer-has-no-merges-7a9e9 = the file's tokenizer has no merges (tokenizer.ggml.merges)
said-no-server-knows-how-splits-a-text-e1ae6 = no server knows how { $split } splits a text (tokenizer.ggml.pre)

## oci

said-skopeo-copy-docker-name-sha256-13cf1 = `skopeo copy docker://NAME@sha256:DIGEST oci-archive:FILE`, or on a host that has the image `podman save --format oci-archive -o FILE NAME`, writes one
said-has-the-image-sha256-but-the-plan-7cb68 = { $v1 } has the image sha256:{ $v2 }, but the plan pins sha256:{ $v3 }
said-save-the-pinned-image-or-plan-with-3d51e = save the pinned image, or plan with --runtime-image for the one in the file
said-names-its-image-and-the-plan-a5d05 = { $v1 } names its image { $name }, and the plan { $v3 }
said-it-is-no-tar-9ef7c = it is no tar
said-it-is-no-whole-tar-3cb6b = it is no whole tar
said-it-has-more-than-files-888e3 = it has more than { $most_files } files
said-its-index-json-has-more-than-bytes-2c2a0 = its index.json has more than { $most_index } bytes
said-it-ends-in-its-index-json-80545 = it ends in its index.json
said-it-is-docker-s-own-format-which-has-01cdc = it is docker's own format, which has no digest of the image to compare
said-it-has-no-index-json-b070d = it has no index.json
said-its-index-json-is-none-e0435 = its index.json is none
said-it-has-images-and-one-is-meant-8b47a = it has { $v1 } images, and one is meant
said-its-image-has-no-sha-256-0857d = its image has no SHA-256
said-no-oci-archive-of-an-image-44a22 = no OCI archive of an image: { $why }

## outside::file

said-a-pipe-8ae98 = a pipe
said-a-device-76f4e = a device
said-something-else-a20b4 = something else
said-it-is-not-a-regular-file-but-126db = it is not a regular file but { $what }
said-it-is-not-utf-8-text-d6edc = it is not UTF-8 text

## outside::show

said-characters-left-out-28632 = { $head } … { $v2 } characters left out … { $end }
said-lines-left-out-2a245 = … { $more } lines left out

## outside::yaml

said-an-alias-stands-inside-what-it-266ec = an alias stands inside what it stands for
said-it-has-more-than-values-with-those-64057 = it has more than { $most_values } values, with those that aliases repeat
said-its-aliases-repeat-more-than-bytes-3fa23 = its aliases repeat more than { $most_repeated } bytes
said-more-than-lists-and-tables-are-c497d = more than { $deepest } lists and tables are inside each other

## plan::choice::check

said-serves-no-embedding-model-beside-the-022ab = serves no embedding model beside the other
said-leaves-nothing-on-the-cpu-51608 = leaves nothing on the CPU
said-has-one-cache-for-all-requests-ee5ee = has one cache for all requests anyway
said-chooses-its-attention-itself-e4e18 = chooses its attention itself
said-shares-every-matrix-among-its-cards-6b1f6 = shares every matrix among its cards
said-answers-requests-outside-of-v1-fb19e = answers requests outside of /v1 without a key
said-caches-in-the-model-s-own-type-here-896a3 = caches in the model's own type here
said-leave-out-38204 = leave { $flag } out
said-cannot-serve-with-35153 = { $machine } cannot serve { $v2 } with { $name }: { $why }
said-a-gguf-of-the-same-dimensions-would-db8ed = a GGUF of the same dimensions would do: --model { $v1 } --quant Q4_K_M --engine { $engine }
said-a-gguf-of-the-same-model-would-do-7d9d2 = a GGUF of the same model would do: --model FILE.gguf --engine { $engine }
said-llama-server-accepts-c975b = llama-server accepts { $v1 }
said-is-not-a-kv-cache-type-c3506 = { $name } is not a KV cache type
said-is-not-between-1-and-7abc2 = { $what } { $value } is not between 1 and { $most }
said-leave-it-out-and-the-plan-chooses-it-a6573 = leave it out, and the plan chooses it
said-choose-another-kv-type-or-flash-attn-03f7d = choose another --kv-type or --flash-attn; f16 always works
said-leave-split-mode-and-n-cpu-moe-out-bfc50 = leave --split-mode and --n-cpu-moe out: the plan then places the model itself
said-has-and-what-was-asked-needs-2f7fe = { $v1 } has { $have }, and what was asked needs { $least }
said-agi-provision-profiles-lists-fd643 = `agi-provision profiles` lists profiles with more; or leave --split-mode and --n-cpu-moe out
said-no-known-machine-has-gpus-and-what-42ebc = no known machine has { $least } GPUs, and what was asked needs them
said-agi-provision-profiles-and-agi-0e63a = `agi-provision profiles` and `agi-provision offers` list what is known
said-no-quantisation-of-is-known-5b71e = no quantisation of { $v1 } is known
said-name-one-with-quant-or-the-file-6ba96 = name one with --quant, or the file itself with --model FILE.gguf

## plan::choice::decide

said-agi-provision-offers-lists-provider-91d26 = `agi-provision offers` lists provider and instance; `agi-provision profiles` lists classes

## plan::choice::explained

said-explain-follows-the-buffers-of-llama-77da6 = --explain follows the buffers of llama.cpp, which is not the engine of this plan
said-leave-it-out-docs-engines-md-says-ad4bf = leave it out; docs/engines.md says how each number of the other engines comes about

## plan::choice::nothing

said-no-machine-is-known-at-all-2772c = no machine is known at all
said-agi-provision-offers-lists-what-is-f9f5f = `agi-provision offers` lists what is known; `offers update` reads it anew

## plan::choice::pooled

said-a-model-is-spread-over-hosts-by-6726d = a model is spread over hosts by llama.cpp, which serves GGUF files
said-leave-hosts-out-or-engine-with-a-a6720 = leave --hosts out, or --engine with a GGUF file in place of this model
said-no-quantisation-can-be-loaded-2516e = no quantisation can be loaded

## plan::document::over_hosts

said-over-hosts-place-of-hosts-22aa2 = over_hosts: place { $v1 } of { $hosts } hosts
said-over-hosts-the-first-host-is-the-b792c = over_hosts: the first host is the head, and every other one a worker
said-over-hosts-is-no-name-of-a-host-b32e7 = over_hosts: { $name } is no name of a host

## plan::expose

said-expected-a-range-such-as-203-0-113-0-377af = expected a range such as 203.0.113.0/24 or 2001:db8::/32
said-has-bits-after-its-prefix-the-range-96261 = { $net } has bits after its prefix; the range with that address is { $v2 }
said-the-host-itself-always-reaches-its-d6167 = the host itself always reaches its API
said-nobody-connects-from-a-multicast-47b66 = nobody connects from a multicast address
said-write-it-as-an-ipv4-range-01eb8 = write it as an IPv4 range

## plan::hosts::make

said-the-hosts-have-devices-and-one-c3930 = the hosts have { $v1 } devices, and one server takes { $v2 }
said-name-fewer-hosts-44a10 = name fewer hosts
said-a-plan-over-hosts-is-for-two-hosts-97c50 = a plan over hosts is for two hosts or more
said-for-one-host-agi-provision-plan-host-a4f77 = for one host: `agi-provision plan --host NAME`, --facts FILE or --profile ID
said-has-a-card-and-has-none-dc5a3 = { $v1 } has a card and { $v2 } has none
said-leave-out-a-token-would-wait-for-its-cadef = leave { $v1 } out: a token would wait for its processor
said-is-not-planned-over-several-hosts-bdc6f = { $flag } is not planned over several hosts
said-leave-it-out-or-plan-for-one-machine-450d1 = leave it out, or plan for one machine

## plan::hosts::part

said-has-no-workers-on-other-hosts-3bff7 = { $v1 } has no workers on other hosts
said-leave-engine-out-90048 = leave --engine out

## plan::hosts::traffic

said-is-no-latency-in-ms-and-rate-in-mbit-249bb = { $text } is no latency in ms and rate in Mbit/s, such as 0.4,940

## plan::ledger

said-llama-cpp-refuses-a-v-cache-without-7ffa3 = llama.cpp refuses a { $v } V cache without flash attention
said-llama-cpp-cannot-start-with-flash-02acc = llama.cpp cannot start { $architecture } with flash attention: give --flash-attn off
said-llama-cpp-refuses-different-k-and-v-6a558 = llama.cpp refuses different K and V cache types ({ $k }, { $v }) for latent attention
said-llama-cpp-refuses-a-kv-cache-here-be731 = llama.cpp refuses a { $v1 } KV cache here: the head size { $size } is not a multiple of { $v3 }

## plan::levels

said-the-registry-s-models-have-an-f16-02594 = the registry's models have an F16 and a Q4_K_M recipe

## plan::paged

said-it-has-no-graphics-card-53b06 = it has no graphics card
said-it-has-cards-that-a-plan-leaves-out-9bce7 = it has cards that a plan leaves out, and the unit names cards from the first one on
said-its-cards-are-not-nvidia-s-for-which-164d1 = its cards are not NVIDIA's, for which alone the image is planned
said-or-later-is-needed-6e96d = { $v1 }.{ $v2 } or later is needed
said-has-compute-capability-and-8db33 = { $name } has compute capability { $v2 }.{ $v3 }, and { $needs }

## plan::placement

said-n-cpu-moe-is-for-mixtures-of-experts-4ee75 = --n-cpu-moe is for mixtures of experts: this model has none
said-llama-cpp-refuses-split-mode-tensor-92e2b = llama.cpp refuses --split-mode tensor without flash attention
said-llama-cpp-refuses-split-mode-tensor-1e1c6 = llama.cpp { $v1 } refuses --split-mode tensor for the architecture { $architecture }

## plan::rag

said-rag-chunk-tokens-is-not-between-16-2dc78 = --rag-chunk-tokens { $chunk_tokens } is not between 16 and { $trained }, what { $v3 } reads at once
said-leave-it-out-and-the-plan-takes-what-f8b0f = leave it out, and the plan takes what the model reads well
said-rag-chunks-is-not-between-1-and-10-63228 = --rag-chunks { $chunks } is not between 1 and 10,000,000,000
said-it-is-the-number-of-texts-that-the-40e2f = it is the number of texts that the index has room for

## plan::reading

said-more-than-embedding-servers-7a462 = more than { $most } embedding servers
said-over-hosts-workers-are-served-from-d2b4d = over_hosts: workers are served from an archive or a program of their host
said-llama-server-it-has-an-image-and-d039b = llama_server: it has an image and packages, and one of them serves
said-not-a-plan-its-schema-is-not-f0f66 = not a plan: its schema is { $v1 }, not { $schema }

## plan::reconcile

said-the-host-as-it-was-found-3d592 = The host as it was found

## plan::request

said-the-registry-names-a-file-of-each-938d0 = the registry names a file of each embedding model
said-a-variant-of-each-quantisation-2264d = a variant of each quantisation

## plan::requirements

said-at-least-42909 = at least
said-one-of-fe5f0 = one of

## plan::runtime::cuda

said-the-oldest-driver-that-runs-programs-54993 = the oldest driver that runs programs of CUDA { $v1 }
said-llama-cpp-s-archive-for-cuda-has-no-f954b = llama.cpp's archive for CUDA { $toolkit } has no machine code for compute capability { $card }, and a driver as new as that CUDA compiles it
said-llama-cpp-s-image-for-cuda-has-no-b6644 = llama.cpp's image for CUDA { $toolkit } has no machine code for compute capability { $card }, and a driver as new as that CUDA compiles it
said-the-archive-has-no-code-for-older-2d28c = the archive has no code for older cards
said-the-image-has-no-code-for-older-06c8f = the image has no code for older cards
said-the-newest-cuda-that-the-driver-runs-c13c5 = the newest CUDA that the driver runs

## plan::runtime::distribution

said-llama-server-packages-is-no-package-d5dfa = llama_server/packages: { $odd } is no package of llama.cpp's
said-llama-server-packages-which-has-ab902 = llama_server/packages: { $server }, which has llama-server, is missing

## plan::servers

said-engine-is-no-server-for-a440c = engine: { $v1 } is no server for { $v2 }
said-args-they-are-those-of-not-of-894ea = args: they are those of { $found }, not of { $right }
said-args-model-is-and-the-model-s-first-dd348 = args: --model is { $model }, and the model's first file { $v2 }
said-it-is-on-a-card-and-the-profile-has-6c05b = it is on a card, and the profile { $v1 } has none

## plan::verdict

said-at-most-a22e7 = at most

## process

said-did-not-finish-within-s-and-was-987a1 = { $program } did not finish within { $v2 } s and was stopped

## render

said-the-plan-pins-no-image-of-f95ce = the plan pins no image of { $v1 }
said-runtime-image-repository-sha256-583d7 = --runtime-image REPOSITORY@sha256:DIGEST pins one; the registry's page, or `skopeo inspect`, has the digest
said-comes-as-a-container-its-bundle-has-87e07 = { $v1 } comes as a container: its bundle has no other form
said-leave-the-flags-of-first-boots-of-df16a = leave the flags of first boots, of the driver and of targets out; the bundle's README.md has the commands
said-the-plan-s-profile-is-a-gpu-s-and-f6fd4 = the plan's profile is a GPU's and lists no GPU
said-make-the-plan-again-agi-provision-089b3 = make the plan again: `agi-provision plan --out FILE`

## render::archive

said-packing-b4e08 = packing { $path }
said-packing-the-bundle-b7cc1 = packing the bundle
said-reading-the-bundle-s-tar-0a07d = reading the bundle's tar
said-a-path-is-not-utf-8-0c9dc = a path is not UTF-8
said-is-not-a-regular-file-tar-type-214e9 = { $path } is not a regular file (tar type { $v2 })
said-reading-the-size-of-614b6 = reading the size of { $path }
said-its-files-have-more-than-bytes-5032f = its files have more than { $max_bytes } bytes
said-is-cut-short-515df = { $path } is cut short

## render::broken

said-not-a-sound-bundle-81f28 = not a sound bundle: { $what }
said-make-it-anew-with-agi-provision-ae581 = make it anew with `agi-provision bundle --plan plan.json --out DIR`

## render::bundle

said-is-not-what-the-manifest-says-it-was-5bdc5 = { $path } is not what the manifest says; it was changed
said-and-differ-f8f9a = { $plan } and { $served } differ
said-reading-the-bundle-s-plan-json-441df = reading the bundle's plan.json
said-is-not-in-its-manifest-f6c6e = { $extra } is not in its manifest
said-is-not-a-bundle-it-has-no-25d65 = { $v1 } is not a bundle: it has no { $manifest }
said-agi-provision-bundle-out-dir-makes-84b98 = `agi-provision bundle --out DIR` makes one
said-reading-the-bundle-736f8 = reading the bundle { $v1 }
said-is-not-a-link-to-fb60a = { $v1 } is not a link to { $v2 }
said-name-a-new-or-an-empty-directory-or-0502f = name a new or an empty directory, or a bundle's
said-holds-a-manifest-json-that-is-not-a-046be = holds a manifest.json that is not a bundle's
said-is-not-empty-and-not-a-bundle-5d256 = is not empty and not a bundle
said-is-not-a-folder-8d611 = { $v1 } is not a folder

## render::carried

said-it-carries-twice-4aa83 = it carries { $v1 } twice
said-it-carries-more-archives-than-one-7c726 = it carries more archives than one runtime has

## render::choices

said-expected-a-number-from-1-to-or-two-3f559 = expected a number from 1 to { $most }, or two with - between, as in 2-4
said-the-balancer-has-no-server-or-more-f2ded = the balancer has no server, or more than { $most }
said-a-server-of-the-balancer-is-there-aa363 = a server of the balancer is there twice

## render::clouds

said-bytes-of-base64-07ee8 = { $most } bytes of Base64
said-it-publishes-no-limit-43631 = it publishes no limit
said-no-limit-b8edd = no limit
said-user-data-has-a-and-s-client-would-c7319 = user-data has a `$`, and { $v1 }'s client would put a variable in its place
said-use-the-plan-without-that-text-or-0e78f = use the plan without that text, or bring the machine up with `agi-provision apply --host`
said-and-it-takes-text-only-which-does-19dac = and it takes text only, which does not get smaller by compressing
said-user-data-is-too-large-for-bytes-as-85945 = user-data is too large for { $v1 }: { $v2 } bytes as it counts them, { $packed }; the most is { $v4 } (read on { $v5 } in { $v6 })
said-a-long-chat-template-takes-most-of-f9dc0 = a long chat template takes most of it: plan without it; or start the machine without user-data and use `agi-provision apply --host`; or attach a disk that `--seed-iso` makes
said-is-no-cloud-of-this-version-82cce = { $name } is no cloud of this version
said-compressing-user-data-0f951 = compressing user-data

## render::edits

said-another-mode-191bf = another mode
said-leads-elsewhere-436e8 = leads elsewhere
said-another-entry-a6eb0 = another entry
said-was-made-by-agi-provision-and-this-47c07 = { $what } was made by agi-provision { $version }, and this is { $tool_version }, which makes other files of its plan: { $list }
said-make-it-anew-with-this-version-agi-b9330 = make it anew with this version: `agi-provision bundle --plan plan.json --out DIR`; { $trust }
said-is-not-what-its-plan-makes-it-was-08bea = { $what } is not what its plan makes; it was edited: { $list }
said-make-it-anew-with-agi-provision-da89e = make it anew with `agi-provision bundle --plan plan.json --out DIR`; { $trust }
said-more-lines-bfb87 = { "  " }… { $v1 } more lines
said-has-more-than-files-in-and-its-da84a = { $v1 } has more than { $most_files } files in { $rootfs } and its targets
said-name-a-folder-that-holds-the-bundle-5e8f8 = name a folder that holds the bundle and nothing else

## render::first_boot

said-the-program-s-addresses-are-not-one-03500 = the program's addresses are not one to { $most_urls } different ones
said-the-program-s-size-is-bytes-0f492 = the program's size is { $v1 } bytes

## render::manifest

said-reading-manifest-json-2452c = reading manifest.json
said-belongs-to-not-f9249 = { $v1 } belongs to { $v2 }, not { $owner }
said-it-lists-manifest-json-itself-2102d = it lists manifest.json itself
said-is-no-place-for-a-rendered-file-b20e6 = { $v1 } is no place for a rendered file
said-links-to-bde7f = { $v1 } links to { $v2 }
said-is-a-file-and-the-folder-of-db3af = { $parent } is a file and the folder of { $path }
said-has-more-than-100-bytes-6bd37 = { $path } has more than 100 bytes
said-is-no-place-for-a-bundle-s-file-e1a37 = { $path } is no place for a bundle's file
said-the-plan-s-runtime-has-archives-dd586 = the plan's runtime has archives beside it that no release has
said-make-the-plan-anew-with-agi-d320c = make the plan anew, with `agi-provision plan --resolve`
said-libraries-beside-it-bf029 = { $v1 } { $v2 }, libraries beside it
said-the-plan-s-model-file-is-there-twice-ea180 = the plan's model file { $v1 } is there twice

## render::seed

said-the-seed-cannot-hold-all-of-the-f41c2 = the seed cannot hold all of the bundle: { $warning }
said-leave-seed-iso-out-and-apply-the-d0313 = leave --seed-iso out, and apply the bundle over SSH
said-placing-in-the-seed-87926 = placing { $path } in the seed

## render::targets::cloud_init

said-the-size-of-user-data-does-not-57033 = the size of user-data does not settle
said-too-big-2948b = too big

## render::targets::kubernetes

said-the-nodes-of-a-cluster-have-theirs-f7767 = the nodes of a cluster have theirs from their image or from NVIDIA's GPU operator
said-a-pod-does-not-serve-this-plan-57549 = a pod does not serve this plan: { $why }
said-make-a-plan-of-one-server-for-it-agi-aa6da = make a plan of one server for it: `agi-provision plan` without --rag and --engine
said-it-has-a-second-server-bf1cc = it has a second server, { $v1 }
said-its-engine-is-started-by-another-12500 = its engine, { $v1 }, is started by another program

## render::targets::skypilot

said-the-images-that-skypilot-starts-gpu-b31e1 = the images that SkyPilot starts GPU machines from have one
said-no-catalogue-s-name-is-known-of-the-e0363 = no catalogue's name is known of the card { $v1 }
said-plan-for-a-profile-agi-provision-0a4d3 = plan for a profile, `agi-provision profiles` lists them, or leave --target skypilot out

## render::targets::target

said-the-target-would-bring-files-to-acefb = the target { $v1 } would bring files to hosts
said-driver-is-for-a-host-that-agi-100a0 = --driver { $origin } is for a host that agi-provision brings to the plan, and no pod or replica gets a driver from it
said-driver-none-leaves-it-out-5d8e4 = { $theirs }: --driver none leaves it out

## render::templates

said-preparing-the-values-for-the-479c8 = preparing the values for the template { $name }
said-filling-the-template-d10bf = filling the template { $name }

## report::html::chart

said-drawing-the-chart-3b6c8 = drawing the chart: { $error }

## report::html::page

said-filling-the-page-ec4e2 = filling the page

## ssh::agent

said-it-does-not-speak-as-an-agent-0d7d4 = it does not speak as an agent

## ssh::algorithms

said-it-has-no-but-and-this-program-has-8477b = it has no { $what } but { $v2 }, and this program has { $ours }
said-key-exchange-77771 = key exchange
said-host-key-0bcd4 = host key

## ssh::ask

said-there-is-no-terminal-to-ask-on-c7d83 = there is no terminal to ask on
said-none-was-given-58c57 = none was given
said-nothing-was-typed-within-s-9be4b = nothing was typed within { $v1 } s
said-it-could-not-be-asked-for-d5658 = it could not be asked for: { $error }
said-it-is-longer-than-bytes-183ef = it is longer than { $longest } bytes

## ssh::attempt

said-the-password-has-expired-log-in-once-83866 = the password has expired: log in once with `ssh` and change it

## ssh::auth

said-there-is-no-terminal-to-ask-for-the-4fc68 = { $v1 }: there is no terminal to ask for the password on
said-log-in-with-a-key-identity-ssh-agent-7f0e8 = log in with a key (--identity, ssh-agent), or give the password with --password-stdin or in AGI_PROVISION_PASSWORD
said-log-in-once-with-ssh-and-change-it-7f463 = log in once with `ssh` and change it, then try again
said-run-it-on-a-terminal-or-log-in-with-2a4b3 = run it on a terminal, or log in with a key
said-no-answer-8d598 = no answer
said-a-password-is-tried-once-as-accounts-8a985 = a password is tried once, as accounts get locked: run it again with the right one, or log in with a key
said-logging-in-to-was-broken-off-16405 = logging in to { $peer } was broken off: { $list }
said-hung-up-or-fell-silent-6c991 = { $peer } hung up or fell silent: { $list }
said-hung-up-or-fell-silent-after-keys-90da9 = { $peer } hung up or fell silent after { $keys } keys: { $list }
said-servers-hang-up-after-a-few-wrong-ef060 = servers hang up after a few wrong keys: name the right one with --identity

## ssh::auth_keys

said-the-key-file-cannot-be-used-it-is-a-4c02a = the key file { $path } cannot be used: it is a public key, and ssh-agent does not hold the private one
said-identity-takes-the-path-of-a-private-56814 = --identity takes the path of a private key, or add it with ssh-add
said-a-public-key-and-ssh-agent-does-not-f75bc = { $path }: a public key, and ssh-agent does not hold the private one
said-add-the-private-key-with-ssh-add-or-30fe9 = add the private key with ssh-add, or name its file
said-no-answer-3b100 = { $path }: no answer
said-is-encrypted-and-for-its-passphrase-f4e61 = { $path }: is encrypted, and for its passphrase: { $absent }
said-add-the-key-to-ssh-agent-ssh-add-or-d302b = add the key to ssh-agent (ssh-add { $path }), or give its passphrase with --passphrase-stdin, AGI_PROVISION_PASSPHRASE or SSH_ASKPASS
said-with-60d19 = { $path } with { $v2 }
said-the-agent-has-lost-the-key-58d45 = the agent has lost the key
said-not-tried-keys-are-enough-b9a00 = { $label }: not tried, { $most_attempts } keys are enough
said-accepted-and-not-enough-9d75c = { $label }: accepted, and not enough
said-a-key-on-hardware-which-this-program-a1e48 = { $name }: a key on hardware ({ $kind }), which this program cannot sign with
said-log-in-with-a-key-of-another-type-c2bc4 = log in with a key of another type: make one with `ssh-keygen -t ed25519`, let it in with `ssh-copy-id` while the hardware key is at hand, and keep it in ssh-agent
said-the-key-file-cannot-be-used-27582 = the key file { $v1 } cannot be used: { $error }
said-identity-takes-the-path-of-a-private-793a1 = --identity takes the path of a private key
said-it-is-another-key-s-19b72 = { $v1 }: it is another key's

## ssh::authority

said-reading-the-ssh-configuration-of-3f21d = reading the SSH configuration of { $target }: { $error }
said-find-out-what-it-waits-for-with-ssh-6fb3e = find out what it waits for with `ssh -vG { $v1 }`; a Match exec must end
said-reading-the-ssh-configuration-e11fc = reading the SSH configuration
said-what-the-ssh-configuration-says-of-45426 = what the SSH configuration says of { $target } has more than { $v2 } bytes
said-name-a-smaller-one-with-ssh-config-fabb8 = name a smaller one with --ssh-config
said-ssh-gives-no-reason-fde96 = ssh gives no reason
said-the-ssh-configuration-cannot-be-used-055f0 = the SSH configuration cannot be used for { $target }: { $why }
said-correct-it-until-ssh-g-takes-it-or-858e5 = correct it until `ssh -G` takes it, or name another with --ssh-config (/dev/null for none)

## ssh::certificate

said-it-is-not-an-ssh-certificate-41cf1 = it is not an SSH certificate
said-it-is-a-host-s-certificate-6493e = it is a host's certificate
said-it-expired-on-5ae4e = it expired on { $v1 }
said-it-is-not-valid-before-10e5e = it is not valid before { $v1 }

## ssh::channels

said-another-connection-is-being-made-and-ff201 = another connection is being made and takes long
said-the-other-side-closed-it-ae550 = the other side closed it
said-opening-a-session-for-the-tunnel-54e86 = opening a session for the tunnel

## ssh::config

said-what-means-for-is-known-to-openssh-s-ab482 = what { $v1 } means for { $target } is known to OpenSSH's client alone, which is not on this machine
said-install-it-or-write-the-same-into-an-98fe7 = install it, or write the same into an SSH configuration and name that with --ssh-config
said-keeping-what-says-5c82e = keeping what { $v1 } says
said-the-ssh-configuration-cannot-be-used-847c5 = the SSH configuration { $v1 } cannot be used: { $why }
said-correct-it-or-name-another-with-ssh-afcf6 = correct it, or name another with --ssh-config (/dev/null for none)

## ssh::connection

said-starting-a-thread-466ce = starting a thread
said-while-logging-in-to-6bb3d = { $why }, while logging in to { $place }: { $error }
said-ssh-v-to-the-same-host-goes-the-same-a767f = `ssh -v` to the same host goes the same way and shows where it ends
said-proxycommand-was-not-started-a18ad = ProxyCommand was not started
said-the-way-to-is-proxycommand-f8ba3 = the way to { $place } is ProxyCommand { $command }{ $report }
said-proxyjump-of-leads-in-a-circle-c8f9b = ProxyJump of { $target } leads in a circle
said-give-the-jump-host-a-host-block-of-ebc6e = give the jump host a Host block of its own with ProxyJump none
said-the-way-to-is-through-e02a1 = the way to { $target } is through { $hop }

## ssh::conversation

said-it-asks-without-end-ff053 = it asks without end
said-it-asks-and-71713 = it asks { $text }, and { $absent }
said-it-wants-the-password-changed-adbb2 = it wants the password changed ({ $text })

## ssh::dial

said-has-no-address-d792a = { $host } has no { $kind } address
said-the-ssh-configuration-wants-one-48670 = the SSH configuration wants one (AddressFamily { $wanted })
said-was-not-tried-the-time-limit-is-zero-1dab8 = { $place } was not tried: the time limit is zero
said-bindaddress-is-of-another-kind-than-c1685 = BindAddress { $here } is of another kind than { $v2 }

## ssh::exec

said-the-remote-command-ended-after-bytes-8bb79 = the remote command ended { $v1 } after { $sent } bytes of input{ $v3 }
said-with-status-658c5 = with status { $status }
said-by-signal-80d48 = by signal { $signal }
said-without-a-status-f2e7a = without a status
said-asking-for-a-terminal-88e82 = asking for a terminal
said-starting-a-command-3727b = starting a command
said-the-server-runs-no-commands-for-this-23598 = the server runs no commands for this user
said-reading-what-is-to-be-sent-3d09f = reading what is to be sent
said-closing-stdin-275a6 = closing stdin
said-sent-a-line-of-more-than-bytes-c3b04 = { $v1 } sent a line of more than { $longest_line } bytes
said-waiting-for-output-dcfc4 = waiting for output
said-waiting-for-the-command-to-end-2b533 = waiting for the command to end
said-the-command-a771d = the command
said-sending-input-3ab99 = sending input
said-reading-output-9dd48 = reading output
said-the-command-on-wrote-more-than-bytes-48718 = the command on { $v1 } wrote more than { $most_unread } bytes
said-reading-the-exit-status-b97d2 = reading the exit status
said-opening-a-channel-dd1a7 = opening a channel
said-the-server-opens-no-session-does-its-72d80 = the server opens no session; does its MaxSessions allow one?

## ssh::forward

said-preparing-the-local-port-386a6 = preparing the local port
said-the-tunnel-ended-18666 = the tunnel ended
said-accepting-a-connection-e8c44 = accepting a connection

## ssh::gate

said-the-way-to-is-through-e7189 = the way to { $to } is through { $v2 }: { $failure }
said-run-the-same-command-again-once-ssh-56761 = run the same command again once `ssh` to { $v1 } stays connected
said-the-jump-host-does-not-answer-it-is-301e9 = the jump host { $v1 } does not answer: it is asked for other hosts too
said-try-again-with-a-lower-jobs-cdf32 = try again with a lower --jobs

## ssh::handshake

said-starting-libssh2-890ce = starting libssh2
said-libssh2-knows-none-of-89993 = libssh2 knows none of { $list }
said-did-not-finish-the-key-exchange-237f6 = ({ $banner }) did not finish the key exchange within { $seconds } s
said-the-machine-may-be-overloaded-try-1cb8a = the machine may be overloaded; try again, or allow more time
said-and-this-program-found-no-common-way-f20f1 = ({ $banner }) and this program found no common way to talk: { $v2 }
said-this-program-takes-no-sha-1-cbc-or-e126b = this program takes no SHA-1, CBC or DSA: update the server, or look at its log
said-lets-this-address-wait-it-said-16406 = lets this address wait: it said { $line }
said-sshd-keeps-an-address-out-for-a-35d3d = sshd keeps an address out for a while after failed logins (PerSourcePenalties): wait, or have it exempted
said-has-too-many-connections-that-are-79768 = has too many connections that are not logged in: it said { $line }
said-try-again-later-or-with-a-lower-jobs-3fc32 = try again later or with a lower --jobs, or raise MaxStartups there
said-does-not-speak-ssh-it-said-451b0 = does not speak SSH; it said { $line }
said-is-this-the-port-of-sshd-cc5ff = is this the port of sshd?
said-did-not-answer-with-an-ssh-banner-28fa6 = did not answer with an SSH banner within { $seconds } s
said-something-listens-there-but-it-may-38d25 = something listens there, but it may not be sshd, or it is overloaded
said-closed-the-connection-before-an-ssh-5945a = closed the connection before an SSH banner: { $v1 }
said-sshd-may-be-starting-limit-e6267 = sshd may be starting, limit connections (MaxStartups), or have banned this address

## ssh::host_key

said-is-not-the-fingerprint-of-a-host-key-5c838 = { $fingerprint } is not the fingerprint of a host key
said-it-is-what-ssh-keygen-lf-prints-a8f30 = it is what `ssh-keygen -lf` prints: SHA256: and 43 letters, digits, '+' or '/'
said-the-of-is-ed2e3 = the { $v1 } of { $name } is { $how }
said-do-not-connect-whoever-marked-it-5220d = do not connect: whoever marked it knows that this key is in other hands
said-marked-revoked-at-a60ce = marked @revoked at { $at }
said-showed-the-not-the-pinned-6ebca = { $name } showed the { $shown }, not the pinned { $wanted }
said-compare-with-ssh-keygen-lf-etc-ssh-8405a = compare with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on the host's console; a host has one key of each type

## ssh::included

said-with-what-it-includes-it-has-more-36a33 = with what it includes it has more than { $most_bytes } bytes
said-more-than-files-include-each-other-86b77 = more than { $deepest } files include each other
said-it-includes-more-than-files-f892e = it includes more than { $most_files } files
said-include-looks-through-more-than-507c5 = Include looks through more than { $most_entries } directory entries

## ssh::key_file

said-it-is-too-large-for-a-private-key-bbf79 = it is too large for a private key: { $error }
said-it-is-not-a-private-key-e2822 = it is not a private key

## ssh::known_command

said-run-it-by-hand-it-takes-the-absolute-665d2 = run it by hand; it takes the absolute path of a program, and no shell is around it
said-it-does-not-begin-with-the-absolute-14196 = it does not begin with the absolute path of a program
said-it-ended-with-38e6c = it ended with { $status } { $v2 }
said-it-prints-more-than-bytes-dceb3 = it prints more than { $v1 } bytes

## ssh::known_hosts

said-cannot-read-46f26 = cannot read { $v1 }
said-no-random-numbers-5983b = no random numbers: { $error }
said-cannot-add-the-key-of-to-b409b = cannot add the key of { $v1 } to { $v2 }

## ssh::line

said-has-more-than-one-value-1fee2 = { $v1 } has more than one value

## ssh::meeting

said-showed-no-host-key-d9dc1 = { $place } showed no host key
said-cannot-be-talked-to-93b13 = { $place } cannot be talked to: { $why }
said-trying-again-for-up-to-s-fc48a = { $v1 }: trying again for up to { $v2 } s
said-known-as-da4dd = { $place } (known as { $entry })
said-there-is-no-known-hosts-file-to-add-a18f6 = there is no known_hosts file to add the new host key to
said-name-one-in-userknownhostsfile-c9800 = name one in UserKnownHostsFile

## ssh::passage

said-making-a-socket-pair-5c274 = making a socket pair
said-the-connection-to-was-no-longer-1887d = the connection to { $v1 } was no longer needed
said-cannot-connect-to-1384d = { $v1 } cannot connect to { $v2 }: { $error }
said-is-it-on-is-sshd-running-there-and-66dd5 = is it on, is sshd running there, and does the jump host's sshd allow TCP forwarding?
said-the-connection-ended-02558 = the connection ended

## ssh::proxy

said-starting-proxycommand-27e12 = starting ProxyCommand { $command }
said-it-says-de3ae = it says: { $said }
said-it-ended-with-e15ac = it ended with { $how }
said-it-ended-with-ce7d2 = it ended with { $how }: { $said }

## ssh::reader

said-there-are-more-than-values-of-bc568 = there are more than { $most_values } values of { $v2 }
said-there-are-more-than-names-to-ignore-13dc2 = there are more than { $most_names } names to ignore
said-the-keyword-is-not-known-9f6d7 = the keyword { $v1 } is not known
said-match-has-no-value-5f0ec = Match { $name } has no value
said-match-says-nothing-aa827 = Match says nothing
said-the-address-a6d14 = the address { $v1 }
said-needs-openssh-s-client-on-this-2c12a = { $what } needs OpenSSH's client on this machine to be understood
said-is-no-time-92115 = { $v1 } is no time

## ssh::resolve

said-starting-the-resolver-0d3a6 = starting the resolver: { $error }
said-the-name-servers-know-no-address-of-376f7 = the name servers know no address of it
said-no-name-server-answered-within-s-23697 = no name server answered within { $v1 } s

## ssh::revoked

said-revokedhostkeys-cannot-be-read-48f21 = RevokedHostKeys { $v1 } cannot be read: { $error }
said-ssh-takes-no-host-s-key-then-make-0af09 = ssh takes no host's key then; make the file readable, or take the line out of the SSH configuration
said-revoked-by-revokedhostkeys-78e71 = revoked by { $v1 } (RevokedHostKeys)
said-revoked-at-revokedhostkeys-a87c1 = revoked at { $at } (RevokedHostKeys)
said-revokedhostkeys-is-a-binary-key-0a1f0 = RevokedHostKeys { $v1 } is a binary key revocation list
said-and-ssh-keygen-which-reads-it-cannot-fa075 = { $what }, and ssh-keygen, which reads it, cannot be asked: { $error }
said-install-openssh-s-client-or-list-the-1280f = install OpenSSH's client, or list the revoked public keys as text, one a line, in the file that RevokedHostKeys names
said-that-ssh-keygen-cannot-read-2f1eb = { $what } that ssh-keygen cannot read: { $v2 }
said-ssh-takes-no-host-s-key-then-make-f9dd6 = ssh takes no host's key then; make the list anew with `ssh-keygen -k`, or take the line out of the SSH configuration

## ssh::secrets

said-refused-it-before-so-it-is-not-tried-4cb0b = { $host } refused it before, so it is not tried again
said-it-is-wrong-b632d = it is wrong

## ssh::settings

said-no-user-for-is-known-e6291 = no user for { $target } is known
said-name-one-user-237eb = name one: user@{ $target }
said-proxyusefdpass-is-not-supported-have-7cfb5 = ProxyUseFdpass is not supported: have the command carry the data itself

## ssh::stream

said-preparing-a-connection-b0ecc = preparing a connection

## ssh::target

said-is-not-a-host-c7d5b = { $text } is not a host: { $why }
said-write-it-as-user-name-port-for-4c678 = write it as [user@]name[:port], for example root@203.0.113.7 or admin@[2001:db8::1]:2222
said-it-has-whitespace-or-control-b7949 = it has whitespace or control characters
said-the-user-before-is-empty-57d57 = the user before '@' is empty
said-the-name-is-empty-47674 = the name is empty
said-a-name-cannot-start-with-d275b = a name cannot start with '-'
said-the-name-has-a-character-that-no-d545e = the name has a character that no host name has
said-the-is-not-closed-030e4 = the '[' is not closed
said-what-is-in-brackets-is-not-an-1f739 = what is in brackets is not an address
said-after-only-port-may-follow-49911 = after ']' only ':port' may follow
said-it-has-several-and-is-not-an-ipv6-03058 = it has several ':' and is not an IPv6 address
said-the-port-is-not-a-number-1c41c = the port is not a number
said-the-port-is-not-between-1-and-65535-bba9e = the port is not between 1 and 65535

## ssh::tokens

said-there-is-no-token-in-19f07 = there is no token %{ $letter } in { $text }
said-ends-with-0b406 = { $text } ends with %
said-a-value-has-more-than-bytes-c8592 = a value has more than { $longest } bytes
said-is-not-closed-in-36e0e = ${ "{" } is not closed in { $text }
said-the-variable-of-is-not-set-9f502 = the variable { $name } of { $text } is not set

## ssh::wire

said-the-connection-to-was-lost-11364 = the connection to { $peer } was lost: { $detail }
said-on-took-longer-than-s-70222 = { $what } on { $peer } took longer than { $v3 } s
said-on-0d2b6 = { $what } on { $peer }: { $message }

## unpack

said-its-folder-9521f = its folder
said-it-has-more-than-entries-6cbac = it has more than { $v1 } entries
said-it-has-an-extension-header-of-bytes-637fa = it has an extension header of { $size } bytes; at most { $v2 } are read
said-its-entry-has-a-name-that-is-kept-03ce9 = its entry { $v1 } has a name that is kept for ourselves
said-its-file-has-bytes-at-most-are-0f06c = its file { $v1 } has { $size } bytes; at most { $v3 } are unpacked

## unpack::header

said-a-pax-header-is-malformed-beee7 = a PAX header is malformed
said-it-holds-a-sparse-file-which-is-not-024d0 = it holds a sparse file, which is not unpacked
said-it-gives-one-name-or-size-to-all-its-e4f3d = it gives one name or size to all its entries
said-it-gives-an-entry-two-names-or-two-1ab3c = it gives an entry two names or two sizes
said-it-gives-an-entry-two-sizes-346d9 = it gives an entry two sizes
said-it-has-an-entry-without-a-name-d61d7 = it has an entry without a name
said-its-entry-is-a-hard-link-which-is-d4d8a = its entry { $v1 } is a hard link, which is not unpacked; `tar --hard-dereference` packs the file itself
said-its-entry-is-which-no-runtime-has-b4797 = its entry { $v1 } is { $v2 }, which no runtime has
said-its-entry-is-no-file-and-has-bytes-48ce2 = its entry { $v1 } is no file and has { $size } bytes
said-a-sparse-file-e88c2 = a sparse file
said-of-tar-s-type-6d85b = of tar's type { $v1 }

## unpack::input

said-it-unpacks-to-more-than-bytes-3d90b = it unpacks to more than { $bytes } bytes
said-it-unpacks-to-more-than-times-its-bb46a = it unpacks to more than { $ratio } times its compressed size

## unpack::name

said-its-entry-has-an-absolute-name-66858 = its entry { $v1 } has an absolute name
said-its-entry-leads-outside-98aed = its entry { $v1 } leads outside
said-its-entry-has-a-part-of-more-than-f5ceb = its entry { $v1 } has a part of more than 255 bytes
said-its-entry-lies-more-than-folders-560a9 = its entry { $v1 } lies more than { $v2 } folders deep
said-link-target-99aee = link target
said-its-link-leads-nowhere-3ac72 = its link { $v1 } leads nowhere
said-its-link-leads-outside-to-1775a = its link { $v1 } leads outside, to { $v2 }
said-its-has-bytes-at-most-are-taken-6c39e = its { $what } { $v2 } has { $v3 } bytes; at most { $v4 } are taken
said-its-is-not-utf-8-df196 = its { $what } { $v2 } is not UTF-8
said-its-has-a-control-character-or-a-0adea = its { $what } { $v2 } has a control character or a backslash

## unpack::refusal

said-it-ends-too-early-it-is-truncated-or-780a9 = it ends too early: it is truncated or still downloading
said-it-is-not-a-tar-or-tar-gz-archive-or-0b8ab = it is not a .tar or .tar.gz archive, or it is damaged: { $v1 }

## unpack::tree

said-a-link-19494 = a link
said-a-file-f57b2 = a file
said-its-entry-lies-below-which-is-d5cc2 = its entry { $v1 } lies below { $v2 }, which is { $what }
said-its-entry-is-there-twice-60ce5 = its entry { $v1 } is there twice
said-it-has-more-than-files-folders-and-36ca4 = it has more than { $v1 } files, folders and links
said-its-link-52187 = its link { $v1 } { $why }: { $v3 }
said-leads-outside-b350b = leads outside
said-leads-through-a-file-d9250 = leads through a file
said-leads-through-too-many-links-1d877 = leads through too many links
said-leads-to-nothing-in-the-archive-5ad62 = leads to nothing in the archive
said-leads-to-the-folder-of-the-archive-101d9 = leads to the folder of the archive itself

## verify

said-a-group-above-it-512a3 = a group above it

## verify::gpu

said-in-the-largest-mig-instance-of-gpu-949b8 = { $v1 } in the largest MIG instance of GPU { $v2 }
said-every-pair-is-linked-12cc2 = every pair is linked ({ $v1 }){ $v2 }
said-gpu-and-gpu-meet-over-each-layer-s-de164 = GPU { $v1 } and GPU { $v2 } meet over { $v3 }{ $v4 }: each layer's result crosses that instead of NVLink
said-of-nvlinks-are-inactive-39768 = { $inactive } of { $v2 } NVLinks are inactive
said-unknown-2cea6 = unknown ({ $why })
said-gb-s-each-way-d0080 = , { $total } GB/s each way
said-gb-s-each-way-at-best-pcie-70fab = { " " }({ $v1 } GB/s each way at best, PCIe { $v2 } ×{ $v3 })

## verify::host

said-let-programs-run-from-there-mount-o-b7f3e = let programs run from there (`mount -o remount,exec PLACE`, and without noexec in /etc/fstab)
said-give-a-runtime-that-was-built-on-a-f8553 = give a runtime that was built on a system as old as this one (--runtime-archive or --runtime-path), or take a newer system
said-give-an-archive-for-this-host-s-c4376 = give an archive for this host's processor, or --runtime-path for a program that is there
said-give-an-archive-that-was-built-on-a-55807 = give an archive that was built on a system as old as this one, or that brings its libraries
said-does-the-host-need-a-proxy-proxy-url-85f7b = does the host need a proxy (--proxy URL, or its /etc/environment)? --mirror FROM=TO names another place, --model-file and --runtime-archive send files from here
said-wait-until-that-has-ended-wait-4f44f = wait until that has ended; --wait SECONDS waits longer, --allow busy goes on beside it
said-restart-the-host-systemctl-reboot-2e110 = restart the host (`systemctl reboot`); --allow reboot goes on as it is
said-then-apply-again-nothing-was-changed-97c21 = { $todo }, then apply again; nothing was changed
said-install-podman-4-4-or-later-which-3c328 = install podman 4.4 or later, which has Quadlet (Debian 13 and Ubuntu 24.04 have it)
said-describe-the-cards-to-podman-nvidia-570cb = describe the cards to podman: `nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml` (NVIDIA Container Toolkit)

## verify::links

said-the-cards-were-linked-so-when-this-a4903 = the cards were linked so when this was applied; loading, and what passes between cards, is slower now: reseat the card, or --allow gpu-link
said-as-when-it-was-applied-a4f74 = as when it was applied
said-no-link-is-less-7b85b = no link is less
said-gpu-with-nvlinks-7064e = GPU { $v1 } with { $v2 } NVLinks
said-are-up-8ac8a = { $now } are up

## wire::peers

said-no-public-key-of-ssh-a7947 = no public key of SSH

## wire::secrets

said-tls-cert-holds-no-pem-certificate-2481b = --tls-cert holds no PEM certificate
said-openssl-x509-inform-der-in-cert-9b333 = `openssl x509 -inform der -in CERT` prints one in PEM
said-tls-key-holds-no-pem-private-key-5139e = --tls-key holds no PEM private key without a passphrase
said-openssl-pkey-in-key-out-plain-takes-1585a = `openssl pkey -in KEY -out PLAIN` takes a passphrase off
said-tls-key-is-not-the-key-of-the-first-7179f = --tls-key is not the key of the first certificate in --tls-cert
said-the-key-s-own-certificate-comes-b9acd = the key's own certificate comes first in the file, then those of its authorities
said-the-certificate-in-tls-cert-has-fbfcb = the certificate in --tls-cert has expired
said-renew-it-openssl-x509-enddate-noout-69a7f = renew it; `openssl x509 -enddate -noout -in CERT` shows the day
