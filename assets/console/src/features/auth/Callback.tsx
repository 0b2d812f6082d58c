import { Loader } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { finish } from '~/shared/api/oidc';
import { session } from '~/shared/api/session';
import { useT } from '~/shared/i18n';

/** Where the sign-in page sends the browser back to: trades the code for tokens, once. */
export function Callback() {
  const t = useT();
  const go = useNavigate();
  const [query] = useSearchParams();
  const hasBegun = useRef(false);
  useEffect(() => {
    if (hasBegun.current) return;
    hasBegun.current = true;
    void finish(query).then(({ returnTo, problem }) => {
      session.nobody();
      const words = problem === 'state' ? t('auth.state') : problem === 'network' ? t('error.network') : problem;
      return go(returnTo, { replace: true, state: words ? { problem: words } : null });
    });
  }, [go, query, t]);
  return <Loader m="xl" aria-label={t('common.loading')} />;
}
