import { Button, Menu } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { save } from '~/shared/save';
import { Deletable } from '~/shared/ui/Deletable';
import { IconCopy, IconDownload, IconPhone } from '~/shared/ui/icons';
import { told } from '~/shared/ui/told';
import { sentence } from '~/shared/ui/ErrorBox';
import { TestCall } from './TestCall';

/** What one can do with a whole bot. */
export function BotActions({ stored }: { stored: Schemas['BotView'] }) {
  const t = useT();
  const go = useNavigate();
  const client = useQueryClient();
  const [isCalling, setCalling] = useState(false);
  const path = { path: { id: stored.id } };
  const name = stored.name || stored.id;
  const refresh = () => client.invalidateQueries({ queryKey: ['bots'] });
  const act = useMutation({
    mutationFn: async (what: 'copy' | 'export') => {
      if (what === 'export') {
        const file = await need(api.GET('/api/v1/bots/{id}/export', { params: path }));
        save(`${name.replaceAll(/[^\w-]+/g, '-')}.cxbox-bot.json`, JSON.stringify(file, null, 2), 'application/json');
        return;
      }
      const made = await need(api.POST('/api/v1/bots/{id}/clone', { params: path, body: {} }));
      await refresh();
      await go(`/bots/${made.id}`);
    },
    onError: (problem) => told(sentence(problem, t).more, 'red'),
  });
  const remove = async () => {
    await need(api.DELETE('/api/v1/bots/{id}', { params: path }));
    await refresh();
    await go('/bots');
  };
  return (
    <>
      <Menu position="bottom-end" width={220}>
        <Menu.Target>
          <Button variant="default" loading={act.isPending}>
            {t('bots.more')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconPhone size={16} />} onClick={() => setCalling(true)}>
            {t('testCall.open')}
          </Menu.Item>
          <Menu.Item leftSection={<IconCopy size={16} />} onClick={() => act.mutate('copy')}>
            {t('bots.copy')}
          </Menu.Item>
          <Menu.Item leftSection={<IconDownload size={16} />} onClick={() => act.mutate('export')}>
            {t('bots.export')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <TestCall stored={stored} isOpen={isCalling} onClose={() => setCalling(false)} />
      <Deletable name={name} onDelete={remove} />
    </>
  );
}
