import { clip } from '../../errors/plain-error';
import type { ErrorGroup, ErrorState, ListedErrorGroup } from '../../queue';
import { type AnyQueue, textIn, view } from './view';

const onePage = 50;
const longestShown = 500;

/** The groups of errors, those that were seen last first. */
export const errorsView = (queue: AnyQueue) =>
  view({
    parse: params => {
      const [state, type, after] = ['state', 'type', 'after'].map(name => textIn(params, name));
      return { state, type, after };
    },
    look: async ({ state, type, after }) => {
      const { groups, next } = await queue.errors.list({
        limit: onePage,
        ...(state !== undefined && { states: [state as ErrorState] }),
        ...(type !== undefined && { taskType: type }),
        ...(after !== undefined && { after: positionOf(after) }),
      });
      return { rows: groups.map(shown), ...(next && { next: `${next.lastAt.getTime()} ${next._id}` }) };
    },
  });

const shown = (group: ListedErrorGroup): ListedErrorGroup => ({ ...group, message: clip(group.message, longestShown) });

function positionOf(text: string) {
  const [, at, _id] = /^(\d+) (.+)$/.exec(text) ?? [];
  if (at === undefined || _id === undefined) throw new TypeError(`after: "${text}" is no place in the list`);
  return { lastAt: new Date(Number(at)), _id };
}

/** One group, with its stack. */
export const errorView = (queue: AnyQueue) =>
  view({
    parse: params => ({ id: textIn(params, 'id') ?? '' }),
    look: async ({ id }): Promise<{ group?: ErrorGroup }> => {
      const group = await queue.errors.read(id);
      return group ? { group } : {};
    },
  });
