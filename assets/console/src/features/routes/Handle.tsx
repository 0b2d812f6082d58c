import { ActionIcon } from '@mantine/core';
import { useLayoutEffect, useRef, type KeyboardEvent, type PointerEvent } from 'react';
import { useT } from '~/shared/i18n';
import { IconGripVertical } from '~/shared/ui/icons';
import type { Arranging } from './arrange';

const STEPS: Record<string, number> = { ArrowUp: -1, ArrowDown: 1, Home: -Infinity, End: Infinity };

/** What one takes a row by: with a pointer or a finger it is dragged, with arrow keys it goes up and down. */
export function Handle({ n, name, isFollowed, arranging }: { n: number; name: string; isFollowed: boolean; arranging: Arranging }) {
  const t = useT();
  const own = useRef<HTMLButtonElement>(null);
  // The row moves in the document, which takes the focus from it.
  useLayoutEffect(() => {
    if (isFollowed) own.current?.focus();
  }, [isFollowed, n]);
  const key = (event: KeyboardEvent<HTMLButtonElement>) => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    arranging.move(n, n + step);
  };
  const down = (event: PointerEvent<HTMLButtonElement>) => {
    if (event.button === 0) arranging.grab(n);
  };
  return (
    <ActionIcon
      ref={own}
      variant="subtle"
      color="gray"
      className="grip"
      aria-label={t('routes.move', { name })}
      title={t('routes.move.more')}
      onKeyDown={key}
      onPointerDown={down}
      onBlur={arranging.unfollow}
    >
      <IconGripVertical size={16} />
    </ActionIcon>
  );
}
