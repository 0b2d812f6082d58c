import { auditMessages } from '~/features/audit/messages';
import { authMessages } from '~/features/auth/messages';
import { botsMessages } from '~/features/bots/messages';
import { ruleMessages } from '~/features/bots/ruleMessages';
import { talkMessages } from '~/features/bots/talkMessages';
import { toolMessages } from '~/features/bots/toolMessages';
import { versionMessages } from '~/features/bots/versionMessages';
import { callsMessages } from '~/features/calls/messages';
import { callDetailMessages } from '~/features/calls/detailMessages';
import { callEventMessages } from '~/features/calls/eventMessages';
import { callFactMessages } from '~/features/calls/factMessages';
import { callWorkMessages } from '~/features/calls/workMessages';
import { carriersMessages } from '~/features/carriers/messages';
import { trunkMessages } from '~/features/carriers/trunkMessages';
import { docsMessages } from '~/features/docs/messages';
import { keysMessages } from '~/features/keys/messages';
import { numbersMessages } from '~/features/numbers/messages';
import { outboundMessages } from '~/features/outbound/messages';
import { overviewMessages } from '~/features/overview/messages';
import { privacyMessages } from '~/features/privacy/messages';
import { routesMessages } from '~/features/routes/messages';
import { setupMessages } from '~/features/setup/messages';
import { usersMessages } from '~/features/users/messages';
import { webhooksMessages } from '~/features/webhooks/messages';
import { clientsMessages } from '~/features/clients/messages';
import { fleetMessages } from '~/features/fleet/messages';
import { listsMessages } from '~/features/lists/messages';
import { mailsMessages } from '~/features/mails/messages';
import { phonesMessages } from '~/features/phones/messages';
import { promptsMessages } from '~/features/prompts/messages';
import { settingsMessages } from '~/features/settings/messages';
import { transcriptsMessages } from '~/features/transcripts/messages';
import { backupsMessages } from '~/features/backups/messages';
import { sectionMessages } from '~/features/settings/sectionMessages';
import { crmMessages } from '~/features/crm/messages';
import { knowledgeMessages } from '~/features/knowledge/messages';
import { browserCallMessages } from '~/shared/browserCall/messages';
import { common } from '~/shared/i18n/common';
import { promptMessages } from '~/shared/prompt/messages';
import { seriesMessages } from '~/shared/series/messages';
import { liveMessages } from '~/shared/ui/messages';
import { appMessages } from './messages';

const PARTS = [
  common,
  liveMessages,
  promptMessages,
  seriesMessages,
  browserCallMessages,
  appMessages,
  auditMessages,
  authMessages,
  botsMessages,
  ruleMessages,
  talkMessages,
  toolMessages,
  versionMessages,
  callsMessages,
  callDetailMessages,
  callEventMessages,
  callFactMessages,
  callWorkMessages,
  carriersMessages,
  trunkMessages,
  docsMessages,
  keysMessages,
  numbersMessages,
  outboundMessages,
  overviewMessages,
  privacyMessages,
  routesMessages,
  setupMessages,
  usersMessages,
  webhooksMessages,
  knowledgeMessages,
  crmMessages,
  backupsMessages,
  sectionMessages,
  transcriptsMessages,
  settingsMessages,
  promptsMessages,
  phonesMessages,
  mailsMessages,
  listsMessages,
  fleetMessages,
  clientsMessages,
];

/** All messages of the console. */
export const catalogue: { en: Record<string, string>; de: Record<string, string> } = {
  en: Object.fromEntries(PARTS.flatMap((part) => Object.entries(part.en))),
  de: Object.fromEntries(PARTS.flatMap((part) => Object.entries(part.de))),
};
