import { PasswordInput, type PasswordInputProps } from '@mantine/core';
import { useT } from '~/shared/i18n';

/** A password. Unlike the library's own it tells readers that cannot see it when it was refused, and its eye is named after it. */
export function PasswordField(props: PasswordInputProps) {
  const t = useT();
  const label = typeof props.label === 'string' ? props.label : '';
  return <PasswordInput aria-invalid={Boolean(props.error)} visibilityToggleButtonProps={{ 'aria-label': t('common.show', { what: label }) }} {...props} />;
}
