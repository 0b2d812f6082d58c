import { Button, Group, Stack, TagsInput, Text, Textarea } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, need, type Schemas } from '~/shared/api/client';
import { ranks, useMe } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { Deletable } from '~/shared/ui/Deletable';
import { ErrorBox } from '~/shared/ui/ErrorBox';
import { Section } from '~/shared/ui/Section';
import { QUIET, useSave } from '~/shared/ui/useSave';
import { Words } from '~/shared/ui/Words';

type Note = Schemas['NoteView'];

/** Tags of a call; a change is kept at once, and taken back on the screen when the server refuses it. */
export function Tags({ sessionId, tags }: { sessionId: string; tags: string[] }) {
  const t = useT();
  const client = useQueryClient();
  const [shown, setShown] = useState(tags);
  const [error, setError] = useState<unknown>(null);
  const known = useQuery({ queryKey: ['call-tags'], queryFn: () => need(api.GET('/api/v1/call-tags')) });
  const change = async (wanted: string[]) => {
    const before = shown;
    setShown(wanted);
    setError(null);
    try {
      await need(api.PUT('/api/v1/calls/{session_id}/tags', { params: { path: { session_id: sessionId } }, body: { tags: wanted } }));
      await client.invalidateQueries({ queryKey: ['calls'] });
      await client.invalidateQueries({ queryKey: ['call-tags'] });
    } catch (problem) {
      setShown(before);
      setError(problem);
    }
  };
  return (
    <Stack gap="xs">
      {error !== null && <ErrorBox error={error} />}
      <TagsInput
        label={t('calls.tags')}
        description={t('calls.tags.more')}
        value={shown}
        onChange={(wanted) => void change(wanted)}
        data={(known.data?.tags ?? []).map(({ tag }) => tag)}
        maxTags={20}
        clearable={false}
      />
    </Stack>
  );
}

/** What people wrote about a call. Supervisors remove their own notes, administrators any. */
export function Notes({ sessionId, notes }: { sessionId: string; notes: Note[] }) {
  const t = useT();
  const format = useFormat();
  const me = useMe();
  const client = useQueryClient();
  const path = { session_id: sessionId };
  const done = () => client.invalidateQueries({ queryKey: ['calls', 'one', sessionId] });
  const form = useForm({ mode: 'uncontrolled', initialValues: { text: '' } });
  const save = useSave(
    form,
    async (body) => {
      await need(api.POST('/api/v1/calls/{session_id}/notes', { params: { path }, body }));
      form.reset();
      await done();
    },
    QUIET,
  );
  const remove = async (note_id: string) => {
    await need(api.DELETE('/api/v1/calls/{session_id}/notes/{note_id}', { params: { path: { ...path, note_id } } }));
    await done();
  };
  return (
    <Section title={t('calls.notes')}>
      <Stack gap="sm">
        {notes.map((note) => (
          <div key={note.id} data-testid="note">
            <Words size="sm">{note.text}</Words>
            <Group justify="space-between">
              <Text size="xs" c="dimmed">
                {note.author}, {format.when(note.created_at)}
              </Text>
              {(note.author === me.name || ranks(me.role, 'admin')) && (
                <Deletable isSmall name={t('calls.note.of', { who: note.author })} onDelete={() => remove(note.id)} />
              )}
            </Group>
          </div>
        ))}
        <form onSubmit={save.submit} noValidate>
          <Stack gap="xs">
            {save.error !== null && <ErrorBox error={save.error} />}
            <Textarea aria-label={t('calls.note.new')} placeholder={t('calls.note.new')} autosize minRows={2} key={form.key('text')} {...form.getInputProps('text')} />
            <Group justify="flex-end">
              <Button type="submit" size="xs" variant="default" loading={save.isBusy}>
                {t('calls.note.add')}
              </Button>
            </Group>
          </Stack>
        </form>
      </Stack>
    </Section>
  );
}
