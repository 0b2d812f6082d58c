import { Paper, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, need } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { Loaded } from '~/shared/ui/Loaded';
import { Words } from '~/shared/ui/Words';

/** What searches look at: the passages of a document in order. */
export function Chunks({ baseId, documentId }: { baseId: string; documentId: string }) {
  const t = useT();
  const chunks = useQuery({
    queryKey: ['knowledge', 'chunks', documentId],
    queryFn: () =>
      need(
        api.GET('/api/v1/knowledge-bases/{kb_id}/documents/{document_id}/chunks', {
          params: { path: { kb_id: baseId, document_id: documentId }, query: { limit: '100' } },
        }),
      ),
  });
  return (
    <Loaded query={chunks}>
      {({ data }) => (
        <Stack gap="sm">
          {data.map((chunk) => (
            <Paper key={chunk.chunk_id} withBorder p="sm" radius="md">
              <Text size="xs" c="dimmed">
                {[chunk.heading, chunk.page ? t('doc.page', { n: chunk.page }) : ''].filter(Boolean).join(' · ') || `#${chunk.position}`}
              </Text>
              <Words size="sm">{chunk.text}</Words>
            </Paper>
          ))}
        </Stack>
      )}
    </Loaded>
  );
}
