import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, need, type Schemas } from '~/shared/api/client';
import { download } from '~/shared/api/download';
import { useT } from '~/shared/i18n';
import { Deletable } from '~/shared/ui/Deletable';
import { sentence } from '~/shared/ui/ErrorBox';
import { SmallButton } from '~/shared/ui/SmallButton';
import { told } from '~/shared/ui/told';

/** What can be done with one backup that is no longer being made. */
export function Actions({ row }: { row: Schemas['BackupView'] }) {
  const t = useT();
  const client = useQueryClient();
  const params = { path: { name: row.name } };
  const act = useMutation({
    mutationFn: async (what: 'verify' | 'download') => {
      if (what === 'download') return download(`/api/v1/backups/${encodeURIComponent(row.name)}/file`, {}, row.name, 'application/x-tar');
      const checked = await need(api.POST('/api/v1/backups/{name}/verify', { params }));
      if (!checked.verify_error) told(t('backups.verified.ok'));
    },
    onError: (problem) => told(sentence(problem, t).more, 'red'),
    onSettled: () => client.invalidateQueries({ queryKey: ['backups'] }),
  });
  const remove = async () => {
    await need(api.DELETE('/api/v1/backups/{name}', { params }));
    await client.invalidateQueries({ queryKey: ['backups'] });
  };
  const busy = (what: string) => act.isPending && act.variables === what;
  return (
    <>
      {row.state === 'done' && (
        <>
          <SmallButton verb={t('backups.verify')} of={row.name} isBusy={busy('verify')} onClick={() => act.mutate('verify')} />
          <SmallButton verb={t('backups.download')} of={row.name} isBusy={busy('download')} onClick={() => act.mutate('download')} />
        </>
      )}
      <Deletable isSmall name={row.name} more={t('backups.delete.more')} onDelete={remove} />
    </>
  );
}
