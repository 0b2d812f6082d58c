import { Button, Group, NumberInput, SimpleGrid, Stack, Textarea, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useT } from '~/shared/i18n';
import { IconPlus } from '~/shared/ui/icons';
import { errorsUnder, Pairs } from '~/shared/ui/Pairs';
import { Section } from '~/shared/ui/Section';
import type { BotFields } from './form';
import { ListItem } from './ListItem';
import { serverFields, type ServerFields } from './talk';

type Form = UseFormReturnType<BotFields>;
const newServer = () => serverFields({ name: '', url: '', tools: ['*'] });

/** MCP servers, whose tools a language model may use. */
export function Servers({ form }: { form: Form }) {
  const t = useT();
  const servers = form.values.mcp_servers;
  return (
    <Section title={t('mcp.title')} about={t('mcp.about')}>
      <Stack gap="sm">
        {servers.map((server, n) => (
          <Server key={server.key} form={form} n={n} server={server} last={servers.length - 1} />
        ))}
        <Group>
          <Button variant="default" leftSection={<IconPlus size={16} />} onClick={() => form.insertListItem('mcp_servers', newServer())}>
            {t('mcp.add')}
          </Button>
        </Group>
      </Stack>
    </Section>
  );
}

function Server({ form, n, server, last }: { form: Form; n: number; server: ServerFields; last: number }) {
  const t = useT();
  const path = `mcp_servers.${n}`;
  const props = (name: string) => form.getInputProps(`${path}.${name}`);
  return (
    <ListItem name={server.name || t('mcp.server', { n: n + 1 })} n={n} last={last} onRemove={() => form.removeListItem('mcp_servers', n)}>
      <Stack gap="sm">
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput label={t('mcp.name')} description={t('mcp.name.more')} placeholder="shop" {...props('name')} />
          <TextInput label={t('mcp.url')} placeholder="https://shop.example.com/mcp" {...props('url')} />
          <Textarea label={t('mcp.tools')} description={t('mcp.tools.more')} autosize minRows={2} {...props('tools')} />
          <TextInput label={t('tools.filler')} description={t('tools.filler.more')} {...props('filler')} />
          <NumberInput label={t('tools.timeout')} description={t('tools.timeout.more')} min={500} max={60_000} step={500} {...props('timeout_ms')} />
        </SimpleGrid>
        <Pairs
          label={t('tools.headers')}
          about={t('tools.headers.more')}
          pairs={server.headers}
          names={{ name: t('tools.header'), value: t('tools.header.value') }}
          errors={errorsUnder(form.errors, `${path}.headers`)}
          onChange={(headers) => form.setFieldValue(`${path}.headers`, headers)}
        />
      </Stack>
    </ListItem>
  );
}
