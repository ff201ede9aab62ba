import { Mongo } from 'meteor/mongo';
import { type Notification, notificationsCollection } from '../../tasks/notifications/documents';

export const Notifications = new Mongo.Collection<Notification>(notificationsCollection);
