import type { Schemas } from '~/shared/api/client';

export type BotBody = Schemas['BotBody'];
export type TemplateName = 'reception' | 'model';
export const TEMPLATES: TemplateName[] = ['reception', 'model'];

/** The browser's own zone, which is most likely that of the box. */
const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

/** A bot to begin with. The reception hears, decides and speaks on this box alone. */
export function template(name: TemplateName): BotBody {
  const both: BotBody = {
    name: '',
    status: 'active',
    language: 'en-US',
    timezone: zone(),
    stt: { provider: 'pocketsphinx' },
    tts: { provider: 'flite', voice: 'slt' },
    recording_mode: 'announce',
    max_call_duration_seconds: 600,
  };
  if (name === 'model') {
    return {
      ...both,
      status: 'draft',
      name: 'Assistant',
      opening_message: 'How can I help you?',
      system_prompt: 'You answer the telephone of a small company. Answer in one or two short sentences. Offer a person when you cannot help.',
      llm: { provider: 'openai', base_url: 'http://127.0.0.1:11434/v1', model: '' },
    };
  }
  return {
    ...both,
    name: 'Front desk',
    opening_message: 'Welcome. How can I help you?',
    llm: { provider: 'flow' },
    flow: {
      intents: [
        {
          id: 'opening_hours',
          phrases: ['what are your opening hours', 'opening hours', 'when are you open', 'are you open today'],
          digits: '1',
          reply: 'We are open from nine to five, Monday to Friday.',
        },
        { id: 'address', phrases: ['where are you', 'what is your address', 'how do i find you'], digits: '2', reply: 'You find us at one Main Street.' },
        {
          id: 'goodbye',
          phrases: ['goodbye', 'good bye', 'thank you goodbye', 'that is all'],
          digits: '9',
          reply: 'Thank you for calling. Goodbye.',
          tool: { name: 'end_call' },
        },
      ],
      fallback: 'I can tell you our opening hours and our address. What would you like?',
    },
  };
}
