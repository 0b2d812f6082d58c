import { Code, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, need } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { Loaded } from '~/shared/ui/Loaded';
import { Mark } from '~/shared/ui/Mark';
import { Section } from '~/shared/ui/Section';
import { Words } from '~/shared/ui/Words';

const COLOURS: Record<string, string> = { ok: 'teal', watch: 'orange', broken: 'red' };

/** Every part of the box, the worst first, with the command that mends it. */
export function Doctor() {
  const t = useT();
  const found = useQuery({ queryKey: ['doctor'], queryFn: () => need(api.GET('/api/v1/doctor')), staleTime: 30_000 });
  return (
    <Section title={t('doctor.title')} about={t('doctor.about')}>
      <Loaded query={found}>
        {({ findings }) => (
          <Stack gap="sm" component="ul" className="plain-list" p={0} m={0}>
            {findings.map((finding) => (
              <li key={finding.name}>
                <Group gap="xs">
                  <Mark color={COLOURS[finding.verdict] ?? 'gray'}>{t(`doctor.${finding.verdict}`)}</Mark>
                  <Text size="sm" fw={600}>
                    {finding.name}
                  </Text>
                  <Words size="sm">{finding.message}</Words>
                </Group>
                {finding.fix && (
                  <Code block mt={4} className="words">
                    {finding.fix}
                  </Code>
                )}
              </li>
            ))}
          </Stack>
        )}
      </Loaded>
    </Section>
  );
}
