import { useQuery } from '@tanstack/react-query';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { DataTable, type Column } from '~/shared/ui/DataTable';
import { EmptyState } from '~/shared/ui/EmptyState';
import { NewButton } from '~/shared/ui/NewButton';
import { Page } from '~/shared/ui/Page';

type Item = Schemas['PromptItem'];

export default function Prompts() {
  const t = useT();
  const format = useFormat();
  const list = useQuery({ queryKey: ['prompts', 'list'], queryFn: () => need(api.GET('/api/v1/prompts')) });
  const make = <NewButton to="/prompts/new">{t('prompts.new')}</NewButton>;
  const columns: Column<Item>[] = [
    { key: 'slug', header: t('prompts.slug'), cell: (row) => row.slug },
    { key: 'bytes', header: t('prompts.bytes'), align: 'right', cell: (row) => format.number(row.bytes) },
    { key: 'updated', header: t('prompts.updated'), cell: (row) => format.when(row.updated_at) },
  ];
  return (
    <Page title={t('prompts.title')} about={t('prompts.about')} actions={make}>
      <DataTable
        label={t('prompts.title')}
        query={list}
        columns={columns}
        rowKey={(row) => row.slug}
        link={(row) => `/prompts/${row.slug}`}
        empty={<EmptyState title={t('prompts.empty')} more={t('prompts.empty.more')} action={make} />}
      />
    </Page>
  );
}
