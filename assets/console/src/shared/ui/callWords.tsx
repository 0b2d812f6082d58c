import { Badge } from '@mantine/core';
import type { Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';

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

/** The other side of a call: whom it came from, or whom it went to. */
export function otherSide(call: Pick<Summary, 'direction' | 'to_number' | 'from_number' | 'caller_id' | 'display_name' | 'session_id'>): string {
  const number = call.direction === 'outbound' ? call.to_number : (call.from_number ?? call.caller_id);
  return call.display_name || number || call.session_id;
}
