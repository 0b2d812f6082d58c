import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useT } from '~/shared/i18n';
import { sentence } from './ErrorBox';
import { IconDownload } from './icons';
import { told } from './told';

/** A button that fetches a file; a refusal is said in the corner. */
export function DownloadButton({ children, onFetch, isDisabled }: { children: string; onFetch: () => Promise<unknown>; isDisabled?: boolean }) {
  const t = useT();
  const fetching = useMutation({ mutationFn: onFetch, onError: (problem) => told(sentence(problem, t).more, 'red') });
  return (
    <Button variant="default" leftSection={<IconDownload size={16} />} loading={fetching.isPending} disabled={isDisabled} onClick={() => fetching.mutate()}>
      {children}
    </Button>
  );
}
