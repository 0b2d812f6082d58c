import { ActionIcon, Button, Group, Menu, Modal, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useLocalStorage } from '@mantine/hooks';
import { useState } from 'react';
import { useSearchParams } from 'react-router';
import { useMe } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { IconBookmark, IconPlus, IconTrash } from '~/shared/ui/icons';

interface View {
  name: string;
  search: string;
}

/** Sets of filters by name. They are kept in this browser, for each person apart; the address itself can be passed on to others. */
export function SavedViews({ isFiltered }: { isFiltered: boolean }) {
  const t = useT();
  const me = useMe();
  const [params, setParams] = useSearchParams();
  const [isNaming, setNaming] = useState(false);
  const [views, setViews] = useLocalStorage<View[]>({ key: `cxbox-views-calls-${me.id}`, defaultValue: [], getInitialValueInEffect: false });
  const form = useForm({ mode: 'uncontrolled', initialValues: { name: '' } });
  const add = form.onSubmit(({ name }) => {
    const own = new URLSearchParams(params);
    own.delete('offset');
    const view = { name: name.trim() || own.toString(), search: own.toString() };
    setViews([...views.filter((other) => other.name !== view.name), view]);
    form.reset();
    setNaming(false);
  });
  return (
    <>
      <Menu position="bottom-end" width={280}>
        <Menu.Target>
          <Button variant="default" leftSection={<IconBookmark size={16} />}>
            {t('calls.views')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {views.length === 0 && <Menu.Label>{t('calls.views.empty')}</Menu.Label>}
          {views.map((view) => (
            <Group key={view.name} gap={0} wrap="nowrap">
              <Menu.Item flex={1} className="words" onClick={() => setParams(new URLSearchParams(view.search))}>
                {view.name}
              </Menu.Item>
              <ActionIcon
                variant="subtle"
                color="red"
                mr={6}
                aria-label={t('calls.views.remove', { name: view.name })}
                onClick={() => setViews(views.filter((other) => other !== view))}
              >
                <IconTrash size={14} />
              </ActionIcon>
            </Group>
          ))}
          <Menu.Divider />
          <Menu.Item leftSection={<IconPlus size={16} />} disabled={!isFiltered} onClick={() => setNaming(true)}>
            {t('calls.views.add')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={isNaming} onClose={() => setNaming(false)} title={t('calls.views.add')} closeButtonProps={{ 'aria-label': t('common.close') }}>
        <form onSubmit={add}>
          <TextInput label={t('calls.views.name')} data-autofocus maxLength={80} key={form.key('name')} {...form.getInputProps('name')} />
          <Group justify="flex-end" mt="md">
            <Button type="submit">{t('common.save')}</Button>
          </Group>
        </form>
      </Modal>
    </>
  );
}
