//! The other identity provider, through the `openidconnect` crate: where to send the browser, and whom a code stands for.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreIdToken, CoreProviderMetadata};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, Scope, TokenResponse as _,
};
use tokio::sync::Mutex;

use super::bridge;
use super::decide::{Person, Rules};
use crate::base::{Clock, Error, Millis, Result};
use crate::platform::config::ForeignSignIn;
use crate::platform::net::{Outbound, Target};

/// What the provider says about itself is read again after this long.
const KNOWN_FOR: Duration = Duration::from_secs(600);

/// The other provider. Cheap to clone.
#[derive(Clone)]
pub(in crate::features::auth) struct Foreign(Arc<Inner>);

struct Inner {
    config: ForeignSignIn,
    issuer: IssuerUrl,
    secret: Option<ClientSecret>,
    redirect: RedirectUrl,
    net: Outbound,
    clock: Clock,
    known: Mutex<Option<(CoreProviderMetadata, Millis)>>,
}

impl Foreign {
    /// The configured provider, if there is one. Fails when what is configured cannot be.
    pub(in crate::features::auth) fn open(config: ForeignSignIn, base_url: &str, net: Outbound, clock: Clock) -> Result<Option<Self>> {
        if config.issuer.is_empty() {
            return Ok(None);
        }
        let wrong = |sentence: String| Error::invalid(sentence).code(crate::platform::config::BAD_CONFIG);
        let target = Target::read(&config.issuer).map_err(|error| wrong(format!("foreign_sign_in.issuer: {error}")))?;
        let is_local = matches!(&target.host, crate::platform::net::Host::Address(address) if address.is_loopback());
        if !target.tls && !is_local {
            return Err(wrong("foreign_sign_in.issuer must begin with https://".to_owned()));
        }
        if config.client_id.is_empty() {
            return Err(wrong("foreign_sign_in.client_id is missing".to_owned()));
        }
        let issuer = IssuerUrl::new(config.issuer.clone()).map_err(|error| wrong(format!("foreign_sign_in.issuer: {error}")))?;
        let redirect = RedirectUrl::new(format!("{base_url}/oauth2/v1/foreign-callback"))
            .map_err(|error| wrong(format!("server.public_base_url: {error}")))?;
        let secret = match config.client_secret_file.as_str() {
            "" => None,
            file => {
                let text =
                    std::fs::read_to_string(file).map_err(|error| wrong(format!("foreign_sign_in.client_secret_file: {file}: {error}")))?;
                Some(ClientSecret::new(text.trim().to_owned()))
            }
        };
        Ok(Some(Self(Arc::new(Inner { config, issuer, secret, redirect, net, clock, known: Mutex::new(None) }))))
    }

    /// What its button says.
    pub(in crate::features::auth) fn name(&self) -> &str {
        &self.0.config.name
    }

    /// Its name in tokens.
    pub(in crate::features::auth) fn issuer(&self) -> &str {
        &self.0.config.issuer
    }

    pub(super) fn rules(&self) -> Rules {
        Rules { allowed_domains: self.0.config.allowed_domains.clone(), new_people: self.0.config.new_people }
    }

    /// Where to send the browser; `nonce` and `verifier` are needed again at the end.
    pub(super) async fn away(&self, state: String, nonce: &str, verifier: &str) -> Result<String> {
        let metadata = self.metadata(false).await?;
        let client = CoreClient::from_provider_metadata(metadata, ClientId::new(self.0.config.client_id.clone()), self.0.secret.clone())
            .set_redirect_uri(self.0.redirect.clone());
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(verifier.to_owned()));
        let nonce = nonce.to_owned();
        let mut request =
            client.authorize_url(CoreAuthenticationFlow::AuthorizationCode, move || CsrfToken::new(state), move || Nonce::new(nonce));
        for scope in self.0.config.scopes.iter().filter(|scope| *scope != "openid") {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        let (url, _, _) = request.set_pkce_challenge(challenge).url();
        Ok(url.into())
    }

    /// Whom the code stands for. Everything about the identity token is checked: signature, issuer, audience, time, nonce, at_hash.
    pub(super) async fn person(&self, code: &str, nonce: &str, verifier: &str) -> Result<Person> {
        let metadata = self.metadata(false).await?;
        let client = self.client(metadata);
        let net = self.0.net.clone();
        let http = |request| bridge::send(net.clone(), request);
        let exchange = client.exchange_code(AuthorizationCode::new(code.to_owned())).map_err(refused)?;
        let tokens = exchange.set_pkce_verifier(PkceCodeVerifier::new(verifier.to_owned())).request_async(&http).await.map_err(refused)?;
        let id_token = tokens.id_token().ok_or_else(|| Error::upstream("the other provider sent no identity token"))?;
        let nonce = Nonce::new(nonce.to_owned());
        let checked = self.checked(&client, id_token, &nonce, tokens.access_token());
        match checked {
            Ok(person) => Ok(person),
            // It may have begun to use another key.
            Err(_) => self.checked(&self.client(self.metadata(true).await?), id_token, &nonce, tokens.access_token()),
        }
    }

    fn client(&self, metadata: CoreProviderMetadata) -> KnownClient {
        CoreClient::from_provider_metadata(metadata, ClientId::new(self.0.config.client_id.clone()), self.0.secret.clone())
            .set_redirect_uri(self.0.redirect.clone())
    }

    fn checked(
        &self,
        client: &KnownClient,
        id_token: &CoreIdToken,
        nonce: &Nonce,
        access_token: &openidconnect::AccessToken,
    ) -> Result<Person> {
        let now = UNIX_EPOCH + Duration::from_millis(u64::try_from(self.0.clock.now().0).unwrap_or(0));
        let verifier = client.id_token_verifier().set_time_fn(move || now.into());
        let claims = id_token.claims(&verifier, nonce).map_err(refused)?;
        if let Some(expected) = claims.access_token_hash() {
            let (alg, key) = (id_token.signing_alg().map_err(refused)?, id_token.signing_key(&verifier).map_err(refused)?);
            if AccessTokenHash::from_token(access_token, alg, key).map_err(refused)? != *expected {
                return Err(Error::upstream("the other provider's tokens do not belong together"));
            }
        }
        let name = claims.preferred_username().map(|name| name.as_str().to_owned());
        Ok(Person {
            issuer: claims.issuer().as_str().to_owned(),
            subject: claims.subject().as_str().to_owned(),
            email: claims.email().map(|email| email.as_str().to_owned()),
            email_is_verified: claims.email_verified().unwrap_or(false),
            name: name.or_else(|| claims.name().and_then(|name| name.get(None)).map(|name| name.as_str().to_owned())),
        })
    }

    async fn metadata(&self, anew: bool) -> Result<CoreProviderMetadata> {
        let mut known = self.0.known.lock().await;
        let now = self.0.clock.ticks();
        if let Some((metadata, read_at)) = known.as_ref().filter(|_| !anew)
            && now.since(*read_at) < KNOWN_FOR
        {
            return Ok(metadata.clone());
        }
        let net = self.0.net.clone();
        let http = |request| bridge::send(net.clone(), request);
        let metadata = CoreProviderMetadata::discover_async(self.0.issuer.clone(), &http).await.map_err(refused)?;
        *known = Some((metadata.clone(), now));
        Ok(metadata)
    }
}

/// The client with what discovery tells.
type KnownClient = CoreClient<
    openidconnect::EndpointSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointMaybeSet,
    openidconnect::EndpointMaybeSet,
>;

fn refused(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::upstream("the other identity provider could not be asked, or its answer does not hold").caused_by(error)
}
