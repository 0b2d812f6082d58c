import { Badge } from '@mantine/core';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { useT } from '~/shared/i18n';
import { live } from './stream';

/** Says whether what is on the screen is of now: "live", or "stale since 12 s". */
export function LivePill() {
  const t = useT();
  const { staleSince } = useSyncExternalStore(live.watch, live.current);
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (staleSince === null) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [staleSince]);
  const seconds = staleSince === null ? 0 : Math.max(0, Math.round((now - staleSince) / 1000));
  const isLive = staleSince === null;
  return (
    <Badge
      data-testid="live-pill"
      role="status"
      variant="dot"
      color={isLive ? 'green' : 'orange'}
      tt="none"
      fw={500}
      title={isLive ? t('live.pill.live.more') : t('live.pill.stale.more')}
    >
      {isLive ? t('live.pill.live') : t('live.pill.stale', { seconds })}
    </Badge>
  );
}
