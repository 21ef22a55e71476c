# Errors and hints that many users meet. One that is said in English, by an agent or across a chain of causes, is found by its
# text.

## Models and machines

error-no-model = no model is called { $name }
hint-no-model = `agi-provision models` lists the known ones; a path to a .gguf file and hf:owner/repository work too
hint-near-model = did you mean { $near }? `agi-provision models` lists all; a path to a .gguf file and hf:owner/repository work too
error-no-offer = no machine on offer is called { $name }, or it cannot be planned for

## The way to a host

error-resolve = cannot resolve { $name }: { $why }
hint-resolve = check the spelling, /etc/hosts and /etc/resolv.conf, or give the IP address
error-refused-connection = { $place } refused the connection
hint-refused-connection = is sshd running there, and is this its port?
error-no-answer = { $place } did not answer within { $version } s
hint-no-answer = is the machine on, is the address right, does a firewall let this port through?
error-unreachable = { $place } cannot be reached: { $why }
hint-unreachable = check the address and the network
error-host-key-unknown = the { $key } of { $name } is not known
hint-host-key-unknown = check it on the host's console with `ssh-keygen -lf`, then pass --host-key { $fingerprint }; or take it on trust with --accept-new-host-key
error-host-key-changed = the host key of { $name } has changed: it showed the { $key }, but { $place } has another ({ $types } known)
hint-host-key-changed = someone may be in between; if the host was reinstalled, forget the old key with `{ $command }`
error-login = { $peer } refused to let { $user } in: { $tried }
error-no-key = there is no key to try
login-offers = { "; the server offers " }{ $offers }
hint-no-key = make a key with `ssh-keygen -t ed25519` and add its .pub to the host, or name one with --identity
hint-login = is { $user } the right user, and is the key's .pub in { $user }'s ~/.ssh/authorized_keys there? Name another key with --identity

## Rights on a host

error-sudo = the user may not become root with sudo: { $why }
error-no-sudo = the user is not root and the host has no sudo and no doas
hint-no-sudo = connect as root: --host root@NAME
error-sudo-password = the user may not become root with { $program } without a password, and { $absent }
hint-sudo-password = give the password with --sudo-password-stdin, connect as root, or allow the user sudo without a password (NOPASSWD)
error-wrong-sudo-password = sudo did not take the password
hint-wrong-sudo-password = it was tried once, as accounts get locked: run it again with the right one

## Files that a host needs

error-no-archive = no { $engine } { $build } is on the host and no archive was given
hint-no-archive = give --runtime-archive FILE, a .tar.gz with { $program } and its libraries, such as { $engine }'s release archive; or --runtime-path PATH where the host has { $program } already; or pin its download with `agi-provision plan --resolve`
error-nothing-installed = nothing of agi-provision is installed on this host
hint-nothing-installed = `agi-provision apply` installs it

## Words that a line begins with

word-error = error
word-hint = hint
word-warning = warning
word-note = note

## Mistakes in flags: clap's sentences

clap-invalid-value = invalid value '{ $value }' for '{ $flag }': { $why }
clap-invalid-one = invalid value '{ $value }' for '{ $flag }'
clap-a-value = a value is required for '{ $flag }' but none was supplied
clap-equal-sign = equal sign is needed when assigning values to '{ $flag }'
clap-unexpected-argument = unexpected argument '{ $flag }' found
clap-conflict = the argument '{ $flag }' cannot be used with '{ $other }'
clap-twice = the argument '{ $flag }' cannot be used multiple times
clap-required = the following required arguments were not provided:
clap-command = unrecognized subcommand '{ $name }'
clap-possible-values = [possible values: { $values }]
clap-tip-argument = tip: a similar argument exists: '{ $near }'
clap-tip-arguments = tip: some similar arguments exist: { $near }
clap-tip-value = tip: a similar value exists: '{ $near }'
clap-tip-values = tip: some similar values exist: { $near }
clap-tip-command = tip: a similar subcommand exists: '{ $near }'
clap-tip-commands = tip: some similar subcommands exist: { $near }
clap-tip-pass = tip: to pass '{ $flag }' as a value, use '{ $instead }'
clap-usage = Usage: { $how }
clap-help = --help shows every option

## Words of the operating system

os-no-file = No such file or directory (os error 2)
os-permission = Permission denied (os error 13)
os-not-permitted = Operation not permitted (os error 1)
os-exists = File exists (os error 17)
os-is-directory = Is a directory (os error 21)
os-not-directory = Not a directory (os error 20)
os-no-space = No space left on device (os error 28)
os-read-only = Read-only file system (os error 30)
os-refused = Connection refused (os error 111)
os-reset = Connection reset by peer (os error 104)
os-timed-out = Connection timed out (os error 110)
os-no-network = Network is unreachable (os error 101)
os-no-route = No route to host (os error 113)
