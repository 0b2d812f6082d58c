import { Button, Group, Menu, Text } from '@mantine/core';
import { useRef, useState } from 'react';
import { authorised } from '~/shared/api/client';
import { ApiError } from '~/shared/api/error';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { save } from '~/shared/save';
import { sentence } from '~/shared/ui/ErrorBox';
import { IconDownload } from '~/shared/ui/icons';
import { told } from '~/shared/ui/told';

const KINDS = { csv: 'text/csv', jsonl: 'application/x-ndjson' } as const;

/** All calls of the filters as a file. It tells how much has come, and can be stopped; the server then stops too. */
export function Export({ query, total }: { query: Record<string, string>; total: number }) {
  const t = useT();
  const format = useFormat();
  const running = useRef<AbortController | null>(null);
  const [bytes, setBytes] = useState<number | null>(null);
  const start = async (kind: keyof typeof KINDS) => {
    const own = new AbortController();
    running.current = own;
    setBytes(0);
    try {
      const content = await download(kind, query, own.signal, setBytes);
      save(`calls.${kind}`, content, KINDS[kind]);
    } catch (problem) {
      if (!own.signal.aborted) told(sentence(problem, t).more, 'red');
    } finally {
      setBytes(null);
    }
  };
  if (bytes !== null) {
    return (
      <Group gap="xs" role="status">
        <Text size="sm">{t('calls.export.so', { kb: format.number(Math.round(bytes / 1024)) })}</Text>
        <Button variant="default" onClick={() => running.current?.abort()}>
          {t('common.cancel')}
        </Button>
      </Group>
    );
  }
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={16} />} disabled={total === 0}>
          {t('calls.export')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => void start('csv')}>{t('calls.export.csv')}</Menu.Item>
        <Menu.Item onClick={() => void start('jsonl')}>{t('calls.export.jsonl')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

async function download(kind: string, query: Record<string, string>, signal: AbortSignal, onBytes: (n: number) => void): Promise<Blob> {
  const url = new URL(`/api/v1/calls/export.${kind}`, window.location.origin);
  for (const [name, value] of Object.entries(query)) if (name !== 'sort') url.searchParams.set(name, value);
  const response = await authorised(url.href, { signal });
  if (!response.ok || !response.body) throw ApiError.of(response, await response.json().catch(() => null));
  const reader = response.body.getReader();
  const parts: BlobPart[] = [];
  let n = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Blob(parts);
    parts.push(value);
    n += value.length;
    onBytes(n);
  }
}
