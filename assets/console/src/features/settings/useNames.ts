import { useT } from '~/shared/i18n';

/** Words for sections and keys. What the console has no words for is shown by its own name, made readable. */
export function useNames() {
  const t = useT();
  const or = (key: string, other: string) => (t(key) === key ? other : t(key));
  const plain = (name: string) => name.charAt(0).toUpperCase() + name.slice(1).replaceAll('_', ' ');
  return {
    section: (name: string) => or(`settings.section.${name}`, plain(name)),
    key: (section: string, name: string) => or(`settings.${section}.${name}`, plain(name)),
    more: (section: string, name: string) => or(`settings.${section}.${name}.more`, ''),
  };
}
