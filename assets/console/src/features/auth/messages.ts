import { define } from '~/shared/i18n/messages';

export const authMessages = define({
  en: {
    'auth.title': 'Sign in to cxbox',
    'auth.name': 'User name or e-mail',
    'auth.password': 'Password',
    'auth.signIn': 'Sign in',
    'auth.first': 'The first start of this box?',
    'auth.setUp': 'Set it up',
    'auth.state': 'That sign-in was not begun in this tab. Please sign in once more.',
    'auth.expired': 'Your session has ended',
    'auth.expired.more': 'Sign in again as {name}; nothing you typed is lost.',
    'auth.other': 'Leave and sign in as somebody else',
  },
  de: {
    'auth.title': 'Bei cxbox anmelden',
    'auth.name': 'Benutzername oder E-Mail',
    'auth.password': 'Passwort',
    'auth.signIn': 'Anmelden',
    'auth.first': 'Der erste Start dieser Anlage?',
    'auth.setUp': 'Jetzt einrichten',
    'auth.state': 'Diese Anmeldung wurde nicht in diesem Tab begonnen. Bitte melden Sie sich noch einmal an.',
    'auth.expired': 'Ihre Sitzung ist beendet',
    'auth.expired.more': 'Melden Sie sich wieder als {name} an; nichts, was Sie getippt haben, geht verloren.',
    'auth.other': 'Verlassen und als jemand anderes anmelden',
  },
});
