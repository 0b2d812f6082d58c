import { Button, Paper, Table, Text, VisuallyHidden } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { api, need } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { Deletable } from '~/shared/ui/Deletable';
import { EmptyState } from '~/shared/ui/EmptyState';
import { useArranging, type Arranging } from './arrange';
import { Handle } from './Handle';
import { isCatchAll, keyOf, type Route } from './match';

interface Props {
  routes: Route[];
  /** The row that would take the call somebody asks about. */
  marked: number;
  /** Whether all routes are here; only then can they be put in order. */
  isWhole: boolean;
  onEdit: (route: Route) => void;
}

/** The routes in match order. */
export function Rows({ routes, marked, isWhole, onEdit }: Props) {
  const t = useT();
  const arranging = useArranging(routes);
  if (routes.length === 0) return <EmptyState title={t('routes.empty')} />;
  return (
    <Paper withBorder radius="md">
      <VisuallyHidden role="status">{arranging.said}</VisuallyHidden>
      <Table.ScrollContainer minWidth={420} type="native">
        <Table verticalSpacing="sm" horizontalSpacing="md" aria-label={t('routes.title')}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th w={80}>{t('routes.order')}</Table.Th>
              <Table.Th>{t('routes.did')}</Table.Th>
              <Table.Th>{t('routes.from')}</Table.Th>
              <Table.Th>{t('routes.user')}</Table.Th>
              <Table.Th ta="right">{t('common.actions')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody ref={arranging.body}>
            {arranging.shown.map((route, n) => (
              <Row
                key={keyOf(route)}
                route={route}
                n={n}
                isMarked={n === marked}
                arranging={isWhole && !isCatchAll(route) ? arranging : null}
                isHeld={n === arranging.held}
                onEdit={onEdit}
              />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  );
}

interface RowProps {
  route: Route;
  n: number;
  isMarked: boolean;
  isHeld: boolean;
  arranging: Arranging | null;
  onEdit: (route: Route) => void;
}

function Row({ route, n, isMarked, isHeld, arranging, onEdit }: RowProps) {
  const t = useT();
  const client = useQueryClient();
  const remove = async () => {
    const query = route.fromNumber ? { fromNumber: route.fromNumber } : {};
    await need(api.DELETE('/api.ashx/v1/inbound-routes/{did}', { params: { path: { did: route.did }, query } }));
    await client.invalidateQueries({ queryKey: ['routes'] });
  };
  const name = route.fromNumber ? `${route.did} (${route.fromNumber})` : route.did;
  return (
    <Table.Tr
      data-marked={isMarked || undefined}
      data-held={isHeld || undefined}
      aria-selected={isMarked}
      bg={isMarked || isHeld ? 'var(--mantine-primary-color-light)' : undefined}
    >
      <Table.Td className="place">
        {arranging && <Handle n={n} name={name} isFollowed={arranging.followed === keyOf(route)} arranging={arranging} />}
        {n + 1}
      </Table.Td>
      <Table.Td>{isCatchAll(route) ? <Text size="sm">* ({t('routes.catchAll')})</Text> : <span className="mono">{route.did}</span>}</Table.Td>
      <Table.Td>{route.fromNumber ? <span className="mono">{route.fromNumber}</span> : t('routes.anyone')}</Table.Td>
      <Table.Td>{route.user}</Table.Td>
      <Table.Td ta="right">
        <Button variant="subtle" size="compact-xs" onClick={() => onEdit(route)} aria-label={`${t('common.edit')} ${route.did}`}>
          {t('common.edit')}
        </Button>
        {!isCatchAll(route) && <Deletable isSmall name={route.did} onDelete={remove} />}
      </Table.Td>
    </Table.Tr>
  );
}
