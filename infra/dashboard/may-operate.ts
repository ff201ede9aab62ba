import { isOpenSession } from './sessions';

/**
 * Whether this user may operate: see processes, queue and failed tasks, and act on them. Every method and publication
 * of the console asks here, at each call. An app with `accounts` replaces this one function by its own check:
 *
 *     export const mayOperate = async (userId: string | null) =>
 *       userId !== null && (await Meteor.users.findOneAsync({ _id: userId, isOperator: true })) !== undefined;
 */
export const mayOperate = (userId: string | null): Promise<boolean> => isOpenSession(userId);
