import { Button, Collapse, Group, NativeSelect, NumberInput, Stack, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, need } from '~/shared/api/client';
import { ranks, useMe } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { SearchBox } from '~/shared/ui/SearchBox';
import { MORE, type FilterName, type Filters as Values } from './query';

const STATES = ['active', 'completed', 'failed', 'voicemail'];

interface Props {
  filters: Values;
  set: (name: FilterName, value: string | null) => void;
  clear: () => void;
  isFiltered: boolean;
}

/** What narrows the list down. Each filter is part of the address. */
export function Filters({ filters, set, clear, isFiltered }: Props) {
  const t = useT();
  const [isOpen, setOpen] = useState(MORE.some((name) => filters[name] !== ''));
  const choice = (name: FilterName, values: string[], word: (value: string) => string) => (
    <NativeSelect
      label={t(`calls.${name}`)}
      value={filters[name]}
      onChange={(event) => set(name, event.currentTarget.value)}
      data={[{ value: '', label: t('common.all') }, ...values.map((value) => ({ value, label: word(value) }))]}
    />
  );
  return (
    <Stack gap="sm">
      <Group align="flex-end" gap="sm">
        <SearchBox isField label={t('calls.q')} value={filters.q} onChange={(value) => set('q', value)} />
        {choice('status', STATES, (value) => t(`calls.status.${value}`))}
        <SearchBox isField label={t('calls.phone')} value={filters.phone} onChange={(value) => set('phone', value)} />
        <TextInput type="date" label={t('calls.from')} value={filters.from} onChange={(event) => set('from', event.currentTarget.value)} />
        <TextInput type="date" label={t('calls.to')} value={filters.to} onChange={(event) => set('to', event.currentTarget.value)} />
      </Group>
      <Group gap="xs" ml={-8}>
        <Button variant="subtle" size="compact-sm" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {t(isOpen ? 'calls.less' : 'calls.more')}
        </Button>
        {isFiltered && (
          <Button variant="subtle" size="compact-sm" onClick={clear}>
            {t('calls.clear')}
          </Button>
        )}
      </Group>
      <Collapse expanded={isOpen}>
        <Group align="flex-end" gap="sm">
          {choice('direction', ['inbound', 'outbound'], (value) => t(`calls.direction.${value}`))}
          <BotFilter value={filters.bot_id} onChange={(value) => set('bot_id', value)} />
          <TagFilter value={filters.tag} onChange={(value) => set('tag', value)} />
          {choice('has_recording', ['true', 'false'], (value) => t(value === 'true' ? 'common.yes' : 'common.no'))}
          <SearchBox isField label={t('calls.disposition')} value={filters.disposition} onChange={(value) => set('disposition', value)} />
          <NumberInput
            label={t('calls.min_duration')}
            w={160}
            min={0}
            value={filters.min_duration === '' ? '' : Number(filters.min_duration)}
            onChange={(value) => set('min_duration', value === '' ? null : String(value))}
          />
          {choice('sort', ['created_at', '-duration', 'duration'], (value) => t(`calls.sort.${value}`))}
        </Group>
      </Collapse>
    </Stack>
  );
}

function BotFilter({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const t = useT();
  const mayReadBots = ranks(useMe().role, 'admin');
  const bots = useQuery({
    queryKey: ['bots', 'names'],
    queryFn: () => need(api.GET('/api/v1/bots', { params: { query: { limit: '500' } } })),
    enabled: mayReadBots,
  });
  if (!mayReadBots) return null;
  return (
    <NativeSelect
      label={t('calls.bot')}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      data={[{ value: '', label: t('common.all') }, ...(bots.data?.data ?? []).map((bot) => ({ value: bot.id, label: bot.name || bot.id }))]}
    />
  );
}

function TagFilter({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const t = useT();
  const known = useQuery({ queryKey: ['call-tags'], queryFn: () => need(api.GET('/api/v1/call-tags')) });
  const tags = (known.data?.tags ?? []).map(({ tag }) => tag);
  if (tags.length === 0 && value === '') return null;
  return (
    <NativeSelect
      label={t('calls.tag')}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      data={[{ value: '', label: t('common.all') }, ...new Set([...tags, ...(value ? [value] : [])])]}
    />
  );
}
