//! Server-sent events as they come in: bytes in any pieces, whole events out.

/// Longest event that is read.
const MOST_BYTES: usize = 1 << 20;

/// Collects bytes until an event is whole.
#[derive(Default)]
pub(in crate::engine) struct Events {
    waiting: Vec<u8>,
    data: String,
}

impl Events {
    /// Takes the next bytes; answers with the data of the events they complete. `None` when an event grows past all measure.
    pub(in crate::engine) fn push(&mut self, bytes: &[u8]) -> Option<Vec<String>> {
        self.waiting.extend_from_slice(bytes);
        let mut done = Vec::new();
        while let Some(end) = self.waiting.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.waiting.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            self.line(line.trim_end_matches(['\n', '\r']), &mut done);
        }
        (self.waiting.len() + self.data.len() <= MOST_BYTES).then_some(done)
    }

    fn line(&mut self, line: &str, done: &mut Vec<String>) {
        if line.is_empty() {
            if !self.data.is_empty() {
                done.push(std::mem::take(&mut self.data));
            }
        } else if let Some(data) = line.strip_prefix("data:") {
            if !self.data.is_empty() {
                self.data.push('\n');
            }
            self.data.push_str(data.strip_prefix(' ').unwrap_or(data));
        }
        // Comments, names and ids of events say nothing here.
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_out_whole_however_the_bytes_come_in() {
        let stream = ": hello\r\ndata: {\"a\":1}\r\n\r\nevent: x\ndata: two\ndata: lines\n\ndata:[DONE]\n\n".as_bytes();
        for step in [1, 2, 7, stream.len()] {
            let mut events = Events::default();
            let all: Vec<String> = stream.chunks(step).flat_map(|part| events.push(part).expect("small")).collect();
            assert_eq!(all, ["{\"a\":1}", "two\nlines", "[DONE]"], "{step} bytes at a time");
        }
    }

    #[test]
    fn an_endless_event_is_refused() {
        let mut events = Events::default();
        assert!(events.push(&vec![b'x'; MOST_BYTES + 1]).is_none());
    }
}
