import { useQueryClient } from '@tanstack/react-query';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { Confirm } from '~/shared/ui/Confirm';
import { Deletable } from '~/shared/ui/Deletable';
import { SmallButton } from '~/shared/ui/SmallButton';

interface Props {
  row: Schemas['ClientView'];
  name: string;
  onEdit: () => void;
  onSecret: (shown: { name: string; secret: string }) => void;
}

/** What can be done to one client. */
export function Actions({ row, name, onEdit, onSecret }: Props) {
  const t = useT();
  const client = useQueryClient();
  const params = { params: { path: { client_id: row.client_id } } };
  const done = () => client.invalidateQueries({ queryKey: ['clients'] });
  const renew = async () => {
    const made = await need(api.POST('/api/v1/oidc/clients/{client_id}/secret', params));
    onSecret({ name, secret: made.client_secret ?? '' });
    await done();
  };
  const remove = async () => {
    await need(api.DELETE('/api/v1/oidc/clients/{client_id}', params));
    await done();
  };
  return (
    <>
      <SmallButton verb={t('common.edit')} of={name} onClick={onEdit} />
      {row.confidential && (
        <Confirm title={t('clients.renew.sure', { name })} more={t('clients.renew.more')} verb={t('clients.renew')} onYes={renew}>
          {(open) => <SmallButton verb={t('clients.renew')} of={name} onClick={open} />}
        </Confirm>
      )}
      <Deletable isSmall name={name} more={t('clients.delete.more')} onDelete={remove} />
    </>
  );
}
