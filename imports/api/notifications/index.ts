import type { ApiPart } from '../part';
import { Notifications } from './collection';
import { publishNotifications } from './publications';

const day = 24 * 60 * 60;

export const notifications: ApiPart = {
  limits: {},
  publications: ['notifications.latest', 'notifications.due'],
  async ensureIndexes() {
    await Notifications.createIndexAsync({ createdAt: -1 }, { expireAfterSeconds: day });
    await Notifications.createIndexAsync({ until: -1 });
  },
  async start() {
    publishNotifications();
  },
};
