import { Alert, Button, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '~/shared/ui/icons';
import { ApiError } from '~/shared/api/error';
import { useT } from '~/shared/i18n';
import type { Translate } from '~/shared/i18n';

/** A sentence for a person about what went wrong. */
export function sentence(error: unknown, t: Translate): { title: string; more: string } {
  if (!(error instanceof ApiError)) return { title: t('error.crash'), more: error instanceof Error ? error.message : '' };
  if (error.status === 0) return { title: t('error.title'), more: t('error.network') };
  if (error.status === 403) return { title: t('error.refused'), more: capital(error.message) };
  if (error.status === 404) return { title: t('error.missing'), more: t('error.missing.more') };
  return { title: t('error.title'), more: capital(error.message) };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Shows a failure where its result would be. */
export function ErrorBox({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const t = useT();
  const { title, more } = sentence(error, t);
  const id = error instanceof ApiError ? error.requestId : '';
  return (
    <Alert color="red" icon={<IconAlertTriangle size={18} />} title={title} role="alert">
      <Stack gap="xs" align="flex-start">
        {more && <Text size="sm">{more}</Text>}
        {id && (
          <Text size="xs" ff="monospace">
            {t('error.request', { id })}
          </Text>
        )}
        {onRetry && (
          <Button size="xs" variant="default" onClick={onRetry}>
            {t('common.retry')}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}
