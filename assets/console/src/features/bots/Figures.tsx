import type { Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { CallSeries } from '~/shared/series/CallSeries';

/** How the calls of a bot went. */
export function Figures({ stored }: { stored: Schemas['BotView'] }) {
  const t = useT();
  return <CallSeries title={t('bot.figures')} scope={{ bot_id: stored.id }} />;
}
