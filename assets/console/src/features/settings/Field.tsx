import { Anchor, Group, JsonInput, NativeSelect, NumberInput, Switch, Textarea, TextInput, type InputWrapperProps } from '@mantine/core';
import type { ReactNode } from 'react';
import { useT } from '~/shared/i18n';
import { choicesOf, kindOf } from './model';
import { useNames } from './useNames';

interface Props {
  section: string;
  name: string;
  /** What is stored; its type decides how it is typed in. */
  value: unknown;
  state: { locked: boolean; set_by: string } | undefined;
  props: Record<string, unknown>;
  bots: { value: string; label: string }[];
  mayEdit: boolean;
  onReset: () => Promise<unknown>;
}

/** One key of the settings, with who set it. */
export function Field({ section, name, value, state, props, bots, mayEdit, onReset }: Props) {
  const t = useT();
  const names = useNames();
  const isLocked = state?.locked === true;
  const kind = kindOf(section, name, value);
  const canReset = mayEdit && state?.set_by === 'setting';
  const hint = names.more(section, name) || (kind === 'list' ? t('settings.lines') : '');
  const common: Pick<InputWrapperProps, 'label' | 'description'> & { disabled: boolean } & Record<string, unknown> = {
    label: names.key(section, name),
    description: isLocked ? t('settings.locked', { by: state.set_by }) : hint || undefined,
    disabled: isLocked || !mayEdit,
    ...props,
  };
  return (
    <div>
      {input(kind, common, choicesOf(section, name), bots)}
      {canReset && (
        <Group justify="flex-end">
          <Anchor component="button" type="button" size="xs" onClick={() => void onReset()} aria-label={`${t('settings.reset')}: ${names.key(section, name)}`}>
            {t('settings.reset')}
          </Anchor>
        </Group>
      )}
    </div>
  );
}

function input(kind: ReturnType<typeof kindOf>, common: Record<string, unknown>, choices: string[], bots: Props['bots']): ReactNode {
  switch (kind) {
    case 'switch': {
      const { value, ...rest } = common;
      return <Switch mt={28} checked={value === true} {...rest} />;
    }
    case 'number':
      return <NumberInput min={0} {...common} />;
    case 'list':
      return <Textarea autosize minRows={2} maxRows={8} {...common} />;
    case 'long':
      return <Textarea autosize minRows={2} maxRows={6} {...common} />;
    case 'json':
      return <JsonInput autosize minRows={2} maxRows={10} {...common} />;
    case 'choice':
      return <NativeSelect data={choices} {...common} />;
    case 'bot':
      return <NativeSelect data={known(bots, common.value)} {...common} />;
    default:
      return <TextInput autoComplete="off" {...common} />;
  }
}

/** The bots to choose from, none, and the one that is set although it may be gone. */
function known(bots: Props['bots'], value: unknown) {
  const set = typeof value === 'string' && value !== '' && !bots.some((bot) => bot.value === value) ? [{ value, label: value }] : [];
  return [{ value: '', label: '–' }, ...bots, ...set];
}
