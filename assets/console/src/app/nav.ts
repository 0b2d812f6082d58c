import type { Role } from '~/shared/api/session';
import * as icons from '~/shared/ui/icons';

export interface Place {
  to: string;
  /** Its message, also what the command palette finds. */
  name: string;
  icon: typeof icons.IconHome;
  role: Role;
}

/** Every screen one can go to, in groups, with the lowest role that may. */
export const GROUPS: { name: string; places: Place[] }[] = [
  {
    name: 'nav.calls',
    places: [
      { to: '/', name: 'nav.overview', icon: icons.IconHome, role: 'supervisor' },
      { to: '/live', name: 'nav.live', icon: icons.IconActivity, role: 'supervisor' },
      { to: '/calls', name: 'nav.history', icon: icons.IconHistory, role: 'supervisor' },
      { to: '/outbound', name: 'nav.outbound', icon: icons.IconPhoneOutgoing, role: 'admin' },
      { to: '/transcripts', name: 'nav.transcripts', icon: icons.IconFileText, role: 'admin' },
      { to: '/mails', name: 'nav.mails', icon: icons.IconMail, role: 'admin' },
    ],
  },
  {
    name: 'nav.build',
    places: [
      { to: '/bots', name: 'nav.bots', icon: icons.IconRobot, role: 'admin' },
      { to: '/knowledge', name: 'nav.knowledge', icon: icons.IconBooks, role: 'admin' },
      { to: '/prompts', name: 'nav.prompts', icon: icons.IconMessage, role: 'admin' },
      { to: '/numbers', name: 'nav.numbers', icon: icons.IconHash, role: 'admin' },
      { to: '/routes', name: 'nav.routes', icon: icons.IconRoute, role: 'admin' },
      { to: '/carriers', name: 'nav.carriers', icon: icons.IconServer, role: 'admin' },
      { to: '/phones', name: 'nav.phones', icon: icons.IconDeviceLandlinePhone, role: 'admin' },
      { to: '/lists', name: 'nav.lists', icon: icons.IconBan, role: 'admin' },
    ],
  },
  {
    name: 'nav.connect',
    places: [
      { to: '/webhooks', name: 'nav.webhooks', icon: icons.IconWebhook, role: 'admin' },
      { to: '/crm', name: 'nav.crm', icon: icons.IconAddressBook, role: 'admin' },
      { to: '/api-keys', name: 'nav.keys', icon: icons.IconKey, role: 'admin' },
      { to: '/clients', name: 'nav.clients', icon: icons.IconPlug, role: 'admin' },
    ],
  },
  {
    name: 'nav.box',
    places: [
      { to: '/users', name: 'nav.users', icon: icons.IconUsers, role: 'admin' },
      { to: '/settings', name: 'nav.settings', icon: icons.IconSettings, role: 'admin' },
      { to: '/privacy', name: 'nav.privacy', icon: icons.IconShieldLock, role: 'admin' },
      { to: '/backups', name: 'nav.backups', icon: icons.IconArchive, role: 'super_admin' },
      { to: '/fleet', name: 'nav.fleet', icon: icons.IconServer2, role: 'admin' },
      { to: '/audit', name: 'nav.audit', icon: icons.IconList, role: 'admin' },
      { to: '/status', name: 'nav.status', icon: icons.IconHeartbeat, role: 'agent' },
      { to: '/docs', name: 'nav.docs', icon: icons.IconBook, role: 'agent' },
      { to: '/reference', name: 'nav.reference', icon: icons.IconCode, role: 'agent' },
    ],
  },
];

/** The role a path needs; the longest known beginning decides. */
export function roleFor(path: string): Role {
  const places = GROUPS.flatMap((group) => group.places).filter((place) => place.to !== '/');
  return places.find((place) => path === place.to || path.startsWith(`${place.to}/`))?.role ?? (path === '/' ? 'supervisor' : 'agent');
}
