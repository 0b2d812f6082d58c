import { Badge } from '@mantine/core';

/** A word for a state, on its colour. */
export function Mark({ children, color = 'gray' }: { children: string; color?: string }) {
  return (
    <Badge variant="light" tt="none" color={color}>
      {children}
    </Badge>
  );
}
