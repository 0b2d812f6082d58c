import { NumberInput, SimpleGrid, Switch, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { FormFrame } from '~/shared/ui/FormFrame';
import { useSave } from '~/shared/ui/useSave';

interface Props {
  stored: Schemas['BaseView'] | null;
  onCancel?: () => void;
}

/** A new knowledge base, or changes to one. */
export function BaseForm({ stored, onCancel }: Props) {
  const t = useT();
  const go = useNavigate();
  const client = useQueryClient();
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: {
      name: stored?.name ?? '',
      description: stored?.description ?? '',
      chunk_chars: stored?.chunk_chars ?? 1200,
      chunk_overlap: stored?.chunk_overlap ?? 180,
      is_enabled: stored?.is_enabled ?? true,
    },
  });
  const save = useSave(form, async ({ is_enabled, ...body }) => {
    const saved = stored
      ? await need(api.PATCH('/api/v1/knowledge-bases/{kb_id}', { params: { path: { kb_id: stored.id } }, body: { ...body, is_enabled } }))
      : await need(api.POST('/api/v1/knowledge-bases', { body }));
    await client.invalidateQueries({ queryKey: ['knowledge'] });
    if (!stored) await go(`/knowledge/${saved.id}`);
  });
  const field = (name: 'name' | 'description' | 'chunk_chars' | 'chunk_overlap') => ({ key: form.key(name), ...form.getInputProps(name) });
  return (
    <FormFrame save={save} verb={stored ? undefined : t('common.create')} onCancel={onCancel} isBare={!stored}>
      <TextInput label={t('kb.name')} required data-autofocus {...field('name')} />
      <Textarea label={t('kb.description')} autosize minRows={2} {...field('description')} />
      {stored && (
        <>
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <NumberInput label={t('kb.chars')} description={t('kb.chars.more')} min={200} max={4000} step={100} {...field('chunk_chars')} />
            <NumberInput label={t('kb.overlap')} min={0} step={20} {...field('chunk_overlap')} />
          </SimpleGrid>
          <Switch label={t('kb.enabled')} key={form.key('is_enabled')} {...form.getInputProps('is_enabled', { type: 'checkbox' })} />
        </>
      )}
    </FormFrame>
  );
}
