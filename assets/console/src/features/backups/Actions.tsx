import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, authorised, need, type Schemas } from '~/shared/api/client';
import { ApiError } from '~/shared/api/error';
import { useT } from '~/shared/i18n';
import { save } from '~/shared/save';
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
      if (what === 'download') return download(row.name);
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

async function download(name: string) {
  const response = await authorised(new URL(`/api/v1/backups/${encodeURIComponent(name)}/file`, window.location.origin).href);
  if (!response.ok) throw ApiError.of(response, await response.json().catch(() => null));
  save(name, await response.blob(), 'application/x-tar');
}
