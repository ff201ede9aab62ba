/** What happened in a while, told to everybody: counts only, nobody's data. The task that wrote it has the same `_id`. */
export interface Notification {
  _id: string;
  createdAt: Date;
  title: string;
  text: string;
  /** The span that it tells of. */
  since: Date;
  until: Date;
}

/** The name of the collection. */
export const notificationsCollection = 'notifications';
