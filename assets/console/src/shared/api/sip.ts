import { useQuery } from '@tanstack/react-query';
import { api, need } from './client';

const STANDARD_PORT = '5060';

/** Where this box takes SIP calls: as a program on it says, and as a telephone elsewhere does. */
export function useSip(): { here: string; fromAfar: string } {
  const fleet = useQuery({ queryKey: ['fleet'], queryFn: () => need(api.GET('/api/v1/fleet/status')) });
  const bound = (fleet.data?.workers ?? []).find(({ url }) => url === 'local')?.sip ?? `0.0.0.0:${STANDARD_PORT}`;
  const [, host = '', port = STANDARD_PORT] = /^(.*):(\d+)$/.exec(bound) ?? [];
  const isEverywhere = host === '0.0.0.0' || host === '[::]';
  const afar = window.location.hostname;
  return { here: `${isEverywhere ? '127.0.0.1' : host}:${port}`, fromAfar: port === STANDARD_PORT ? afar : `${afar}:${port}` };
}
