import type { UseFormReturnType } from '@mantine/form';
import { useState } from 'react';
import { ApiError, formField, type FieldError } from '~/shared/api/error';
import { told } from './told';
import { useT } from '~/shared/i18n';

/** Saves a form: field errors of the server go to their fields, any other refusal above the form. What was typed stays. */
export function useSave<T extends Record<string, unknown>>(
  form: UseFormReturnType<T>,
  save: (values: T) => Promise<unknown>,
  /** Quiet where the screen itself shows what came of it. */
  { isQuiet = false } = {},
) {
  const t = useT();
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = form.onSubmit(async (values) => {
    setError(null);
    setBusy(true);
    try {
      await save(values);
      form.resetDirty();
      if (!isQuiet) told(t('common.saved'));
    } catch (problem) {
      const fields = problem instanceof ApiError ? problem.fields : [];
      const nameOf = ({ field }: FieldError) => shownName(field, (name) => form.getInputNode(name) !== null);
      const known = fields.filter((field) => nameOf(field) !== null);
      form.setErrors(Object.fromEntries(fields.map((field) => [nameOf(field) ?? formField(field.field), field.message])));
      const first = known[0] && nameOf(known[0]);
      if (first) form.getInputNode(first)?.focus();
      if (known.length === 0 || known.length < fields.length) setError(withWords(problem, fields.filter((field) => !known.includes(field))));
    } finally {
      setBusy(false);
    }
  });
  return { submit, error, isBusy };
}

/** The input a refused field belongs to: its own, or the one that holds its whole list. `null` when the form has neither. */
function shownName(field: string, isShown: (name: string) => boolean): string | null {
  const name = formField(field);
  const list = name.replace(/(\.\d+)+$/, '');
  return [name, list].find(isShown) ?? null;
}

/** The same refusal, with the fields the form does not show named in its sentence. */
function withWords(problem: unknown, unseen: { field: string; message: string }[]): unknown {
  if (!(problem instanceof ApiError) || unseen.length === 0) return problem;
  const words = unseen.map(({ field, message }) => (field ? `${field}: ${message}` : message)).join('; ');
  return new ApiError(problem.status, problem.code, words, problem.fields, problem.requestId);
}
