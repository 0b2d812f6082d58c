import type { UseFormReturnType } from '@mantine/form';
import { useState } from 'react';
import { ApiError, formField, type FieldError } from '~/shared/api/error';
import { told } from './told';
import { useT } from '~/shared/i18n';

/** For a form whose screen itself shows what came of it. */
export const QUIET = { isQuiet: true };

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
      const places = fields.map((field) => placeOf(field, (name) => isShown(form, name)));
      form.setErrors(Object.fromEntries([...places].reverse().map(({ name, message }) => [name, message])));
      const first = places.find((place) => place.isSeen);
      if (first) form.getInputNode(first.name)?.focus();
      const unseen = fields.filter((_, n) => !places[n]?.isSeen);
      if (!first || unseen.length > 0) setError(withWords(problem, unseen));
    } finally {
      setBusy(false);
    }
  });
  return { submit, error, isBusy };
}

interface Place {
  /** The form's name of the input. */
  name: string;
  message: string;
  /** Whether the form shows an input of that name. */
  isSeen: boolean;
}

/** The input a refused field belongs to: its own, or the one that holds it, which is then told which part was refused. */
export function placeOf({ field, message }: FieldError, shows: (name: string) => boolean): Place {
  const whole = formField(field);
  const parts = whole.split('.');
  for (let n = parts.length; n > 0; n -= 1) {
    const name = parts.slice(0, n).join('.');
    if (!shows(name)) continue;
    const within = parts.slice(n).join('.');
    return { name, message: /^[\d.]*$/.test(within) ? message : `${within}: ${message}`, isSeen: true };
  }
  return { name: whole, message, isSeen: false };
}

/** Names come from the server and may hold anything; what is no selector is no input either. */
function isShown(form: { getInputNode: (name: string) => HTMLElement | null }, name: string): boolean {
  return /^[\w.-]+$/.test(name) && form.getInputNode(name) !== null;
}

/** The same refusal, with the fields the form does not show named in its sentence. */
function withWords(problem: unknown, unseen: { field: string; message: string }[]): unknown {
  if (!(problem instanceof ApiError) || unseen.length === 0) return problem;
  const words = unseen.map(({ field, message }) => (field ? `${field}: ${message}` : message)).join('; ');
  return new ApiError(problem.status, problem.code, words, problem.fields, problem.requestId);
}
