import type { Schemas } from '~/shared/api/client';

type Known = Pick<Schemas['TranscriptItem'], 'displayName' | 'phone' | 'number' | 'callId'>;

/** The other side of a conversation, as far as the transcript knows it. */
export function whoOf(item: Known): string {
  return item.displayName || item.phone || item.number || item.callId;
}

/** The conversation as plain text, one turn on each line. */
export function plain(document: Schemas['Document'], speaker: (name: string) => string): string {
  const origin = Date.parse(document.answeredUtc ?? document.startedUtc);
  return document.turns
    .map((line) => {
      const seconds = Math.max(0, Math.floor((Date.parse(line.ts) - origin) / 1000));
      const at = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
      return `[${at}] ${speaker(line.speaker)}: ${line.text}`;
    })
    .join('\n');
}
