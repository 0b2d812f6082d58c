import { Alert, Stack, Table, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Schemas } from '~/shared/api/client';
import { upload } from '~/shared/api/upload';
import { useT } from '~/shared/i18n';
import { UploadBox } from '~/shared/ui/UploadBox';
import { useUpload } from '~/shared/ui/useUpload';
import { Words } from '~/shared/ui/Words';

type Report = Schemas['ImportReport'];
/** Refused rows that are shown; more would hide the rest of the screen. */
const MOST_SHOWN = 50;

/** Many numbers from a file, and what became of each row. */
export function Import() {
  const t = useT();
  const client = useQueryClient();
  const [report, setReport] = useState<Report | null>(null);
  const sending = useUpload();
  const send = (files: File[]) => {
    const [file] = files;
    if (!file) return;
    setReport(null);
    void sending.start(async (onProgress, signal) => {
      setReport(await upload<Report>({ path: '/api/v1/do-not-call/import', body: file, contentType: 'text/csv', onProgress, signal }));
      await client.invalidateQueries({ queryKey: ['do-not-call'] });
    });
  };
  return (
    <Stack gap="sm">
      <UploadBox upload={sending} onFiles={send} verb={t('lists.import')} more={t('lists.import.more')} accept=".csv,.txt,text/csv,text/plain" />
      {report && <Outcome report={report} />}
    </Stack>
  );
}

function Outcome({ report }: { report: Report }) {
  const t = useT();
  const refused = report.rows.filter((row) => row.outcome !== 'added' && row.outcome !== 'already_listed');
  const more = refused.length - MOST_SHOWN + report.left_out;
  return (
    <Alert
      color={report.refused > 0 ? 'orange' : 'teal'}
      title={t('lists.imported', { added: report.added, already: report.already_listed, refused: report.refused })}
    >
      {refused.length > 0 && (
        <Table fz="sm" verticalSpacing={4} aria-label={t('lists.refused')}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th w={90}>{t('lists.line')}</Table.Th>
              <Table.Th>{t('lists.phone')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {refused.slice(0, MOST_SHOWN).map((row) => (
              <Table.Tr key={row.line}>
                <Table.Td>{row.line}</Table.Td>
                <Table.Td>
                  <Words size="sm">{row.phone}</Words>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {more > 0 && <Text size="sm">{t('lists.leftOut', { n: more })}</Text>}
    </Alert>
  );
}
