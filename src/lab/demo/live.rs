//! Prints what is said while it is said: turns from the live event stream.

use serde_json::Value;
use tokio::sync::mpsc;

use super::summary::Line;
use crate::base::Result;
use crate::lab::api::Api;

/// Lines that may wait to be printed; a reader that is slower misses some.
const WAITING: usize = 64;

/// Follows the live events; the lines end when the appliance does.
pub(super) async fn follow(api: &Api) -> Result<mpsc::Receiver<Line>> {
    let mut stream = api.live().await?;
    let (lines, reader) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        let mut waiting = String::new();
        while let Ok(Some(part)) = stream.chunk().await {
            waiting.push_str(&String::from_utf8_lossy(&part));
            while let Some(end) = waiting.find("\n\n") {
                let event: String = waiting.drain(..end + 2).collect();
                // A full queue means nobody reads; the transcript at the end has every line.
                let _ = turn(&event).map(|line| lines.try_send(line));
            }
        }
    });
    Ok(reader)
}

/// The turn of one server-sent event, if it is one.
fn turn(event: &str) -> Option<Line> {
    let data = event.lines().find_map(|line| line.strip_prefix("data:"))?;
    let event: Value = serde_json::from_str(data.trim()).ok()?;
    spoken(event.get("turn")?)
}

/// A stored or live turn as a line; tools are not spoken.
pub(super) fn spoken(turn: &Value) -> Option<Line> {
    let speaker = match turn["role"].as_str()? {
        "assistant" => "AI",
        "user" => "Caller",
        _ => return None,
    };
    Some(Line { speaker: speaker.to_owned(), text: turn["content"].as_str()?.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_spoken_turns_become_lines() {
        let said = "id: a:3\nevent: turn\ndata: {\"type\":\"turn\",\"turn\":{\"role\":\"user\",\"content\":\"hello\"}}\n\n";
        assert_eq!(turn(said), Some(Line { speaker: "Caller".into(), text: "hello".into() }));
        assert_eq!(turn(": heartbeat\n\n"), None);
        assert_eq!(turn("data: {\"type\":\"turn\",\"turn\":{\"role\":\"tool\",\"content\":\"end_call\"}}\n\n"), None);
    }
}
