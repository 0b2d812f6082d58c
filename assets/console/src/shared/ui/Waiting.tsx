import { Skeleton, Stack } from '@mantine/core';
import { useT } from '~/shared/i18n';

/** The outline of what is on its way. It comes up after a moment, so that what is quick does not flicker. */
export function Waiting({ lines = 6 }: { lines?: number }) {
  const t = useT();
  return (
    <Stack gap="sm" aria-busy="true" aria-label={t('common.loading')} role="status" className="waiting">
      {Array.from({ length: lines }, (_, n) => (
        <Skeleton key={n} height={18} width={`${92 - ((n * 17) % 40)}%`} />
      ))}
    </Stack>
  );
}
