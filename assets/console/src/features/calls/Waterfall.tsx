import { Group, Stack, Text } from '@mantine/core';
import { useT } from '~/shared/i18n';
import { duration } from '~/shared/i18n/format';
import type { Entry } from './model';
import classes from './waterfall.module.css';

const PARTS = ['heard', 'model', 'speech'] as const;
type Part = (typeof PARTS)[number];

interface Answer {
  offset_ms: number;
  total: number;
  parts: Record<Part, number>;
}

/** How long the caller waited for each answer, and for what: until the words were known (the silence that ends a turn, and recognising), thinking, speaking. */
export function Waterfall({ entries }: { entries: Entry[] }) {
  const t = useT();
  const answers = entries.map(answerOf).filter((answer) => answer !== null);
  if (answers.length === 0) return null;
  const longest = Math.max(...answers.map(({ total }) => total));
  return (
    <Stack gap={6} mb="lg" role="group" aria-label={t('waterfall.title')} data-testid="waterfall">
      <Group gap="md">
        <Text size="sm" fw={600}>
          {t('waterfall.title')}
        </Text>
        {PARTS.map((part) => (
          <Group key={part} gap={6}>
            <span className={classes.key} data-part={part} aria-hidden />
            <Text size="xs">{t(`waterfall.${part}`)}</Text>
          </Group>
        ))}
      </Group>
      {answers.map((answer) => (
        <div key={answer.offset_ms} className={classes.row}>
          <Text size="xs" c="dimmed" className={classes.at}>
            {duration(answer.offset_ms / 1000)}
          </Text>
          <div className={classes.track} title={words(answer, t)}>
            {PARTS.map((part) => (
              <div key={part} className={classes.bar} data-part={part} style={{ flexGrow: answer.parts[part] }} />
            ))}
            <div style={{ flexGrow: longest - answer.total }} />
          </div>
          <Text size="xs" className={classes.total}>
            {answer.total} ms
          </Text>
        </div>
      ))}
    </Stack>
  );
}

function words(answer: Answer, t: (key: string) => string): string {
  return PARTS.map((part) => `${t(`waterfall.${part}`)} ${answer.parts[part]} ms`).join(', ');
}

/** The engine's marks count from the end of the caller's words; the parts are what lies between them. */
function answerOf(entry: Entry): Answer | null {
  const marks = (entry.latency ?? {}) as Record<string, unknown>;
  const at = (name: string) => (typeof marks[name] === 'number' ? Math.max(0, Math.round(marks[name])) : null);
  const total = at('first_audio_ms');
  if (total === null || total === 0) return null;
  const heard = Math.min(at('stt_ms') ?? 0, total);
  const token = Math.min(Math.max(at('first_token_ms') ?? heard, heard), total);
  return { offset_ms: entry.offset_ms, total, parts: { heard, model: token - heard, speech: total - token } };
}
