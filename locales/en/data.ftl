# Texts of data files, each named by the data.

## Published weaknesses of builds of llama.cpp: profiles/llama-builds.toml

advisory-cve-2026-134540 = who has the API key can end the server by a request with a grammar trigger of an unknown type
advisory-cve-2026-43631 = a request that arrives while the server falls asleep reads memory that was freed
advisory-cve-2026-43632 = the tokenizing endpoints read memory that was freed while the server falls asleep
advisory-cve-2026-137567 = whoever reaches the RPC server can write to its memory
advisory-cve-2026-118375 = whoever reaches the RPC server over RDMA can overflow its stack
advisory-cve-2026-107183 = a request with a chat parser corrupts the server's memory
advisory-cve-2026-43629 = a saved slot that others can write to overflows the server's memory
advisory-cve-2026-27940 = a model file overflows the memory of whatever loads it
advisory-cve-2026-21869 = a request with a negative n_discard writes outside the server's memory

## Sources of prices and rates

source-hetzner-price-list = Hetzner price list
source-ecb-euro-reference-rates = ECB euro reference rates
source-by-definition = by definition
