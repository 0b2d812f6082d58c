import { Card, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { api, need } from '~/shared/api/client';
import { template, TEMPLATES, type BotBody } from '~/shared/bots/templates';
import { useT } from '~/shared/i18n';
import { Page } from '~/shared/ui/Page';
import { BotForm } from './BotForm';
import { ImportBot } from './ImportBot';

/** A new bot: from a template or from a file, then the form. */
export default function NewBot() {
  const t = useT();
  const go = useNavigate();
  const client = useQueryClient();
  const [tab, setTab] = useState<string | null>('basics');
  const [begun, setBegun] = useState<BotBody | null>(null);
  const make = async (body: BotBody) => {
    const made = await need(api.POST('/api/v1/bots', { body }));
    await client.invalidateQueries({ queryKey: ['bots'] });
    await go(`/bots/${made.id}`);
  };
  if (begun) {
    return (
      <Page title={t('bots.new')} about={t('bots.about')}>
        <BotForm stored={begun} onSave={make} verb={t('common.create')} tab={tab} onTab={setTab} />
      </Page>
    );
  }
  return (
    <Page title={t('bots.new')} about={t('bots.about')}>
      <Stack maw={860}>
        <Title order={2} size="h4">
          {t('template.title')}
        </Title>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          {TEMPLATES.map((name) => (
            <Card key={name} withBorder component="button" type="button" ta="left" onClick={() => setBegun(template(name))}>
              <Text fw={600}>{t(`template.${name}`)}</Text>
              <Text size="sm" c="dimmed" mt={4}>
                {t(`template.${name}.more`)}
              </Text>
            </Card>
          ))}
        </SimpleGrid>
        <ImportBot />
      </Stack>
    </Page>
  );
}
