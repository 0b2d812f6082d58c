import { Code, Paper } from '@mantine/core';
import { useState } from 'react';

/** A value as it came, folded away until somebody opens it. */
export function Json({ label, value }: { label: string; value: unknown }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <Paper withBorder radius="md" p="sm" component="details" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{label}</summary>
      {isOpen && (
        <Code block mt="sm" className="words" mah={480} tabIndex={0}>
          {JSON.stringify(value, null, 2)}
        </Code>
      )}
    </Paper>
  );
}
