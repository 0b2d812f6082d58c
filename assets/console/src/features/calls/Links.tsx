import { Anchor, Button, CopyButton, Group, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from 'react-router';
import { api, need } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { Confirm } from '~/shared/ui/Confirm';
import { sentence } from '~/shared/ui/ErrorBox';
import { Section } from '~/shared/ui/Section';
import { told } from '~/shared/ui/told';
import type { Call } from './model';

/** What of a call may be given to somebody without an account: the recording by its link, the words on a screen of their own. */
export function Links({ call }: { call: Call }) {
  const t = useT();
  if (!call.recording_key && !call.transcript_file) return null;
  return (
    <Section title={t('share.title')} about={t('share.about')}>
      <Stack gap="sm">
        {call.recording_key && <RecordingLink call={call} />}
        {call.transcript_file && (
          <Anchor component={Link} to={`/transcripts/${encodeURIComponent(call.transcript_file)}`} size="sm">
            {t('share.transcript')}
          </Anchor>
        )}
      </Stack>
    </Section>
  );
}

function RecordingLink({ call }: { call: Call }) {
  const t = useT();
  const client = useQueryClient();
  const params = { path: { session_id: call.session_id } };
  const changed = () => client.invalidateQueries({ queryKey: ['calls', 'one', call.session_id] });
  const make = async () => {
    await need(api.POST('/api/v1/recordings/{session_id}/link', { params }));
    await changed();
  };
  const end = async () => {
    await need(api.DELETE('/api/v1/recordings/{session_id}/link', { params }));
    await changed();
  };
  const link = call.recording_link;
  const first = () => void make().catch((problem: unknown) => told(sentence(problem, t).more, 'red'));
  return (
    <Stack gap={6} role="group" aria-label={t('share.recording')}>
      <Text size="sm" fw={500}>
        {t('share.recording')}
      </Text>
      {link && (
        <Text size="xs" className="mono words" data-testid="recording-link">
          {link}
        </Text>
      )}
      <Group gap="xs">
        {link && (
          <CopyButton value={link}>
            {({ copied, copy }) => (
              <Button variant="default" size="xs" onClick={copy}>
                {copied ? t('common.copied') : t('share.copy')}
              </Button>
            )}
          </CopyButton>
        )}
        <Confirm title={t('share.make.sure')} more={t('share.make.more')} verb={t(link ? 'share.make.new' : 'share.make')} onYes={make} colour="teal">
          {(open) => (
            <Button variant="default" size="xs" onClick={link ? open : first}>
              {t(link ? 'share.make.new' : 'share.make')}
            </Button>
          )}
        </Confirm>
        {link && (
          <Confirm title={t('share.end.sure')} more={t('share.end.more')} verb={t('share.end')} onYes={end}>
            {(open) => (
              <Button variant="subtle" color="red" size="xs" onClick={open}>
                {t('share.end')}
              </Button>
            )}
          </Confirm>
        )}
      </Group>
    </Stack>
  );
}
