import type { Entry } from './model';

/**
 * What a caller waits for, in order. Calls of earlier versions do not say when the turn was over nor when the first sound was made: of them
 * `heard` is silence and recognising together, and `spoken` is voice and line.
 */
export const STEPS = ['silence', 'words', 'heard', 'model', 'voice', 'line', 'spoken'] as const;
export type Step = (typeof STEPS)[number];

export const COLOURS: Record<Step, string> = {
  silence: '--mantine-color-gray-6',
  words: '--mantine-color-blue-6',
  heard: '--mantine-color-blue-6',
  model: '--mantine-color-grape-6',
  voice: '--mantine-color-teal-6',
  spoken: '--mantine-color-teal-6',
  line: '--mantine-color-orange-6',
};

export interface Answer {
  offset_ms: number;
  total: number;
  parts: { step: Step; ms: number }[];
}

/** The marks of the engine, each with the steps that may end there. They count from the end of the caller's words. */
const MARKS: [mark: string, step: Step, without?: [mark: string, step: Step]][] = [
  ['endpoint_ms', 'silence'],
  ['stt_ms', 'words', ['endpoint_ms', 'heard']],
  ['first_token_ms', 'model'],
  ['first_sound_ms', 'voice'],
  ['first_audio_ms', 'line', ['first_sound_ms', 'spoken']],
];

/** How long an entry of the timeline was waited for, step by step; null where that was not measured. */
export function answerOf(entry: Entry): Answer | null {
  const marks = (entry.latency ?? {}) as Record<string, unknown>;
  const at = (mark: string) => (typeof marks[mark] === 'number' ? Math.max(0, Math.round(marks[mark])) : null);
  const total = at('first_audio_ms');
  if (total === null || total === 0) return null;
  let reached = 0;
  const parts: Answer['parts'] = [];
  for (const [mark, step, without] of MARKS) {
    const ends = at(mark);
    if (ends === null) continue;
    const until = Math.min(Math.max(ends, reached), total);
    parts.push({ step: without && at(without[0]) === null ? without[1] : step, ms: until - reached });
    reached = until;
  }
  return { offset_ms: entry.offset_ms, total, parts };
}

/** How long each step took on average, in the order of the steps, for those that some answer has. */
export function means(answers: Answer[]): Answer['parts'] {
  return STEPS.flatMap((step) => {
    const of = answers.flatMap(({ parts }) => parts.filter((part) => part.step === step).map(({ ms }) => ms));
    return of.length > 0 ? [{ step, ms: Math.round(of.reduce((sum, ms) => sum + ms, 0) / of.length) }] : [];
  });
}
