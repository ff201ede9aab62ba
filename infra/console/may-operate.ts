import { isOpenSession } from './sessions';

/** Whether this user may operate: see processes, queue and failed tasks, and act on them. */
export type MayOperate = (userId: string | null) => Promise<boolean>;

/**
 * An operator has logged in by a token of the settings, or is one by the app's own judgment. Every method and
 * publication of the console asks at each call.
 *
 * @param byApp `mayOperate` of `imports/app.ts`.
 */
export function mayOperateBy(byApp: ((userId: string) => boolean | Promise<boolean>) | undefined): MayOperate {
  return async userId =>
    userId !== null && ((await isOpenSession(userId)) || (byApp !== undefined && (await byApp(userId)) === true));
}
