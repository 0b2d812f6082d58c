import { useFormat } from '~/shared/i18n/format';

/** A moment in a list: short, and in full under the pointer. */
export function At({ at }: { at: string | null | undefined }) {
  const format = useFormat();
  if (!at) return '–';
  return (
    <time dateTime={at} title={format.when(at)} className="place">
      {format.brief(at)}
    </time>
  );
}
