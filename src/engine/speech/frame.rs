//! What goes between the engine and its speech worker: a mark, two lengths, a JSON header and samples.

use std::io::{self, Read, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// First bytes of every frame; anything else means that the two sides no longer understand each other.
const MARK: [u8; 4] = *b"cxs1";
const PREFIX: usize = 12;
const MOST_HEADER: usize = 1 << 20;
const MOST_PAYLOAD: usize = 32 << 20;

/// What the engine asks of the worker.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub(crate) enum Request {
    /// Text to speech.
    Speak {
        /// One sentence.
        text: String,
        /// Voice name; only `slt` is linked.
        voice: String,
    },
    /// Speech to text; the samples are the payload.
    Transcribe {
        /// Samples per second.
        rate: u32,
        /// Sentences the grammar is made of.
        phrases: Vec<String>,
    },
}

/// What the worker answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub(crate) enum Reply {
    /// Sound; the samples are the payload.
    Spoken {
        /// Samples per second.
        rate: u32,
    },
    /// Words.
    Heard {
        /// The sentence of the grammar that fits best; empty for silence.
        text: String,
        /// 0 to 1.
        confidence: f32,
        /// Phrases that cannot be recognised.
        skipped: Vec<String>,
    },
    /// The request cannot be fulfilled; the worker goes on.
    Failed {
        /// Why.
        message: String,
    },
}

/// Bytes of a header and its samples as one frame.
pub(crate) fn encode<H: Serialize>(header: &H, samples: &[i16]) -> io::Result<Vec<u8>> {
    let header = serde_json::to_vec(header)?;
    if header.len() > MOST_HEADER || samples.len() * 2 > MOST_PAYLOAD {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "too much for one frame"));
    }
    let mut bytes = Vec::with_capacity(PREFIX + header.len() + samples.len() * 2);
    bytes.extend(MARK);
    bytes.extend((header.len() as u32).to_le_bytes());
    bytes.extend((samples.len() as u32 * 2).to_le_bytes());
    bytes.extend(header);
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    Ok(bytes)
}

/// Reads a frame in the worker. `None` when the engine has closed its end.
pub(crate) fn read<H: DeserializeOwned>(from: &mut impl Read) -> io::Result<Option<(H, Vec<i16>)>> {
    let mut prefix = [0; PREFIX];
    if from.read(&mut prefix[..1])? == 0 {
        return Ok(None);
    }
    from.read_exact(&mut prefix[1..])?;
    let (n_header, n_payload) = lengths(prefix)?;
    let mut body = vec![0; n_header + n_payload];
    from.read_exact(&mut body)?;
    split(&body, n_header).map(Some)
}

/// Writes a frame in the worker.
pub(crate) fn write<H: Serialize>(to: &mut impl Write, header: &H, samples: &[i16]) -> io::Result<()> {
    to.write_all(&encode(header, samples)?)?;
    to.flush()
}

/// Sends a frame and waits for the one that answers it.
pub(crate) async fn exchange<W, R>(to: &mut W, from: &mut R, frame: &[u8]) -> io::Result<(Reply, Vec<i16>)>
where
    W: AsyncWrite + Unpin,
    R: AsyncRead + Unpin,
{
    to.write_all(frame).await?;
    to.flush().await?;
    let mut prefix = [0; PREFIX];
    from.read_exact(&mut prefix).await?;
    let (n_header, n_payload) = lengths(prefix)?;
    let mut body = vec![0; n_header + n_payload];
    from.read_exact(&mut body).await?;
    split(&body, n_header)
}

fn lengths(prefix: [u8; PREFIX]) -> io::Result<(usize, usize)> {
    let number = |at: usize| u32::from_le_bytes([prefix[at], prefix[at + 1], prefix[at + 2], prefix[at + 3]]) as usize;
    let (n_header, n_payload) = (number(4), number(8));
    if prefix[..4] != MARK || n_header > MOST_HEADER || n_payload > MOST_PAYLOAD || n_payload % 2 != 0 {
        return Err(garbage("not a frame"));
    }
    Ok((n_header, n_payload))
}

fn split<H: DeserializeOwned>(body: &[u8], n_header: usize) -> io::Result<(H, Vec<i16>)> {
    let header = serde_json::from_slice(&body[..n_header]).map_err(|_| garbage("not a frame's header"))?;
    let samples = body[n_header..].chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
    Ok((header, samples))
}

fn garbage(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_survives_the_way() {
        let mut bytes = Vec::new();
        let asked = Request::Transcribe { rate: 8000, phrases: vec!["yes".to_owned()] };
        write(&mut bytes, &asked, &[1, -2, 3]).expect("fits");
        let (read_back, samples): (Request, _) = read(&mut bytes.as_slice()).expect("is a frame").expect("is there");
        assert!(matches!(read_back, Request::Transcribe { rate: 8000, phrases } if phrases == ["yes"]));
        assert_eq!(samples, [1, -2, 3]);
    }

    #[test]
    fn the_end_is_not_an_error_but_garbage_is() {
        assert!(read::<Request>(&mut [].as_slice()).expect("a clean end").is_none());
        for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"cxs1\xff\xff\xff\xff\0\0\0\0", b"cxs1\x02\0\0\0\0\0\0\0[]", b"cxs1\x02\0"] {
            assert!(read::<Request>(&mut &*bytes).is_err(), "{bytes:?}");
        }
    }
}
