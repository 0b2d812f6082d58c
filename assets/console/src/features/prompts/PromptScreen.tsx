import { TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from 'react-router';
import { api, need } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { PromptField, promptProps } from '~/shared/prompt/PromptField';
import { Deletable } from '~/shared/ui/Deletable';
import { FormFrame } from '~/shared/ui/FormFrame';
import { Loaded } from '~/shared/ui/Loaded';
import { Page } from '~/shared/ui/Page';
import { useSave } from '~/shared/ui/useSave';

export default function PromptScreen() {
  const t = useT();
  const { slug = '' } = useParams();
  const isNew = slug === 'new';
  const prompt = useQuery({
    queryKey: ['prompts', 'one', slug],
    queryFn: () => need(api.GET('/api/v1/prompts/{slug}', { params: { path: { slug } } })),
    enabled: !isNew,
  });
  if (isNew) {
    return (
      <Page title={t('prompts.new')} about={t('prompts.about')}>
        <Form stored={null} />
      </Page>
    );
  }
  return (
    <Page title={slug} actions={<Remove slug={slug} />}>
      <Loaded query={prompt}>{(stored) => <Form key={stored.slug} stored={stored} />}</Loaded>
    </Page>
  );
}

function Remove({ slug }: { slug: string }) {
  const go = useNavigate();
  const client = useQueryClient();
  const remove = async () => {
    await need(api.DELETE('/api/v1/prompts/{slug}', { params: { path: { slug } } }));
    await client.invalidateQueries({ queryKey: ['prompts'] });
    await go('/prompts');
  };
  return <Deletable name={slug} onDelete={remove} />;
}

function Form({ stored }: { stored: { slug: string; text: string } | null }) {
  const t = useT();
  const go = useNavigate();
  const client = useQueryClient();
  const form = useForm({ mode: 'controlled', initialValues: { slug: stored?.slug ?? '', text: stored?.text ?? '' } });
  const save = useSave(form, async ({ slug, text }) => {
    const name = slug.trim();
    if (name === '') {
      form.setFieldError('slug', t('prompts.slug.more'));
      return;
    }
    await need(api.PUT('/api/v1/prompts/{slug}', { params: { path: { slug: name } }, body: { text } }));
    await client.invalidateQueries({ queryKey: ['prompts'] });
    if (!stored) await go(`/prompts/${name}`);
  });
  return (
    <FormFrame save={save} verb={stored ? undefined : t('common.create')}>
      {!stored && <TextInput label={t('prompts.slug')} description={t('prompts.slug.more')} required maw={420} {...form.getInputProps('slug')} />}
      <PromptField label={t('prompts.text')} {...promptProps(form, 'text')} />
    </FormFrame>
  );
}
