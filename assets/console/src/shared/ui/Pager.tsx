import { ActionIcon, Group, Text } from '@mantine/core';
import { useSearchParams } from 'react-router';
import { useT } from '~/shared/i18n';
import { IconChevronLeft, IconChevronRight } from './icons';

interface Props {
  /** How many there are; at least as many when they are still being counted. */
  total: number;
  isCounting?: boolean;
  limit: number;
  offset: number;
}

/** Which rows one sees, and the way to the next. The page is part of the address. */
export function Pager({ total, isCounting, limit, offset }: Props) {
  const t = useT();
  const [params, setParams] = useSearchParams();
  const go = (to: number) => {
    const next = new URLSearchParams(params);
    if (to > 0) next.set('offset', String(to));
    else next.delete('offset');
    setParams(next);
  };
  const to = Math.min(offset + limit, total);
  return (
    <Group justify="flex-end" gap="xs">
      <Text size="sm" c="dimmed">
        {t(isCounting ? 'common.rows.counting' : 'common.rows', { from: Math.min(offset + 1, total), to, total })}
      </Text>
      {total > limit && (
        <>
          <ActionIcon variant="default" aria-label={t('common.previous')} disabled={offset === 0} onClick={() => go(Math.max(0, offset - limit))}>
            <IconChevronLeft size={16} />
          </ActionIcon>
          <ActionIcon variant="default" aria-label={t('common.next')} disabled={to >= total} onClick={() => go(offset + limit)}>
            <IconChevronRight size={16} />
          </ActionIcon>
        </>
      )}
    </Group>
  );
}
