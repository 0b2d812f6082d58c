import { Badge } from '@mantine/core';
import type { Schemas } from '~/shared/api/client';
import { useT, type Translate } from '~/shared/i18n';

type Summary = Schemas['CallSummary'];

const COLOURS: Record<string, string> = {
  active: 'blue',
  completed: 'teal',
  failed: 'red',
  voicemail: 'grape',
};

/** The state of a call, by word and colour. */
export function CallState({ status }: { status: Summary['status'] }) {
  const t = useT();
  return (
    <Badge variant="light" color={COLOURS[status] ?? 'gray'} tt="none">
      {t(`calls.status.${status}`)}
    </Badge>
  );
}

/** The other side of a call: whom it came from, or whom it went to. Browsers and hidden numbers have none. */
export function otherSide(call: Pick<Summary, 'direction' | 'to_number' | 'from_number' | 'caller_id' | 'display_name' | 'phone_user'>, t: Translate): string {
  const number = call.direction === 'outbound' ? call.to_number : (call.from_number ?? call.caller_id);
  return call.display_name || number || call.phone_user || t('calls.nobody');
}

/** The word for one of the codes of the API; a code nobody has a word for stands for itself. */
export function useCode() {
  const t = useT();
  return (kind: string, code: string | null | undefined): string | null => {
    if (!code) return null;
    const key = `${kind}.${code}`;
    const word = t(key);
    return word === key ? code : word;
  };
}
