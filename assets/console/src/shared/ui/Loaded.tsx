import { Skeleton, Stack } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useT } from '~/shared/i18n';
import { ErrorBox } from './ErrorBox';

/** Shows what was read; before that its outline, and a failure in its place. */
export function Loaded<T>({ query, lines = 6, children }: { query: UseQueryResult<T>; lines?: number; children: (data: T) => ReactNode }) {
  const t = useT();
  if (query.data !== undefined) return children(query.data);
  if (query.isError) return <ErrorBox error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <Stack gap="sm" aria-busy="true" aria-label={t('common.loading')} role="status">
      {Array.from({ length: lines }, (_, n) => (
        <Skeleton key={n} height={18} width={`${92 - ((n * 17) % 40)}%`} />
      ))}
    </Stack>
  );
}
