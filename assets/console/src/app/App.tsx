import { Navigate, Route, Routes } from 'react-router';
import { Callback } from '~/features/auth/Callback';
import { Expired } from '~/features/auth/Expired';
import { SignIn } from '~/features/auth/SignIn';
import { ranks, useMe, useSession } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { EmptyState } from '~/shared/ui/EmptyState';
import { screen } from './screen';
import { Shell } from './Shell';

const Overview = screen(() => import('~/features/overview/Overview'));
const Live = screen(() => import('~/features/live/Live'));
const Calls = screen(() => import('~/features/calls/Calls'));
const CallDetail = screen(() => import('~/features/calls/CallDetail'));
const Outbound = screen(() => import('~/features/outbound/Outbound'));
const NewOutbound = screen(() => import('~/features/outbound/NewOutbound'));
const Bots = screen(() => import('~/features/bots/Bots'));
const NewBot = screen(() => import('~/features/bots/NewBot'));
const BotScreen = screen(() => import('~/features/bots/BotScreen'));
const Numbers = screen(() => import('~/features/numbers/Numbers'));
const NumberScreen = screen(() => import('~/features/numbers/NumberScreen'));
const Routing = screen(() => import('~/features/routes/Routing'));
const Carriers = screen(() => import('~/features/carriers/Carriers'));
const CarrierScreen = screen(() => import('~/features/carriers/CarrierScreen'));
const Webhooks = screen(() => import('~/features/webhooks/Webhooks'));
const NewWebhook = screen(() => import('~/features/webhooks/NewWebhook'));
const WebhookScreen = screen(() => import('~/features/webhooks/WebhookScreen'));
const Keys = screen(() => import('~/features/keys/Keys'));
const Users = screen(() => import('~/features/users/Users'));
const Password = screen(() => import('~/features/users/Password'));
const Audit = screen(() => import('~/features/audit/Audit'));
const Status = screen(() => import('~/features/status/Status'));
const Docs = screen(() => import('~/features/docs/Docs'));
const Reference = screen(() => import('~/features/reference/Reference'));
const Settings = screen(() => import('~/features/settings/Settings'));
const Transcripts = screen(() => import('~/features/transcripts/Transcripts'));
const TranscriptScreen = screen(() => import('~/features/transcripts/TranscriptScreen'));
const Phones = screen(() => import('~/features/phones/Phones'));
const Lists = screen(() => import('~/features/lists/Lists'));
const Mails = screen(() => import('~/features/mails/Mails'));
const Fleet = screen(() => import('~/features/fleet/Fleet'));
const Prompts = screen(() => import('~/features/prompts/Prompts'));
const PromptScreen = screen(() => import('~/features/prompts/PromptScreen'));
const Clients = screen(() => import('~/features/clients/Clients'));
const Backups = screen(() => import('~/features/backups/Backups'));
const Pushes = screen(() => import('~/features/crm/Pushes'));
const Bases = screen(() => import('~/features/knowledge/Bases'));
const BaseScreen = screen(() => import('~/features/knowledge/BaseScreen'));
const Privacy = screen(() => import('~/features/privacy/Privacy'));
const Room = screen(() => import('~/features/room/Room'));
const Setup = screen(() => import('~/features/setup/Setup'));

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
