import { define } from '~/shared/i18n/messages';

export const promptsMessages = define({
  en: {
    'prompts.title': 'Prompts',
    'prompts.about': 'Instructions stored by name. A call that names one uses what it says at that moment.',
    'prompts.new': 'New prompt',
    'prompts.empty': 'No prompt yet',
    'prompts.empty.more': 'Write one, and name it as systemPrompt of a call.',
    'prompts.slug': 'Name',
    'prompts.slug.more': 'Small letters, digits and hyphens, such as appointment-reminder',
    'prompts.bytes': 'Length',
    'prompts.updated': 'Changed',
    'prompts.text': 'What it says',
  },
  de: {
    'prompts.title': 'Prompts',
    'prompts.about': 'Anweisungen unter einem Namen. Ein Anruf, der einen nennt, benutzt, was dann darin steht.',
    'prompts.new': 'Neuer Prompt',
    'prompts.empty': 'Noch kein Prompt',
    'prompts.empty.more': 'Schreiben Sie einen und nennen Sie ihn als systemPrompt eines Anrufs.',
    'prompts.slug': 'Name',
    'prompts.slug.more': 'Kleinbuchstaben, Ziffern und Bindestriche, etwa termin-erinnerung',
    'prompts.bytes': 'Länge',
    'prompts.updated': 'Geändert',
    'prompts.text': 'Was er sagt',
  },
});
