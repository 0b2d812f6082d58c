import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ErrorBox } from './ErrorBox';
import { Waiting } from './Waiting';

interface Props<T> {
  query: Pick<UseQueryResult<T>, 'data' | 'isError' | 'error'> & { refetch: () => unknown };
  lines?: number;
  children: (data: T) => ReactNode;
}

/** Shows what was read; before that its outline, and a failure in its place. */
export function Loaded<T>({ query, lines, children }: Props<T>) {
  if (query.data !== undefined) return children(query.data);
  if (query.isError) return <ErrorBox error={query.error} onRetry={() => void query.refetch()} />;
  return <Waiting lines={lines} />;
}
