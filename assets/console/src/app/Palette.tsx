import { Spotlight, type SpotlightActionData } from '@mantine/spotlight';
import { useNavigate } from 'react-router';
import { ranks, useMe } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { IconPlus, IconSearch } from '~/shared/ui/icons';
import { GROUPS } from './nav';

const NEW = [
  { to: '/bots/new', name: 'palette.newBot' },
  { to: '/numbers/new', name: 'palette.newNumber' },
  { to: '/outbound/new', name: 'palette.newCall' },
  { to: '/webhooks/new', name: 'palette.newWebhook' },
];

/** Ctrl+K: every screen and the commonest new things by their names. */
export function Palette() {
  const t = useT();
  const go = useNavigate();
  const { role } = useMe();
  const places: SpotlightActionData[] = GROUPS.flatMap((group) => group.places)
    .filter((place) => ranks(role, place.role))
    .map((place) => ({ id: place.to, label: t(place.name), leftSection: <place.icon size={18} />, onClick: () => go(place.to) }));
  const makers: SpotlightActionData[] = NEW.filter(() => ranks(role, 'admin')).map((maker) => ({
    id: maker.to,
    label: t(maker.name),
    leftSection: <IconPlus size={18} />,
    onClick: () => go(maker.to),
  }));
  return (
    <Spotlight
      actions={[...places, ...makers]}
      shortcut={['mod + K']}
      nothingFound={t('palette.nothing')}
      highlightQuery
      scrollable
      maxHeight={380}
      searchProps={{ leftSection: <IconSearch size={18} />, placeholder: t('palette.search'), 'aria-label': t('palette.search') }}
    />
  );
}
