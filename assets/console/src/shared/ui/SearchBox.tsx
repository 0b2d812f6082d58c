import { TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useEffect, useRef } from 'react';
import { useT } from '~/shared/i18n';
import { IconSearch } from './icons';

/** So long after the last key the list is asked. */
const PAUSE_MS = 150;

interface Props {
  value: string;
  onChange: (value: string) => void;
  /** What is searched; "Search" when absent. */
  label?: string;
  /** The label stands above the field, as beside other filters. */
  isField?: boolean;
}

/** Looks for words in a list, a moment after the last key. What the address says comes back when it is cleared elsewhere. */
export function SearchBox({ value, onChange, label, isField }: Props) {
  const t = useT();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (input.current && input.current !== document.activeElement) input.current.value = value;
  }, [value]);
  const later = useDebouncedCallback((words: string) => onChange(words.trim()), PAUSE_MS);
  const name = label ?? t('common.search');
  return (
    <TextInput
      ref={input}
      type="search"
      label={isField ? name : undefined}
      aria-label={isField ? undefined : name}
      placeholder={isField ? undefined : name}
      leftSection={<IconSearch size={16} />}
      defaultValue={value}
      onChange={(event) => later(event.currentTarget.value)}
      maw={360}
      miw={220}
    />
  );
}
