import type { BotBody } from '~/shared/bots/templates';

/** The blocks of a bot that can be absent. A switch says whether one is there; what was typed stays while it is off. */
export interface Blocks {
  re_engagement: { isOn: boolean; after_ms: number | string; message: string; times: number | string };
  active_hours: { isOn: boolean; days: string[]; start_time: string; end_time: string };
  sip_header_config: { isOn: boolean; headers: string };
  callback_prompt_injection: { isOn: boolean; text: string };
  retention: Record<RetentionName, number | string>;
  auto_dispositions: Record<EndName, { disposition: string; sub_disposition: string }>;
}

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export const RETENTION = ['audio_days', 'transcript_days', 'analysis_days', 'metadata_days'] as const;
export type RetentionName = (typeof RETENTION)[number];
export const ENDS = ['rnr', 'voicemail', 'timeout', 'error', 'no_customer_message'] as const;
export type EndName = (typeof ENDS)[number];

export function blockFields(body: BotBody): Blocks {
  const { re_engagement: again, active_hours: hours, sip_header_config: sip, callback_prompt_injection: callback } = body;
  return {
    re_engagement: { isOn: Boolean(again), after_ms: again?.after_ms ?? 8000, message: again?.message ?? '', times: again?.times ?? 2 },
    active_hours: {
      isOn: Boolean(hours),
      days: (hours?.days ?? DAYS.slice(0, 5)).map(dayOf),
      start_time: hours?.start_time ?? '09:00',
      end_time: hours?.end_time ?? '17:00',
    },
    sip_header_config: { isOn: sip?.enabled ?? Boolean(sip), headers: (sip?.headers ?? []).join('\n') },
    callback_prompt_injection: { isOn: callback?.enabled ?? Boolean(callback), text: callback?.text ?? '' },
    retention: Object.fromEntries(RETENTION.map((name) => [name, body.retention?.[name] ?? ''])) as Blocks['retention'],
    auto_dispositions: Object.fromEntries(
      ENDS.map((name) => {
        const own = body.auto_dispositions?.[name];
        return [name, { disposition: own?.disposition ?? '', sub_disposition: own?.sub_disposition ?? '' }];
      }),
    ) as Blocks['auto_dispositions'],
  };
}

/** The blocks to send; what is empty or off is `null`, which is the box's own rule. A list that is off but not empty is kept. */
export function blocksOf(fields: Blocks): Required<Pick<BotBody, keyof Blocks>> {
  const { re_engagement: again, active_hours: hours, sip_header_config: sip, callback_prompt_injection: callback } = fields;
  const headers = sip.headers.split('\n').map((line) => line.trim());
  const kept = { enabled: sip.isOn, headers: headers.filter(Boolean) };
  const days = Object.entries(fields.retention).filter(([, value]) => value !== '');
  const ends = Object.entries(fields.auto_dispositions).filter(([, own]) => own.disposition.trim() !== '' || own.sub_disposition.trim() !== '');
  return {
    re_engagement: again.isOn ? { after_ms: Number(again.after_ms), message: again.message, times: Number(again.times) } : null,
    active_hours: hours.isOn ? { days: hours.days, start_time: hours.start_time, end_time: hours.end_time } : null,
    sip_header_config: sip.isOn || kept.headers.length > 0 ? kept : null,
    callback_prompt_injection: callback.isOn || callback.text.trim() !== '' ? { enabled: callback.isOn, text: callback.text } : null,
    retention: days.length > 0 ? Object.fromEntries(days.map(([name, value]) => [name, Number(value)])) : null,
    auto_dispositions: ends.length > 0 ? Object.fromEntries(ends) : null,
  };
}

/** A day may be stored as a word or as its number, Monday first. */
function dayOf(day: unknown): string {
  const word = String(day).trim().toLowerCase().slice(0, 3);
  return DAYS[Number(word)] ?? word;
}
