import { Button } from '@mantine/core';

interface Props {
  /** The word on it. */
  verb: string;
  /** Whom or what it is done to; readers that cannot see the row hear it. */
  of: string;
  onClick: () => void;
  isBusy?: boolean;
}

/** One of the quiet buttons at the end of a row. */
export function SmallButton({ verb, of, onClick, isBusy }: Props) {
  return (
    <Button variant="subtle" size="compact-xs" onClick={onClick} loading={isBusy} aria-label={`${verb} ${of}`}>
      {verb}
    </Button>
  );
}
