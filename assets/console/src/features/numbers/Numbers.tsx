import { useQuery } from '@tanstack/react-query';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { DataTable, type Column } from '~/shared/ui/DataTable';
import { EmptyState } from '~/shared/ui/EmptyState';
import { NewButton } from '~/shared/ui/NewButton';
import { Page } from '~/shared/ui/Page';
import { useFilters, useListing } from '~/shared/ui/useListing';

type View = Schemas['NumberView'];

export default function Numbers() {
  const t = useT();
  const { offset } = useFilters([]);
  const list = useListing<View>(['numbers'], offset, (page) => need(api.GET('/api/v1/numbers', { params: { query: page } })));
  const bots = useQuery({ queryKey: ['bots', 'names'], queryFn: () => need(api.GET('/api/v1/bots', { params: { query: { limit: '500' } } })) });
  const nameOf = (id: string | null | undefined) => bots.data?.data.find((bot) => bot.id === id)?.name ?? id ?? '–';
  const columns: Column<View>[] = [
    { key: 'name', header: t('numbers.name'), cell: (row) => row.name },
    { key: 'number', header: t('numbers.number'), cell: (row) => <span className="mono">{row.number}</span> },
    { key: 'bot', header: t('numbers.bot'), cell: (row) => nameOf(row.bot_id) },
    { key: 'transcripts', header: t('numbers.transcripts'), cell: (row) => (row.save_transcripts ? t('common.yes') : t('common.no')), isMinor: true },
  ];
  return (
    <Page title={t('numbers.title')} about={t('numbers.about')} actions={<NewButton to="/numbers/new">{t('numbers.new')}</NewButton>}>
      <DataTable
        label={t('numbers.title')}
        query={list}
        columns={columns}
        rowKey={(row) => row.id}
        link={(row) => `/numbers/${row.id}`}
        empty={<EmptyState title={t('numbers.empty')} more={t('numbers.empty.more')} action={<NewButton to="/numbers/new">{t('numbers.new')}</NewButton>} />}
      />
    </Page>
  );
}
