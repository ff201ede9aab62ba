import { Notifications } from './notifications/collection';
import { Pictures } from './pictures/collection';
import { Reports } from './reports/collection';
import { ensureTaskIndex } from './tasks/collection';

const day = 24 * 60 * 60;

/** The indexes that the publications and the digest read by; notifications go after a day. */
export async function ensureIndexes(): Promise<void> {
  await Promise.all([
    Reports.createIndexAsync({ owner: 1, createdAt: -1 }),
    Reports.createIndexAsync({ createdAt: -1 }),
    Pictures.createIndexAsync({ owner: 1, createdAt: -1 }),
    Pictures.createIndexAsync({ createdAt: -1 }),
    Notifications.createIndexAsync({ createdAt: -1 }, { expireAfterSeconds: day }),
    Notifications.createIndexAsync({ until: -1 }),
    ensureTaskIndex(),
  ]);
}
