import { useQuery } from '@tanstack/react-query';
import { ApiError } from './error';
import type { Schemas } from './client';

/** What the box says about its own health. A box that is not ready answers 503 with the same body. */
export function useReadiness() {
  return useQuery({
    queryKey: ['readiness'],
    queryFn: async (): Promise<Schemas['Report']> => {
      const response = await fetch('/readyz').catch(() => {
        throw ApiError.network();
      });
      const report = (await response.json()) as Schemas['Report'];
      if (!Array.isArray(report.checks)) throw ApiError.of(response, report);
      return report;
    },
    refetchInterval: 10_000,
  });
}
