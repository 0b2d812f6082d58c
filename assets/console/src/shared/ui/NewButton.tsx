import { Button } from '@mantine/core';
import { Link } from 'react-router';
import { IconPlus } from './icons';

/** Leads to the form that makes a new one. */
export function NewButton({ to, children }: { to: string; children: string }) {
  return (
    <Button component={Link} to={to} leftSection={<IconPlus size={16} />}>
      {children}
    </Button>
  );
}
