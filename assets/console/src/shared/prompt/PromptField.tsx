import { Anchor, Button, Input, Menu, Skeleton, Stack, Text } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { Suspense, useId, useMemo, useRef, type ReactNode } from 'react';
import { useT } from '~/shared/i18n';
import { later } from '~/shared/later';
import { IconPlus } from '~/shared/ui/icons';
import type { EditorHandle } from './Editor';
import { KNOWN, lint, PATTERN } from './variables';
import classes from './prompt.module.css';

const Editor = later(() => import('./Editor'));

interface Props {
  label: string;
  description?: string;
  value: string;
  onChange: (value: string) => void;
  error?: ReactNode;
  /** The form's own name of the field. */
  'data-path'?: string;
}

/** A prompt: the text with its variables marked, a menu of those that are filled in, and what looks wrong with it. */
export function PromptField({ label, description, value, onChange, error, 'data-path': path }: Props) {
  const t = useT();
  const id = useId();
  const editor = useRef<EditorHandle>(null);
  const findings = useMemo(() => lint(value), [value]);
  const n = [...value.matchAll(PATTERN)].length;
  return (
    <Stack gap={6} data-path={path} tabIndex={-1}>
      <div className={classes.head}>
        <div>
          <Input.Label id={`${id}-label`} component="div" labelElement="div">
            {label}
          </Input.Label>
          {description && <Input.Description id={`${id}-more`}>{description}</Input.Description>}
        </div>
        <Variables onPick={(name) => editor.current?.insert(`{{${name}}}`)} />
      </div>
      <div className={classes.frame} data-invalid={Boolean(error) || undefined}>
        <Suspense fallback={<Skeleton h={140} aria-busy="true" />}>
          <Editor
            ref={editor}
            value={value}
            onChange={onChange}
            labelledBy={`${id}-label`}
            describedBy={`${id}-lint`}
            isInvalid={Boolean(error)}
          />
        </Suspense>
      </div>
      {error && <Input.Error>{error}</Input.Error>}
      <div id={`${id}-lint`} role="status" data-testid="lint">
        {findings.length === 0 ? (
          <Text size="xs" c="dimmed">
            {t('lint.fine', { n })}
          </Text>
        ) : (
          <Stack gap={2}>
            <Text size="xs" fw={600}>
              {t('lint.title')}
            </Text>
            {findings.map((finding) => (
              <Anchor
                key={`${finding.kind} ${finding.from}`}
                component="button"
                type="button"
                size="xs"
                ta="left"
                onClick={() => editor.current?.select(finding.from, finding.to)}
              >
                {t(`lint.${finding.kind}`, { text: finding.text })}
              </Anchor>
            ))}
          </Stack>
        )}
      </div>
    </Stack>
  );
}

/** The field of a form, as this one wants it. */
export function promptProps<T extends Record<string, unknown>>(form: UseFormReturnType<T>, path: Extract<keyof T, string>) {
  return {
    value: String(form.values[path] ?? ''),
    onChange: (value: string) => form.setFieldValue(path, value as never),
    error: form.errors[path],
    'data-path': path,
  };
}

function Variables({ onPick }: { onPick: (name: string) => void }) {
  const t = useT();
  return (
    <Menu position="bottom-end" width={320}>
      <Menu.Target>
        <Button variant="default" size="compact-sm" leftSection={<IconPlus size={14} />}>
          {t('variable.insert')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {KNOWN.map((variable) => (
          <Menu.Item key={variable.name} onClick={() => onPick(variable.name)}>
            <Text size="sm" ff="monospace">
              {variable.name}
            </Text>
            <Text size="xs" c="dimmed">
              {t(variable.about)}
            </Text>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
