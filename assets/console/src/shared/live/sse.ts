/** One event of a `text/event-stream`. */
export interface StreamEvent {
  id: string;
  name: string;
  data: string;
}

/** Reads a stream to its end. `heard` gets each event, and `null` for every other sign of life. */
export async function readEvents(body: ReadableStream<Uint8Array>, heard: (event: StreamEvent | null) => void): Promise<void> {
  const reader = body.pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    heard(null);
    rest += value;
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = parse(block);
      if (event) heard(event);
    }
  }
}

function parse(block: string): StreamEvent | null {
  const event: StreamEvent = { id: '', name: 'message', data: '' };
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    const at = line.indexOf(':');
    if (at <= 0) continue;
    const value = line.slice(at + 1).replace(/^ /, '');
    const field = line.slice(0, at);
    if (field === 'data') data.push(value);
    else if (field === 'event') event.name = value;
    else if (field === 'id') event.id = value;
  }
  event.data = data.join('\n');
  return data.length > 0 ? event : null;
}
