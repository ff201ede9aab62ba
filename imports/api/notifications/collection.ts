import { Mongo } from 'meteor/mongo';
import { collections, type Notification } from '../../tasks/documents';

export const Notifications = new Mongo.Collection<Notification>(collections.notifications);
