import { NativeSelect, SimpleGrid, TextInput } from '@mantine/core';
import { useT } from '~/shared/i18n';
import { AUTH, type PushFields } from './crm';

/** How the box proves to the CRM who it is. Stored secrets come masked, and stay when they are sent back as they came. */
export function PushAuth({ auth, onChange }: { auth: PushFields['auth']; onChange: (auth: PushFields['auth']) => void }) {
  const t = useT();
  return (
    <SimpleGrid cols={{ base: 1, sm: 3 }}>
      <NativeSelect
        label={t('crm.auth')}
        value={auth.type}
        data={Object.keys(AUTH).map((value) => ({ value, label: t(`crm.auth.${value}`) }))}
        onChange={(event) => onChange({ ...auth, type: event.currentTarget.value })}
      />
      {(AUTH[auth.type] ?? []).map((name) => (
        <TextInput
          key={name}
          label={t(`crm.auth.field.${name}`)}
          autoComplete="off"
          value={auth[name] ?? ''}
          onChange={(event) => onChange({ ...auth, [name]: event.currentTarget.value })}
        />
      ))}
    </SimpleGrid>
  );
}
