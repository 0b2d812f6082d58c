import { Alert, Button, Code, CopyButton, Group, Modal, Stack, Table } from '@mantine/core';
import type { Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';

/** What somebody types into a telephone. The password cannot be read again. */
export function Account({ phone, onClose }: { phone: Schemas['PhoneSecret'] | null; onClose: () => void }) {
  const t = useT();
  const rows = phone
    ? [
        [t('phones.sip'), phone.sip_username],
        [t('phones.secret.password'), phone.sip_password],
        [t('phones.realm'), phone.realm],
      ]
    : [];
  return (
    <Modal
      opened={phone !== null}
      onClose={onClose}
      title={t('phones.secret', { user: phone?.user ?? '' })}
      size="lg"
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Stack>
        <Alert color="yellow">{t('phones.secret.more')}</Alert>
        <Table variant="vertical" withRowBorders={false}>
          <Table.Tbody>
            {rows.map(([name, value]) => (
              <Table.Tr key={name}>
                <Table.Th w={170} bg="transparent">
                  {name}
                </Table.Th>
                <Table.Td>
                  <Code fz="sm" data-testid={value === phone?.sip_password ? 'secret' : undefined}>
                    {value}
                  </Code>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        <Group justify="flex-end">
          <CopyButton value={phone?.sip_password ?? ''}>
            {({ copied, copy }) => <Button onClick={copy}>{copied ? t('common.copied') : t('common.copy')}</Button>}
          </CopyButton>
          <Button variant="default" onClick={onClose}>
            {t('common.close')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
