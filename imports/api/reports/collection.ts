import { Mongo } from 'meteor/mongo';
import { collections, type Report } from '../../tasks/documents';

export const Reports = new Mongo.Collection<Report>(collections.reports);
