import { Box, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useT } from '~/shared/i18n';
import { duration } from '~/shared/i18n/format';
import { Legend } from '~/shared/series/Legend';
import type { Entry } from './model';
import { answerOf, COLOURS, means, type Answer } from './waterfall';
import classes from './waterfall.module.css';

/** How long the caller waited for each answer, and for what. The legend has the figures of the answer under the pointer, else the means of all. */
export function Waterfall({ entries }: { entries: Entry[] }) {
  const t = useT();
  const [place, setPlace] = useState<number | null>(null);
  const answers = entries.map(answerOf).filter((answer) => answer !== null);
  if (answers.length === 0) return null;
  const longest = Math.max(...answers.map(({ total }) => total));
  const pointed = place === null ? undefined : answers[place];
  const steps = means(answers);
  const figure = (answer: Answer, step: string) => answer.parts.find((part) => part.step === step)?.ms ?? 0;
  return (
    <Stack gap={6} mb="lg" data-testid="waterfall">
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={600} id="waterfall">
          {t('waterfall.title')}
        </Text>
        <Text size="xs" c="dimmed">
          {pointed ? t('waterfall.at', { at: duration(pointed.offset_ms / 1000) }) : t('waterfall.mean', { n: answers.length })}
        </Text>
      </Group>
      <Legend
        parts={steps.map(({ step, ms }) => ({
          key: step,
          colour: COLOURS[step],
          name: t(`waterfall.${step}`),
          value: t('waterfall.ms', { n: pointed ? figure(pointed, step) : ms }),
        }))}
      />
      <Box component="ul" aria-labelledby="waterfall" className={classes.list} onPointerLeave={() => setPlace(null)}>
        {answers.map((answer, n) => (
          <li key={n} className={classes.row} onPointerEnter={() => setPlace(n)} data-pointed={n === place || undefined}>
            <Text size="xs" c="dimmed" className={classes.at}>
              {duration(answer.offset_ms / 1000)}
            </Text>
            <div className={classes.track} role="img" aria-label={words(answer, t)}>
              {answer.parts.map(({ step, ms }) => ms > 0 && <div key={step} className={classes.bar} style={{ flexGrow: ms, background: `var(${COLOURS[step]})` }} />)}
              <div style={{ flexGrow: longest - answer.total }} />
            </div>
            <Text size="xs" className={classes.total}>
              {t('waterfall.ms', { n: answer.total })}
            </Text>
          </li>
        ))}
      </Box>
    </Stack>
  );
}

function words(answer: Answer, t: ReturnType<typeof useT>): string {
  return answer.parts.map(({ step, ms }) => `${t(`waterfall.${step}`)}: ${t('waterfall.ms', { n: ms })}`).join(', ');
}
