import { IntlMessageFormat } from 'intl-messageformat';
import { createContext, use, useEffect, useMemo, useState, type ReactNode } from 'react';
import { LANGUAGES, type Language } from './messages';

export { LANGUAGES, type Language } from './messages';

export type Values = Record<string, string | number | Date>;
export type Translate = (key: string, values?: Values) => string;
type Catalogue = Record<Language, Record<string, string>>;

interface I18n {
  language: Language;
  setLanguage: (language: Language) => void;
  t: Translate;
}

const KEY = 'cxbox-language';
const Context = createContext<I18n | null>(null);

function stored(): Language {
  const wanted = document.documentElement.lang;
  return wanted in LANGUAGES ? (wanted as Language) : 'en';
}

/** Formats messages of one language; each is compiled once. A key nobody defined is shown as it is, and a test looks for that. */
function translator(language: Language, messages: Catalogue): Translate {
  const compiled = new Map<string, IntlMessageFormat>();
  return (key, values) => {
    const text = messages[language][key] ?? messages.en[key];
    if (text === undefined) return key;
    if (!values && !text.includes('{')) return text;
    let format = compiled.get(key);
    if (!format) {
      format = new IntlMessageFormat(text, language, undefined, { ignoreTag: true });
      compiled.set(key, format);
    }
    return String(format.format(values));
  };
}

export function I18nProvider({ messages, children }: { messages: Catalogue; children: ReactNode }) {
  const [language, setLanguage] = useState(stored);
  useEffect(() => {
    document.documentElement.lang = language;
    window.localStorage.setItem(KEY, language);
  }, [language]);
  const value = useMemo(() => ({ language, setLanguage, t: translator(language, messages) }), [language, messages]);
  return <Context value={value}>{children}</Context>;
}

export function useI18n(): I18n {
  const value = use(Context);
  if (!value) throw new Error('I18nProvider is missing');
  return value;
}

/** The function that gives a message in the reader's language. */
export function useT(): Translate {
  return useI18n().t;
}
