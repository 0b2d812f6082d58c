/** The languages of the console. English is what a message falls back to. */
export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const;
export type Language = keyof typeof LANGUAGES;

/** ICU messages of one part of the console, in every language. A message that one language lacks does not compile. */
export function define<K extends string>(messages: Record<Language, Record<K, string>> & { en: Record<K, string> }) {
  return messages;
}
