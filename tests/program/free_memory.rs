//! The memory of a burst goes back to the system by itself, while nobody calls.

use crate::feed_kill::Server;
use std::io::Write as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

const MIB: usize = 1 << 20;
const BODY: usize = 4 * MIB;
const CALLS: usize = 10;
/// The delay of the allocator and two rounds are 20 seconds.
const LONG: Duration = Duration::from_secs(60);

/// Bytes of a process that are in memory.
fn resident(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<usize>().unwrap() << 10
}

/// Looks at the process itself until it has so much memory, for no call may help it.
fn becomes(process: u32, expected: impl Fn(usize) -> bool) -> Result<usize, usize> {
    let until = Instant::now() + LONG;
    loop {
        let now = resident(process);
        if expected(now) {
            return Ok(now);
        }
        if Instant::now() > until {
            return Err(now);
        }
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

/// A request of which all has come but the last byte.
fn unfinished_request(address: &str) -> TcpStream {
    let mut socket = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST /detente.v1.LedgerService/GetServerInfo HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         content-length: {BODY}\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).unwrap();
    socket.write_all(&vec![b' '; BODY - 1]).unwrap();
    socket
}

#[test]
fn the_memory_of_a_burst_goes_back_to_the_system_while_nobody_calls() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let (process, address) = (server.process(), server.address.trim_start_matches("http://").to_owned());
    let before = resident(process);
    let calls: Vec<_> = (0..CALLS).map(|_| unfinished_request(&address)).collect();
    let most = becomes(process, |now| now > before + CALLS * BODY * 3 / 4).expect("what comes takes memory");
    drop(calls);
    let after = becomes(process, |now| now < most - CALLS * BODY / 2);
    assert!(after.is_ok(), "{before} bytes before, {most} with the calls, still {after:?} after them");
    server.kill();
}
