import { Navigate, Route, Routes } from 'react-router';
import { Callback } from '~/features/auth/Callback';
import { Expired } from '~/features/auth/Expired';
import { SignIn } from '~/features/auth/SignIn';
import { ranks, useMe, useSession } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { later } from '~/shared/later';
import { EmptyState } from '~/shared/ui/EmptyState';
import { Shell } from './Shell';

const Overview = later(() => import('~/features/overview/Overview'));
const Live = later(() => import('~/features/live/Live'));
const Calls = later(() => import('~/features/calls/Calls'));
const CallDetail = later(() => import('~/features/calls/CallDetail'));
const Outbound = later(() => import('~/features/outbound/Outbound'));
const NewOutbound = later(() => import('~/features/outbound/NewOutbound'));
const Bots = later(() => import('~/features/bots/Bots'));
const NewBot = later(() => import('~/features/bots/NewBot'));
const BotScreen = later(() => import('~/features/bots/BotScreen'));
const Numbers = later(() => import('~/features/numbers/Numbers'));
const NumberScreen = later(() => import('~/features/numbers/NumberScreen'));
const Routing = later(() => import('~/features/routes/Routing'));
const Carriers = later(() => import('~/features/carriers/Carriers'));
const CarrierScreen = later(() => import('~/features/carriers/CarrierScreen'));
const Webhooks = later(() => import('~/features/webhooks/Webhooks'));
const NewWebhook = later(() => import('~/features/webhooks/NewWebhook'));
const WebhookScreen = later(() => import('~/features/webhooks/WebhookScreen'));
const Keys = later(() => import('~/features/keys/Keys'));
const Users = later(() => import('~/features/users/Users'));
const Password = later(() => import('~/features/users/Password'));
const Audit = later(() => import('~/features/audit/Audit'));
const Status = later(() => import('~/features/status/Status'));
const Docs = later(() => import('~/features/docs/Docs'));
const Reference = later(() => import('~/features/reference/Reference'));
const Settings = later(() => import('~/features/settings/Settings'));
const Transcripts = later(() => import('~/features/transcripts/Transcripts'));
const TranscriptScreen = later(() => import('~/features/transcripts/TranscriptScreen'));
const Phones = later(() => import('~/features/phones/Phones'));
const Lists = later(() => import('~/features/lists/Lists'));
const Mails = later(() => import('~/features/mails/Mails'));
const Fleet = later(() => import('~/features/fleet/Fleet'));
const Prompts = later(() => import('~/features/prompts/Prompts'));
const PromptScreen = later(() => import('~/features/prompts/PromptScreen'));
const Clients = later(() => import('~/features/clients/Clients'));
const Backups = later(() => import('~/features/backups/Backups'));
const Pushes = later(() => import('~/features/crm/Pushes'));
const Bases = later(() => import('~/features/knowledge/Bases'));
const BaseScreen = later(() => import('~/features/knowledge/BaseScreen'));
const Privacy = later(() => import('~/features/privacy/Privacy'));
const Room = later(() => import('~/features/room/Room'));
const Setup = later(() => import('~/features/setup/Setup'));

/** Which screen stands at which address. */
export function App() {
  const state = useSession();
  return (
    <>
      <Routes>
        <Route path="/oidc-callback.html" element={<Callback />} />
        <Route path="/setup" element={<Setup />} />
        <Route path="/room.html" element={<Room />} />
        {state.kind === 'in' || state.kind === 'expired' ? (
          <Route element={<Shell />}>
            <Route index element={<Home />} />
            <Route path="live" element={<Live />} />
            <Route path="calls" element={<Calls />} />
            <Route path="calls/:id" element={<CallDetail />} />
            <Route path="outbound" element={<Outbound />} />
            <Route path="outbound/new" element={<NewOutbound />} />
            <Route path="bots" element={<Bots />} />
            <Route path="bots/new" element={<NewBot />} />
            <Route path="bots/:id" element={<BotScreen />} />
            <Route path="bots/:id/:tab" element={<BotScreen />} />
            <Route path="room" element={<Room isFramed />} />
            <Route path="numbers" element={<Numbers />} />
            <Route path="numbers/:id" element={<NumberScreen />} />
            <Route path="routes" element={<Routing />} />
            <Route path="carriers" element={<Carriers />} />
            <Route path="carriers/:id" element={<CarrierScreen />} />
            <Route path="webhooks" element={<Webhooks />} />
            <Route path="webhooks/new" element={<NewWebhook />} />
            <Route path="webhooks/:id" element={<WebhookScreen />} />
            <Route path="api-keys" element={<Keys />} />
            <Route path="transcripts" element={<Transcripts />} />
            <Route path="transcripts/shares" element={<Transcripts />} />
            <Route path="transcripts/:id" element={<TranscriptScreen />} />
            <Route path="lists" element={<Lists />} />
            <Route path="lists/:tab" element={<Lists />} />
            <Route path="mails" element={<Mails />} />
            <Route path="prompts" element={<Prompts />} />
            <Route path="prompts/:slug" element={<PromptScreen />} />
            <Route path="phones" element={<Phones />} />
            <Route path="fleet" element={<Fleet />} />
            <Route path="clients" element={<Clients />} />
            <Route path="knowledge" element={<Bases />} />
            <Route path="knowledge/:id" element={<BaseScreen />} />
            <Route path="knowledge/:id/:tab" element={<BaseScreen />} />
            <Route path="crm" element={<Pushes />} />
            <Route path="backups" element={<Backups />} />
            <Route path="privacy" element={<Privacy />} />
            <Route path="settings" element={<Settings />} />
            <Route path="settings/:section" element={<Settings />} />
            <Route path="users" element={<Users />} />
            <Route path="me" element={<Password />} />
            <Route path="audit" element={<Audit />} />
            <Route path="status" element={<Status />} />
            <Route path="docs" element={<Docs />} />
            <Route path="docs/:slug" element={<Docs />} />
            <Route path="reference" element={<Reference />} />
            <Route path="sign-in" element={<Navigate to="/" replace />} />
            <Route path="*" element={<Missing />} />
          </Route>
        ) : (
          <Route path="*" element={<SignIn />} />
        )}
      </Routes>
      <Expired />
    </>
  );
}

/** The first screen: the overview, or the manual for those who may not see calls. */
function Home() {
  const { role } = useMe();
  return ranks(role, 'supervisor') ? <Overview /> : <Navigate to="/docs" replace />;
}

function Missing() {
  const t = useT();
  return <EmptyState title={t('error.missing')} more={t('error.missing.more')} />;
}
