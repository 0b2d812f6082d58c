import { Badge } from '@mantine/core';
import type { Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';

const COLOURS = { waiting: 'blue', delivered: 'teal', parked: 'orange' } as const;

/** How far a delivery got, with the status the receiver answered. */
export function DeliveryBadge({ delivery }: { delivery: Schemas['DeliveryView'] }) {
  const t = useT();
  return (
    <Badge variant="light" tt="none" color={COLOURS[delivery.status] ?? 'gray'}>
      {t(`delivery.${delivery.status}`)}
      {delivery.http_status ? ` · ${delivery.http_status}` : ''}
    </Badge>
  );
}
