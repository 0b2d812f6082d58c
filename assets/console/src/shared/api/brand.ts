import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { api, need } from './client';

/** What the operator calls the box, its picture, and whom people may write to; as the settings have it now. */
export function useBrand() {
  const display = useQuery({ queryKey: ['settings', 'display'], queryFn: () => need(api.GET('/api/v1/settings/display')), staleTime: 60_000 });
  const brand = display.data?.brand;
  useEffect(() => {
    if (brand?.name) document.title = brand.name;
  }, [brand?.name]);
  return brand;
}
