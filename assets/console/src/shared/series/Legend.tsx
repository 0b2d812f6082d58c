import { Group, Text } from '@mantine/core';
import classes from './series.module.css';

interface Part {
  key: string;
  colour: string;
  name: string;
  value: string;
}

/** What the colours mean, with the figures of the place under the pointer, or of all. */
export function Legend({ when, parts }: { when?: string; parts: Part[] }) {
  return (
    <Group gap="md" mb={4} mih={22} data-testid="legend">
      {parts.map(({ key, colour, name, value }) => (
        <Group key={key} gap={6} wrap="nowrap">
          <span className={classes.key} style={{ background: `var(${colour})` }} aria-hidden />
          <Text size="xs">{name}</Text>
          <Text size="xs" fw={650} className={classes.figure}>
            {value}
          </Text>
        </Group>
      ))}
      {when && (
        <Text size="xs" c="dimmed" ml="auto" className={classes.when}>
          {when}
        </Text>
      )}
    </Group>
  );
}
