import type { Schemas } from '~/shared/api/client';
import type { BotBody } from '~/shared/bots/templates';

/** The body of a bot, without what the server adds when it is read. */
export function bodyOf(view: Schemas['BotView']): BotBody {
  const { id: _i, version: _v, has_draft: _d, created_at: _c, created_by: _b, updated_at: _u, ...body } = view;
  return body;
}
