import { NativeSelect, NumberInput, SimpleGrid, Switch, Textarea, TextInput } from '@mantine/core';
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

/** The model that measures passages, as the form has it. A key is shown masked, and stays when it is sent back so. */
function embeddingOf(stored: Schemas['BaseView'] | null) {
  const { provider = 'built_in', base_url, model, api_key } = stored?.embedding ?? {};
  return { provider, base_url: base_url ?? '', model: model ?? '', api_key: api_key ?? '' };
}

function sent({ provider, base_url, model, api_key }: ReturnType<typeof embeddingOf>): Schemas['Embedding'] {
  return provider === 'built_in' ? { provider } : { provider, base_url: base_url || null, model: model || null, api_key: api_key || null };
}

/** A new knowledge base, or changes to one. */
export function BaseForm({ stored, onCancel }: Props) {
  const t = useT();
  const go = useNavigate();
  const client = useQueryClient();
  const form = useForm({
    mode: 'controlled',
    initialValues: {
      name: stored?.name ?? '',
      description: stored?.description ?? '',
      chunk_chars: stored?.chunk_chars ?? 1200,
      chunk_overlap: stored?.chunk_overlap ?? 180,
      is_enabled: stored?.is_enabled ?? true,
      embedding: embeddingOf(stored),
    },
  });
  const save = useSave(form, async ({ is_enabled, embedding, ...body }) => {
    // Another model means that everything is measured anew: it is sent only when it was changed.
    const other = JSON.stringify(embedding) === JSON.stringify(embeddingOf(stored)) ? {} : { embedding: sent(embedding) };
    const saved = stored
      ? await need(api.PATCH('/api/v1/knowledge-bases/{kb_id}', { params: { path: { kb_id: stored.id } }, body: { ...body, is_enabled, ...other } }))
      : await need(api.POST('/api/v1/knowledge-bases', { body }));
    await client.invalidateQueries({ queryKey: ['knowledge'] });
    if (!stored) await go(`/knowledge/${saved.id}`);
  });
  const field = (name: string) => form.getInputProps(name);
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
          <NativeSelect
            label={t('kb.embedding')}
            description={t('kb.embedding.more')}
            data={(['built_in', 'openai'] as const).map((value) => ({ value, label: t(`kb.embedding.${value}`) }))}
            {...field('embedding.provider')}
          />
          {form.values.embedding.provider === 'openai' && (
            <SimpleGrid cols={{ base: 1, sm: 2 }}>
              <TextInput label={t('kb.embedding.url')} placeholder="http://10.0.0.5:11434/v1" {...field('embedding.base_url')} />
              <TextInput label={t('kb.embedding.model')} {...field('embedding.model')} />
              <TextInput label={t('kb.embedding.key')} autoComplete="off" {...field('embedding.api_key')} />
            </SimpleGrid>
          )}
          <Switch label={t('kb.enabled')} {...form.getInputProps('is_enabled', { type: 'checkbox' })} />
        </>
      )}
    </FormFrame>
  );
}
