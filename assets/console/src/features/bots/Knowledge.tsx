import { Checkbox, NumberInput, SimpleGrid, Stack, Switch, Text, Textarea, Anchor } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { api, need } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { Loaded } from '~/shared/ui/Loaded';
import type { BotFields } from './form';

type Form = UseFormReturnType<BotFields>;

/** Where a bot looks answers up, and what it may say when nothing is found. */
export function Knowledge({ form }: { form: Form }) {
  const t = useT();
  const { knowledge_enabled: isOn, knowledge_strict: isStrict } = form.values;
  return (
    <Stack>
      <Switch label={t('bots.knowledge.on')} description={t('bots.knowledge.on.more')} {...form.getInputProps('knowledge_enabled', { type: 'checkbox' })} />
      <Bases form={form} />
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <NumberInput label={t('bots.knowledge.top')} description={t('bots.knowledge.top.more')} min={1} max={10} disabled={!isOn} {...form.getInputProps('knowledge_top_k')} />
        <NumberInput
          label={t('bots.knowledge.least')}
          description={t('bots.knowledge.least.more')}
          min={0}
          max={1}
          step={0.05}
          decimalScale={2}
          disabled={!isOn}
          {...form.getInputProps('knowledge_score_threshold')}
        />
      </SimpleGrid>
      <Textarea
        label={t('bots.knowledge.when')}
        description={t('bots.knowledge.when.more')}
        autosize
        minRows={2}
        disabled={!isOn}
        {...form.getInputProps('knowledge_trigger_instructions')}
      />
      <Switch
        label={t('bots.knowledge.strict')}
        description={t('bots.knowledge.strict.more')}
        disabled={!isOn}
        {...form.getInputProps('knowledge_strict', { type: 'checkbox' })}
      />
      <Textarea
        label={t('bots.knowledge.fallback')}
        description={t('bots.knowledge.fallback.more')}
        autosize
        disabled={!isOn || !isStrict}
        {...form.getInputProps('knowledge_fallback_message')}
      />
    </Stack>
  );
}

/** The bases to choose from; one that was chosen and is gone stays in the list until it is taken out. */
function Bases({ form }: { form: Form }) {
  const t = useT();
  const chosen = form.values.knowledge_kb_ids;
  const bases = useQuery({
    queryKey: ['knowledge', 'names'],
    queryFn: () => need(api.GET('/api/v1/knowledge-bases', { params: { query: { limit: '500' } } })),
  });
  return (
    <Loaded query={bases} lines={2}>
      {({ data }) => {
        const gone = chosen.filter((id) => !data.some((base) => base.id === id));
        const words = (base: (typeof data)[number]) => t(base.is_enabled ? 'bots.knowledge.base' : 'bots.knowledge.base.off', { n: base.n_indexed });
        return (
          <Checkbox.Group label={t('bots.knowledge.bases')} description={t('bots.knowledge.bases.more')} {...form.getInputProps('knowledge_kb_ids')}>
            <Stack gap="xs" mt="xs">
              {data.map((base) => (
                <Checkbox key={base.id} value={base.id} label={base.name} description={words(base)} disabled={!form.values.knowledge_enabled} />
              ))}
              {gone.map((id) => (
                <Checkbox key={id} value={id} label={id} description={t('bots.knowledge.gone')} />
              ))}
              {data.length === 0 && (
                <Text size="sm">
                  {t('bots.knowledge.none')}{' '}
                  <Anchor component={Link} to="/knowledge" underline="always" inherit>
                    {t('bots.knowledge.make')}
                  </Anchor>
                </Text>
              )}
            </Stack>
          </Checkbox.Group>
        );
      }}
    </Loaded>
  );
}
