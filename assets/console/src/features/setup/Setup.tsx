import { Box, Paper, Stack, Stepper, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { useState } from 'react';
import type { Schemas } from '~/shared/api/client';
import { useSession } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { BotStep } from './BotStep';
import { CallStep } from './CallStep';
import { NumberStep } from './NumberStep';
import { OwnerStep } from './OwnerStep';
import { TrunkStep } from './TrunkStep';

const STEPS = ['owner', 'trunk', 'bot', 'number', 'call'] as const;

/** From a fresh box to its first call. Whoever is signed in begins after the first step; each step is done when it is left. */
export default function Setup() {
  const t = useT();
  useDocumentTitle(`${t('setup.title')} · cxbox`);
  const isIn = useSession().kind === 'in';
  const [step, setStep] = useState(isIn ? 1 : 0);
  const [bot, setBot] = useState<Schemas['BotView'] | null>(null);
  const [number, setNumber] = useState<Schemas['NumberView'] | null>(null);
  const next = () => setStep((n) => n + 1);
  return (
    <Box component="main" maw={760} mx="auto" p="md" py="xl">
      <Stack gap="lg">
        <Stack align="center" gap="xs">
          <img src="/favicon.svg" width={44} height={44} alt="" />
          <Title order={1} size="h2">
            {t('setup.title')}
          </Title>
        </Stack>
        <Stepper active={step} size="sm" allowNextStepsSelect={false}>
          {STEPS.map((name) => (
            <Stepper.Step key={name} label={t(`setup.step.${name}`)} allowStepSelect={false} />
          ))}
        </Stepper>
        <Paper withBorder radius="lg" p="xl">
          {step === 0 && <OwnerStep onDone={next} />}
          {step === 1 && <TrunkStep onDone={next} />}
          {step === 2 && (
            <BotStep
              onDone={(made) => {
                setBot(made);
                next();
              }}
            />
          )}
          {step === 3 && bot && (
            <NumberStep
              bot={bot}
              onDone={(made) => {
                setNumber(made);
                next();
              }}
            />
          )}
          {step === 4 && number && <CallStep number={number} />}
        </Paper>
      </Stack>
    </Box>
  );
}
