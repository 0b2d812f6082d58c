import { define } from '~/shared/i18n/messages';

export const liveMessages = define({
  en: {
    'live.pill.live': 'live',
    'live.pill.stale': 'stale since {seconds, number} s',
    'live.pill.live.more': 'What you see is of now',
    'live.pill.stale.more': 'The line to the appliance is down; trying again by itself',
  },
  de: {
    'live.pill.live': 'live',
    'live.pill.stale': 'veraltet seit {seconds, number} s',
    'live.pill.live.more': 'Was Sie sehen, ist aktuell',
    'live.pill.stale.more': 'Die Verbindung zur Anlage ist unterbrochen; sie wird von selbst wiederhergestellt',
  },
});
