import { Alert, Anchor, Button, Loader, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { Link, useLocation } from 'react-router';
import { authorizeUrl, begin, mayAskQuietly } from '~/shared/api/oidc';
import { session } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { Card } from './Card';
import { PasswordForm } from './PasswordForm';

/** Stands wherever somebody who is not signed in arrives; afterwards they are where they wanted to go. */
export function SignIn() {
  const t = useT();
  const location = useLocation();
  // Where the reader first arrived: what the address becomes later does not matter.
  const [here] = useState(location.pathname + location.search);
  const problem = (location.state as { problem?: string } | null)?.problem;
  const [url, setUrl] = useState<string | null | undefined>(undefined);
  useEffect(() => {
    let isGone = false;
    void authorizeUrl().then((found) => {
      if (isGone) return undefined;
      if (found && mayAskQuietly()) return begin(found, here, true);
      session.nobody();
      setUrl(found);
      return undefined;
    });
    return () => {
      isGone = true;
    };
  }, [here]);
  if (url === undefined) return <Loader m="xl" aria-label={t('common.loading')} />;
  return (
    <Card title={t('auth.title')}>
      {problem && (
        <Alert color="red" role="alert">
          {problem}
        </Alert>
      )}
      {url === null ? (
        <PasswordForm />
      ) : (
        <Button onClick={() => void begin(url, here, false)} data-autofocus>
          {t('auth.signIn')}
        </Button>
      )}
      <Text size="sm" ta="center">
        {t('auth.first')}{' '}
        <Anchor component={Link} to="/setup" underline="always">
          {t('auth.setUp')}
        </Anchor>
      </Text>
    </Card>
  );
}
