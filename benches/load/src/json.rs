//! The same question as JSON over HTTP/1.1: one connection for each client, kept open, the least that a client can do.
//!
//! The request is put together as text and the reply is counted, not parsed, as replies over gRPC are counted and not decoded.

use anyhow::{Context as _, Result, anyhow, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A connection that asks one rpc.
pub struct JsonCaller {
    socket: TcpStream,
    path: &'static str,
    host: String,
    read: Vec<u8>,
}

impl JsonCaller {
    /// Connects to a server such as `http://127.0.0.1:7443`.
    ///
    /// # Errors
    /// If there is none.
    pub async fn connect(server: &str, path: &'static str) -> Result<Self> {
        let host = server.strip_prefix("http://").ok_or_else(|| anyhow!("{server} is not http"))?.trim_end_matches('/');
        let socket = TcpStream::connect(host).await.with_context(|| format!("no server at {server}"))?;
        socket.set_nodelay(true)?;
        Ok(Self { socket, path, host: host.to_owned(), read: Vec::new() })
    }

    /// Sends a question and returns the body of the answer.
    ///
    /// # Errors
    /// If the question is refused, or the answer is malformed.
    pub async fn call(&mut self, question: &str) -> Result<&[u8]> {
        let request = format!(
            "POST {} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{question}",
            self.path,
            self.host,
            question.len()
        );
        self.socket.write_all(request.as_bytes()).await?;
        self.read.clear();
        let (begins, length) = loop {
            if let Some(found) = head(&self.read)? {
                break found;
            }
            self.more().await?;
        };
        while self.read.len() < begins + length {
            self.more().await?;
        }
        Ok(&self.read[begins..])
    }

    async fn more(&mut self) -> Result<()> {
        const AT_ONCE: usize = 64 << 10;
        self.read.reserve(AT_ONCE);
        if self.socket.read_buf(&mut self.read).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}

/// Returns the beginning and the length of the body, once the head is there.
fn head(read: &[u8]) -> Result<Option<(usize, usize)>> {
    let Some(ends) = read.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&read[..ends])?;
    if !head.starts_with("HTTP/1.1 200") {
        bail!("{}", head.lines().next().unwrap_or_default());
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    Ok(Some((ends + 4, length.context("an answer without a length")?.parse()?)))
}

/// Counts the occurrences of some words in a text.
pub fn count(text: &[u8], words: &[u8]) -> u64 {
    memchr::memmem::find_iter(text, words).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_whole() {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{}\n";
        assert_eq!(head(&answer[..20]).expect("no error"), None);
        assert_eq!(head(answer).expect("no error"), Some((38, 3)));
        assert!(head(b"HTTP/1.1 404 Not Found\r\n\r\n").is_err());
        assert_eq!(count(b"aXbXa", b"X"), 2);
    }
}
