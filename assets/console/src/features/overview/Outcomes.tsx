import { Anchor, Group, Text } from '@mantine/core';
import { Link } from 'react-router';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { Section } from '~/shared/ui/Section';
import classes from './outcomes.module.css';
import { today, useCount } from './useCount';

const STATES = ['completed', 'voicemail', 'failed', 'active'] as const;

/** How today's calls went: one bar in parts, and each part by its word, its number and the list behind it. */
export function Outcomes() {
  const t = useT();
  const format = useFormat();
  const { from, day } = today();
  const counts = [
    useCount('today-completed', { from, status: 'completed' }),
    useCount('today-voicemail', { from, status: 'voicemail' }),
    useCount('failed', { from, status: 'failed' }),
    useCount('today-active', { from, status: 'active' }),
  ];
  const parts = STATES.map((status, n) => ({ status, n: counts[n]?.data ?? 0 }));
  const total = parts.reduce((sum, part) => sum + part.n, 0);
  if (total === 0) return null;
  return (
    <Section title={t('overview.outcomes')}>
      <div className={classes.bar} aria-hidden>
        {parts.map((part) => part.n > 0 && <div key={part.status} data-part={part.status} style={{ flexGrow: part.n }} />)}
      </div>
      <Group component="ul" className="plain-list" gap="lg" p={0} m={0} mt="sm">
        {parts.map((part) => (
          <Group key={part.status} component="li" gap={6}>
            <span className={classes.key} data-part={part.status} aria-hidden />
            <Anchor component={Link} to={`/calls?from=${day}&status=${part.status}`} size="sm">
              {t(`calls.status.${part.status}`)}
            </Anchor>
            <Text size="sm">
              {format.number(part.n)} ({format.percent(part.n / total)})
            </Text>
          </Group>
        ))}
      </Group>
    </Section>
  );
}
