import { Button } from '@mantine/core';
import { useT } from '~/shared/i18n';
import { Confirm } from './Confirm';
import { IconTrash } from './icons';
import { told } from './told';

interface Props {
  name: string;
  onDelete: () => Promise<unknown>;
  isSmall?: boolean;
  /** What else goes with it; "cannot be undone" when absent. */
  more?: string;
}

/** The button that deletes one thing, after a question. */
export function Deletable({ name, onDelete, isSmall, more }: Props) {
  const t = useT();
  const remove = async () => {
    await onDelete();
    told(t('common.deleted'));
  };
  return (
    <Confirm title={t('common.delete.sure', { name })} more={more ?? t('common.delete.why')} verb={t('common.delete')} onYes={remove}>
      {(open) => (
        <Button
          variant="subtle"
          color="red"
          size={isSmall ? 'compact-xs' : 'sm'}
          leftSection={<IconTrash size={14} />}
          onClick={open}
          aria-label={`${t('common.delete')} ${name}`}
        >
          {t('common.delete')}
        </Button>
      )}
    </Confirm>
  );
}
