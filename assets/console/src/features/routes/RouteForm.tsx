import { Autocomplete, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { api, need } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { FormFrame } from '~/shared/ui/FormFrame';
import { useSave } from '~/shared/ui/useSave';
import type { Route } from './match';

interface Props {
  stored: Route | null;
  users: string[];
  onDone: () => void;
}

/** A new route, or another taker for one that is there. */
export function RouteForm({ stored, users, onDone }: Props) {
  const t = useT();
  const client = useQueryClient();
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { did: stored?.did ?? '', fromNumber: stored?.fromNumber ?? '', user: stored?.user ?? '' },
  });
  const save = useSave(form, async ({ did, fromNumber, user }) => {
    if (stored) {
      const query = stored.fromNumber ? { fromNumber: stored.fromNumber } : {};
      // The description lends this body the name of another one; only `user` counts here.
      await need(api.PUT('/api.ashx/v1/inbound-routes/{did}', { params: { path: { did: stored.did }, query }, body: { user } as never }));
    } else {
      await need(api.POST('/api.ashx/v1/inbound-routes', { body: { did, fromNumber, user } }));
    }
    await client.invalidateQueries({ queryKey: ['routes'] });
    onDone();
  });
  return (
    <FormFrame save={save} onCancel={onDone} isBare verb={stored ? undefined : t('common.create')}>
      <TextInput label={t('routes.did')} description={t('routes.did.more')} disabled={stored !== null} key={form.key('did')} {...form.getInputProps('did')} />
      <TextInput
        label={t('routes.from')}
        description={t('routes.from.more')}
        disabled={stored !== null}
        key={form.key('fromNumber')}
        {...form.getInputProps('fromNumber')}
      />
      <Autocomplete label={t('routes.user')} description={t('routes.user.more')} data={users} key={form.key('user')} {...form.getInputProps('user')} />
    </FormFrame>
  );
}
