import { Alert, Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import type { BotBody } from '~/shared/bots/templates';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { Confirm } from '~/shared/ui/Confirm';
import { Loaded } from '~/shared/ui/Loaded';
import { BotForm } from './BotForm';
import { bodyOf } from './view';

type View = Schemas['BotView'];
type Draft = Schemas['BotDraft'];

/** The form over what is in use, or over the draft when the address says so. */
export function EditBot({ stored }: { stored: View }) {
  const [params] = useSearchParams();
  const [tab, setTab] = useState<string | null>('basics');
  const front = { tab, onTab: setTab };
  const draft = useQuery({
    queryKey: ['bots', 'draft', stored.id],
    queryFn: () => need(api.GET('/api/v1/bots/{id}/draft', { params: { path: { id: stored.id } } })),
    enabled: stored.has_draft,
  });
  if (!stored.has_draft) return <Form key={stored.version} stored={stored} body={bodyOf(stored)} {...front} />;
  return (
    <Loaded query={draft}>
      {(draft) => {
        const isOpen = params.get('draft') !== 'no';
        return (
          <Stack>
            <DraftBar stored={stored} draft={draft} isOpen={isOpen} />
            <Form key={isOpen ? draft.saved_at : stored.version} stored={stored} body={isOpen ? draft.bot : bodyOf(stored)} {...front} />
          </Stack>
        );
      }}
    </Loaded>
  );
}

interface FormProps {
  stored: View;
  body: BotBody;
  tab: string | null;
  onTab: (tab: string | null) => void;
}

function Form({ stored, body, tab, onTab }: FormProps) {
  const t = useT();
  const client = useQueryClient();
  const [, setParams] = useSearchParams();
  const path = { path: { id: stored.id } };
  const save = async (body: BotBody, isDraft: boolean) => {
    if (isDraft) await need(api.PUT('/api/v1/bots/{id}/draft', { params: path, body }));
    else await need(api.PUT('/api/v1/bots/{id}', { params: path, body }));
    setParams({}, { replace: true });
    await client.invalidateQueries({ queryKey: ['bots'] });
  };
  return <BotForm stored={body} onSave={save} verb={t('bots.saveAndUse')} mayDraft tab={tab} onTab={onTab} />;
}

/** What waits to be published, and what can be done with it. */
function DraftBar({ stored, draft, isOpen }: { stored: View; draft: Draft; isOpen: boolean }) {
  const t = useT();
  const format = useFormat();
  const client = useQueryClient();
  const path = { path: { id: stored.id } };
  const refresh = () => client.invalidateQueries({ queryKey: ['bots'] });
  const publish = async () => {
    await need(api.POST('/api/v1/bots/{id}/publish', { params: path, body: { force: draft.is_outdated } }));
    await refresh();
  };
  const discard = async () => {
    await need(api.DELETE('/api/v1/bots/{id}/draft', { params: path }));
    await refresh();
  };
  return (
    <Alert color={draft.is_outdated ? 'orange' : 'blue'} title={t('bots.draft.title')} maw={860}>
      <Stack gap="sm">
        <Text size="sm">
          {t('bots.draft.more', { by: draft.saved_by, at: format.when(draft.saved_at), version: draft.based_on })}
          {draft.is_outdated && ` ${t('bots.draft.outdated')}`}
        </Text>
        <Group gap="sm">
          <Confirm title={t('bots.publish.sure')} more={t('bots.publish.more')} verb={t('bots.publish')} colour="teal" onYes={publish}>
            {(open) => (
              <Button size="xs" onClick={open}>
                {t('bots.publish')}
              </Button>
            )}
          </Confirm>
          <Confirm title={t('bots.discard.sure')} more={t('common.delete.why')} verb={t('bots.discard')} onYes={discard}>
            {(open) => (
              <Button size="xs" variant="default" onClick={open}>
                {t('bots.discard')}
              </Button>
            )}
          </Confirm>
          <Anchor component={Link} size="sm" c="inherit" to={`/bots/${stored.id}/versions?from=published&to=draft`} underline="always">
            {t('bots.draft.compare')}
          </Anchor>
          <Anchor component={Link} size="sm" c="inherit" to={isOpen ? `/bots/${stored.id}?draft=no` : `/bots/${stored.id}`} underline="always">
            {isOpen ? t('bots.draft.published') : t('bots.draft.open')}
          </Anchor>
        </Group>
      </Stack>
    </Alert>
  );
}
