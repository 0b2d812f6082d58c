import { Button, Grid, Group, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { duration, useFormat } from '~/shared/i18n/format';
import { save } from '~/shared/save';
import { useCode } from '~/shared/ui/callWords';
import { IconDownload } from '~/shared/ui/icons';
import { Loaded } from '~/shared/ui/Loaded';
import { Page } from '~/shared/ui/Page';
import { Section } from '~/shared/ui/Section';
import { Words } from '~/shared/ui/Words';
import { plain, whoOf } from './model';
import { SharesOf } from './Shares';

type Document = Schemas['Document'];

export default function TranscriptScreen() {
  const { id = '' } = useParams();
  const document = useQuery({
    queryKey: ['transcripts', 'one', id],
    queryFn: () => need(api.GET('/api.ashx/v1/transcripts/{callId}', { params: { path: { callId: id } } })),
  });
  return <Loaded query={document}>{(document) => <Read document={document} />}</Loaded>;
}

function Read({ document }: { document: Document }) {
  const t = useT();
  const speaker = (name: string) => (t(`transcripts.speaker.${name}`) === `transcripts.speaker.${name}` ? name : t(`transcripts.speaker.${name}`));
  const download = () => save(`${document.file.replace(/\.txt$/, '')}.txt`, plain(document, speaker), 'text/plain');
  return (
    <Page
      title={t('transcripts.of', { who: whoOf(document) })}
      actions={
        <Group gap="xs">
          <Button variant="default" leftSection={<IconDownload size={16} />} onClick={download}>
            {t('transcripts.download')}
          </Button>
          <Button component={Link} to={`/calls/${document.sessionId}`}>
            {t('transcripts.call')}
          </Button>
        </Group>
      }
    >
      <Grid>
        <Grid.Col span={{ base: 12, lg: 7 }}>
          <Section title={t('transcripts.words')}>
            <Conversation document={document} speaker={speaker} />
          </Section>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 5 }}>
          <Stack>
            <SharesOf file={document.file} />
            <Section title={t('transcripts.facts')}>
              <Facts document={document} />
            </Section>
          </Stack>
        </Grid.Col>
      </Grid>
    </Page>
  );
}

function Conversation({ document, speaker }: { document: Document; speaker: (name: string) => string }) {
  const t = useT();
  const origin = Date.parse(document.answeredUtc ?? document.startedUtc);
  if (document.turns.length === 0) return <Text c="dimmed">{t('transcripts.nothing')}</Text>;
  return (
    <Stack gap="sm" component="ol" p={0} m={0} className="plain-list">
      {document.turns.map((line, n) => (
        <li key={n}>
          <Text size="xs" c="dimmed">
            <Text span fw={650} size="xs">
              {speaker(line.speaker)}
            </Text>{' '}
            {duration(Math.max(0, (Date.parse(line.ts) - origin) / 1000))}
          </Text>
          <Words size="sm">{line.text}</Words>
        </li>
      ))}
    </Stack>
  );
}

function Facts({ document }: { document: Document }) {
  const t = useT();
  const format = useFormat();
  const code = useCode();
  const rows: [string, string][] = [
    [t('transcripts.begun'), format.when(document.startedUtc)],
    [t('transcripts.length'), format.duration(document.durationSec)],
    [t('transcripts.outcome'), code('outcome', document.outcome) ?? '–'],
    [t('transcripts.file'), document.file],
  ];
  return (
    <Table variant="vertical" withRowBorders={false} verticalSpacing={4} fz="sm">
      <Table.Tbody>
        {rows.map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Th w={110} fw={500} bg="transparent" px={0}>
              {name}
            </Table.Th>
            <Table.Td>
              <Words size="sm">{value}</Words>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
