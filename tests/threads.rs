//! The bundled OpenSSL is one for threads. Linked statically it can come out without locks, and then
//! hosts worked on side by side destroy each other's memory.

use std::thread;

#[test]
fn openssl_may_be_used_by_several_threads() {
    let threads: Vec<_> = (0..8)
        .map(|_| {
            thread::spawn(|| {
                for _ in 0..8 {
                    // Each reads all authorities of the system.
                    reqwest::blocking::Client::builder().build().expect("a client");
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().expect("a thread"));
}
